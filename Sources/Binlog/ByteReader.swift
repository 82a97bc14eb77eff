/// Reads little-endian numbers and texts out of an event, and never beyond its end.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var index: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - index }

    mutating func skip(_ count: Int) throws(BinlogError) { _ = try take(count) }

    mutating func take(_ count: Int) throws(BinlogError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .malformed("an event ends too early") }
        defer { index += count }
        return bytes[index..<index + count]
    }

    mutating func rest() -> ArraySlice<UInt8> {
        defer { index = bytes.endIndex }
        return bytes[index...]
    }

    /// Of up to eight bytes.
    mutating func integer(_ width: Int) throws(BinlogError) -> UInt64 {
        try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func uint8() throws(BinlogError) -> UInt8 { UInt8(truncatingIfNeeded: try integer(1)) }
    mutating func uint16() throws(BinlogError) -> UInt16 { UInt16(truncatingIfNeeded: try integer(2)) }
    mutating func uint32() throws(BinlogError) -> UInt32 { UInt32(truncatingIfNeeded: try integer(4)) }
    mutating func uint64() throws(BinlogError) -> UInt64 { try integer(8) }

    /// So many bytes and a zero, as names are in events.
    mutating func name(_ count: Int) throws(BinlogError) -> String {
        let bytes = try take(count)
        guard try uint8() == 0 else { throw .malformed("a name has no end") }
        return try Self.text(bytes)
    }

    /// Names of databases and tables are UTF-8 in the log.
    static func text(_ bytes: ArraySlice<UInt8>) throws(BinlogError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed("a name is not UTF-8") }
        return text
    }
}
