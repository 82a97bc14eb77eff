/// What a statement's session was set to: the status variables of a query event, `Q_…_CODE` and their values.
///
/// MySQL: `Query_event` in libs/mysql/binlog/event/statement_events.h; MariaDB: sql/log_event.h.
package struct QueryStatus: Sendable {
    /// `OPTIONS_WRITTEN_TO_BIN_LOG`: bits of the session's options.
    package var flags: UInt32?
    package var sqlMode: UInt64?
    package var autoIncrement: (increment: UInt16, offset: UInt16)?
    /// Numbers of collations: of the client, the connection, the server.
    package var charset: (client: UInt16, connection: UInt16, server: UInt16)?
    package var timeZone: String?
    package var localeNumber: UInt16?
    package var microseconds: UInt32?
    package var explicitDefaultsForTimestamp: Bool?
    package var defaultCollationForUTF8MB4: UInt16?
    package var requiresPrimaryKey: Bool?

    package static let autoIsNull: UInt32 = 1 << 14
    /// MariaDB.
    package static let noCheckConstraintChecks: UInt32 = 1 << 15
    package static let noForeignKeyChecks: UInt32 = 1 << 26
    package static let relaxedUniqueChecks: UInt32 = 1 << 27

    package init() {}

    /// They come in the order of their codes; what follows one that is not known cannot be told apart, and is newer
    /// than this.
    /// - Throws: `malformed`.
    package init(_ bytes: [UInt8]) throws(BinlogError) {
        var reader = ByteReader(bytes[...])
        while reader.remaining > 0 {
            switch try reader.uint8() {
            case 0: flags = try reader.uint32()
            case 1: sqlMode = try reader.uint64()
            case 2: try reader.skip(Int(try reader.uint8()) + 1)
            case 3: autoIncrement = (try reader.uint16(), try reader.uint16())
            case 4: charset = (try reader.uint16(), try reader.uint16(), try reader.uint16())
            case 5: timeZone = try ByteReader.text(try reader.take(Int(try reader.uint8())))
            case 6: try reader.skip(Int(try reader.uint8()))
            case 7: localeNumber = try reader.uint16()
            case 8: try reader.skip(2)
            case 9: try reader.skip(8)
            case 10: try reader.skip(4)
            case 11:
                try reader.skip(Int(try reader.uint8()))
                try reader.skip(Int(try reader.uint8()))
            case 12:
                // 254: too many to be named.
                let count = try reader.uint8()
                guard count != 254 else { continue }
                for _ in 0..<count { while try reader.uint8() != 0 {} }
            // MariaDB's name for it is 128.
            case 13, 128: microseconds = UInt32(try reader.integer(3))
            case 14, 15: return
            case 16: explicitDefaultsForTimestamp = try reader.uint8() != 0
            case 17, 129: try reader.skip(8)
            case 18: defaultCollationForUTF8MB4 = try reader.uint16()
            case 19: requiresPrimaryKey = try reader.uint8() != 0
            case 20: try reader.skip(1)
            default: return
            }
        }
    }
}
