@testable import Binlog

/// Events as servers make them, from their parts.
struct Events {
    var serverID: UInt32 = 7
    var hasChecksums = true
    private(set) var position: UInt32 = 4

    static func little(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    mutating func event(_ type: UInt8, _ body: [UInt8], flags: UInt16 = 0, at time: UInt32 = 1_700_000_000) -> [UInt8] {
        let checksummed = hasChecksums || type == EventType.formatDescription
        let size = 19 + body.count + (checksummed ? 4 : 0)
        position += UInt32(size)
        var bytes = Self.little(UInt64(time), 4) + [type] + Self.little(UInt64(serverID), 4)
        bytes += Self.little(UInt64(size), 4) + Self.little(UInt64(position), 4) + Self.little(UInt64(flags), 2) + body
        guard checksummed else { return bytes }
        return bytes + Self.little(UInt64(CRC32.checksum(bytes)), 4)
    }

    mutating func formatDescription(version: String = "8.0.36") -> [UInt8] {
        var body = Self.little(4, 2) + Array(version.utf8) + [UInt8](repeating: 0, count: 50 - version.utf8.count)
        var lengths = [UInt8](repeating: 0, count: 42)
        lengths[Int(EventType.query) - 1] = 13
        lengths[Int(EventType.tableMap) - 1] = 8
        body += Self.little(0, 4) + [19] + lengths + [hasChecksums ? 1 : 0]
        return event(EventType.formatDescription, body)
    }

    mutating func mysqlGTID(_ number: UInt64, source: UInt8 = 0xAB, committedAt: UInt64? = nil) -> [UInt8] {
        var body = [UInt8(1)] + [UInt8](repeating: source, count: 16) + Self.little(number, 8)
        body += [2] + Self.little(0, 16)
        if let committedAt { body += Self.little(committedAt, 7) }
        return event(EventType.gtid, body)
    }

    mutating func mariadbGTID(_ sequence: UInt64, domain: UInt32 = 0, isStandalone: Bool = false) -> [UInt8] {
        event(
            EventType.mariadbGTID,
            Self.little(sequence, 8) + Self.little(UInt64(domain), 4) + [isStandalone ? 1 : 0] + Self.little(0, 6))
    }

    mutating func query(_ text: String, database: String = "shop", variables: [UInt8] = []) -> [UInt8] {
        var body = Self.little(5, 4) + Self.little(0, 4) + [UInt8(database.utf8.count)] + Self.little(0, 2)
        body += Self.little(UInt64(variables.count), 2) + variables + Array(database.utf8) + [0] + Array(text.utf8)
        return event(EventType.query, body)
    }

    mutating func tableMap(_ database: String, _ table: String, id: UInt64 = 108) -> [UInt8] {
        event(
            EventType.tableMap,
            Self.little(id, 6) + [1, 0, UInt8(database.utf8.count)] + Array(database.utf8) + [0]
                + [UInt8(table.utf8.count)] + Array(table.utf8) + [0, 0])
    }

    mutating func writeRows(id: UInt64 = 108, endsStatement: Bool = true) -> [UInt8] {
        event(EventType.writeRows, Self.little(id, 6) + [endsStatement ? 1 : 0, 0, 2, 0, 1, 1, 0])
    }

    mutating func xid(at time: UInt32 = 1_700_000_000) -> [UInt8] { event(EventType.xid, Self.little(9, 8), at: time) }
}
