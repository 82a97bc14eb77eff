extension BinlogFile {
    /// All events of a binary log that is in memory, in order.
    package struct Events: Sendable {
        private let bytes: [UInt8]
        private var position: Int
        package private(set) var parser = BinlogParser()

        /// - Throws: `malformed` for bytes that do not begin as a log does.
        package init(_ bytes: [UInt8]) throws(BinlogError) {
            guard bytes.starts(with: BinlogFile.magic) else { throw .malformed("it does not begin as one") }
            self.bytes = bytes
            position = BinlogFile.magic.count
        }

        /// - Returns: Nil behind the last one.
        /// - Throws: What the parser throws; `malformed` for a log that ends within an event.
        package mutating func next() throws(BinlogError) -> BinlogEvent? {
            guard position < bytes.count else { return nil }
            let size = try BinlogParser.size(ofEvent: bytes[position...].prefix(BinlogEvent.Header.byteCount))
            guard size <= bytes.count - position else { throw .malformed("it ends within an event") }
            defer { position += size }
            return try parser.parse(Array(bytes[position..<position + size]))
        }
    }
}
