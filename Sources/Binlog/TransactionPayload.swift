/// The events of a whole transaction, compressed: `Transaction_payload_event` in
/// libs/mysql/binlog/event/control_events.h.
package struct TransactionPayload: Sendable, Equatable {
    package enum Compression: Sendable, Equatable { case none, zstd }

    package var compression: Compression
    package var uncompressedBytes: UInt64
    package var bytes: [UInt8]

    /// Fields of a packed type, a packed length and a value, up to type 0; then the payload.
    /// - Throws: `malformed`; `unsupported` for another compression.
    package init(_ event: BinlogEvent) throws(BinlogError) {
        var reader = ByteReader(event.body)
        var (size, kind, plain): (UInt64, UInt64, UInt64) = (0, 255, 0)
        fields: while true {
            let type = try reader.packed()
            if type == 0 { break fields }
            let length = Int(clamping: try reader.packed())
            var value = ByteReader(try reader.take(length))
            switch type {
            case 1: size = try value.packed()
            case 2: kind = try value.packed()
            case 3: plain = try value.packed()
            default: continue
            }
        }
        switch kind {
        case 0: compression = .zstd
        case 255: compression = .none
        default: throw .unsupported("payloads compressed in way \(kind)")
        }
        uncompressedBytes = plain
        bytes = Array(try reader.take(Int(clamping: size)))
    }

    /// The events that a payload becomes.
    ///
    /// - Parameters:
    ///   - bytes: The payload, decompressed.
    ///   - parser: That of the log.
    /// - Returns: The events, in order; without checksums.
    /// - Throws: As the parser.
    package static func events(
        in bytes: [UInt8], _ parser: BinlogParser
    ) throws(BinlogError) -> [BinlogEvent] {
        var parser = parser.withoutChecksums()
        var (events, position): ([BinlogEvent], Int) = ([], 0)
        while position < bytes.count {
            let size = try BinlogParser.size(ofEvent: bytes[position...].prefix(BinlogEvent.Header.byteCount))
            guard size <= bytes.count - position else { throw .malformed("a payload ends within an event") }
            events.append(try parser.parse(Array(bytes[position..<position + size])))
            position += size
        }
        return events
    }
}

extension ByteReader {
    /// One byte up to 250; otherwise 252, 253, 254 and two, three, eight bytes.
    mutating func packed() throws(BinlogError) -> UInt64 {
        switch try uint8() {
        case let byte where byte <= 250: return UInt64(byte)
        case 252: return try integer(2)
        case 253: return try integer(3)
        case 254: return try integer(8)
        default: throw .malformed("a number has no length")
        }
    }
}
