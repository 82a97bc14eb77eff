/// Takes the events of one binary log in their order, from a file or from a server.
///
/// Which events have a checksum is said by the format description, which comes first in a file. A server sends a
/// ROTATE before it; whether that one has a checksum is seen from its last bytes.
package struct BinlogParser: Sendable {
    /// The largest event that a server makes: `MAX_MAX_ALLOWED_PACKET`, and room for a header.
    package static let mostEventBytes = 1 << 30 + 1 << 16

    /// Nil before the first format description.
    var hasChecksums: Bool?
    /// How many bytes the fixed part of each type has, by type; from the format description.
    private var postHeaders: [UInt8] = []

    package init() {}

    /// The size of the event that begins with these bytes.
    /// - Throws: `malformed` for one that cannot be.
    package static func size(ofEvent start: some Collection<UInt8>) throws(BinlogError) -> Int {
        guard start.count >= BinlogEvent.Header.byteCount else { throw .malformed("an event has no header") }
        let size = start.dropFirst(9).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard (BinlogEvent.Header.byteCount...mostEventBytes).contains(size) else {
            throw .malformed("an event has \(size) bytes")
        }
        return size
    }

    /// Takes one whole event.
    package mutating func parse(_ bytes: [UInt8]) throws(BinlogError) -> BinlogEvent {
        guard try Self.size(ofEvent: bytes) == bytes.count else {
            throw .malformed("an event is not as long as it says")
        }
        let header = try Self.header(bytes)
        if header.type == EventType.formatDescription { return try formatDescription(bytes, header) }
        let checksummed = hasChecksums ?? Self.hasChecksum(bytes)
        if checksummed, !Self.hasChecksum(bytes) { throw .checksum(type: header.type) }
        var event = BinlogEvent(header: header, bytes: bytes, checksumBytes: checksummed ? 4 : 0, content: .other)
        event.content = try content(event)
        return event
    }

    private static func header(_ bytes: [UInt8]) throws(BinlogError) -> BinlogEvent.Header {
        var reader = ByteReader(bytes[...])
        return BinlogEvent.Header(
            timestamp: try reader.uint32(), type: try reader.uint8(), serverID: try reader.uint32(),
            size: try reader.uint32(), logPosition: try reader.uint32(), flags: try reader.uint16())
    }

    private static func hasChecksum(_ bytes: [UInt8], clearingFlag: Bool = false) -> Bool {
        guard bytes.count >= BinlogEvent.Header.byteCount + 4 else { return false }
        let found = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard clearingFlag else { return CRC32.checksum(bytes.dropLast(4)) == found }
        // The mark of a file that is being written is set after the checksum was made: LOG_EVENT_BINLOG_IN_USE_F.
        var bytes = bytes
        bytes[17] &= ~1
        return CRC32.checksum(bytes.dropLast(4)) == found
    }

    /// Version 4: u16 version, 50 bytes of server version, u32 created, u8 header length, the post-header lengths, and of
    /// servers that know checksums u8 algorithm and u32 checksum, the latter whatever the algorithm is.
    private mutating func formatDescription(
        _ bytes: [UInt8], _ header: BinlogEvent.Header
    ) throws(BinlogError) -> BinlogEvent {
        var reader = ByteReader(bytes.dropFirst(BinlogEvent.Header.byteCount))
        let version = try reader.uint16()
        guard version == 4 else { throw .unsupported("format \(version)") }
        let text = try reader.take(50).prefix { $0 != 0 }
        try reader.skip(4)
        guard try reader.uint8() == 19 else { throw .malformed("events have headers of another length") }
        let lengths = reader.rest()
        guard lengths.count > 5 + Int(EventType.tableMap) else { throw .unsupported("events of a server before 5.6") }
        guard Self.hasChecksum(bytes, clearingFlag: true) else { throw .checksum(type: header.type) }
        switch lengths[lengths.endIndex - 5] {
        case 0: hasChecksums = false
        case 1: hasChecksums = true
        case let algorithm: throw .unsupported("checksums of kind \(algorithm)")
        }
        postHeaders = Array(lengths.dropLast(5))
        return BinlogEvent(
            header: header, bytes: bytes, checksumBytes: 4,
            content: .formatDescription(version: try ByteReader.text(text)))
    }

    func postHeader(of type: UInt8) -> Int? {
        let index = Int(type) - 1
        return postHeaders.indices.contains(index) ? Int(postHeaders[index]) : nil
    }
}
