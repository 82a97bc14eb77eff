extension BinlogParser {
    func content(_ event: BinlogEvent) throws(BinlogError) -> BinlogEvent.Content {
        var reader = ByteReader(event.body)
        switch event.header.type {
        case EventType.rotate:
            let position = try reader.uint64()
            return .rotate(file: try ByteReader.text(reader.rest()), position: position)
        case EventType.gtid: return .gtid(try Self.mysqlGTID(&reader))
        case EventType.mariadbGTID: return .gtid(try Self.mariadbGTID(&reader, event.header))
        case EventType.anonymousGTID: return .anonymousGTID
        case EventType.gtidTagged: throw .unsupported("GTIDs with tags")
        case EventType.stop, EventType.previousGTIDs, EventType.mariadbGTIDList, EventType.binlogCheckpoint,
            EventType.heartbeat, EventType.heartbeatV2:
            return .administrative
        // A server decrypts what it sends.
        case EventType.startEncryption: throw .unsupported("encrypted events")
        case EventType.query: return .query(try Self.query(&reader))
        case EventType.queryCompressed: return .compressedQuery
        case EventType.xid: return .xid
        case EventType.xaPrepare: return .xaPrepare
        case EventType.tableMap: return try tableMap(&reader)
        case EventType.writeRowsV1, EventType.updateRowsV1, EventType.deleteRowsV1, EventType.writeRows,
            EventType.updateRows, EventType.deleteRows, EventType.partialUpdateRows, EventType.compressedRows:
            return try rows(&reader, event.header.type)
        case EventType.intVar: return .intVar(kind: try reader.uint8(), value: try reader.uint64())
        case EventType.rand: return .rand(try reader.uint64(), try reader.uint64())
        case EventType.userVar: return .userVariable(try Self.userVariable(&reader))
        case EventType.rowsQuery, EventType.annotateRows: return .annotation
        case EventType.transactionPayload: return .transactionPayload
        case EventType.incident: return .incident
        default: return .other
        }
    }

    /// u8 flags, 16 bytes source, i64 number; since 5.7 u8 2 and two i64 for parallel replicas; since 8.0 the time of the
    /// commit in 7 bytes, whose highest bit says that the time at the origin follows: `Gtid_event` in
    /// libs/mysql/binlog/event/control_events.h.
    private static func mysqlGTID(_ reader: inout ByteReader) throws(BinlogError) -> BinlogEvent.GTIDStart {
        try reader.skip(1)
        let source = Array(try reader.take(16))
        guard let number = Int64(exactly: try reader.uint64()), number > 0 else {
            throw .malformed("a GTID has no number")
        }
        let gtid = GTID.mysql(MySQLGTID(source: MySQLGTID.text(ofSource: source), number: number))
        var start = BinlogEvent.GTIDStart(gtid: gtid, isStandalone: false, committedAt: nil)
        guard reader.remaining >= 17 + 7 else { return start }
        guard try reader.uint8() == 2 else { return start }
        try reader.skip(16)
        start.committedAt = Int64(try reader.integer(7) & (1 << 55 - 1))
        return start
    }

    /// u64 number, u32 domain, u8 flags, of which the lowest says that no COMMIT follows: `Gtid_log_event` in MariaDB's
    /// sql/log_event.h. The server is that of the header.
    private static func mariadbGTID(
        _ reader: inout ByteReader, _ header: BinlogEvent.Header
    ) throws(BinlogError) -> BinlogEvent.GTIDStart {
        let sequence = try reader.uint64()
        let domain = try reader.uint32()
        let flags = try reader.uint8()
        return BinlogEvent.GTIDStart(
            gtid: .mariadb(MariaDBGTID(domain: domain, server: header.serverID, sequence: sequence)),
            isStandalone: flags & 1 != 0, committedAt: nil)
    }

    /// u32 thread, u32 seconds, u8 length of the database's name, u16 error, u16 length of the status variables.
    private static func query(_ reader: inout ByteReader) throws(BinlogError) -> BinlogEvent.Query {
        let thread = try reader.uint32()
        try reader.skip(4)
        let nameLength = Int(try reader.uint8())
        let errorCode = try reader.uint16()
        let variables = Array(try reader.take(Int(try reader.uint16())))
        let database = try reader.name(nameLength)
        return BinlogEvent.Query(
            thread: thread, errorCode: errorCode, database: database, statusVariables: variables,
            statement: Array(reader.rest()))
    }

    /// Six bytes of id, u16 flags, and two names with their lengths before them and a zero behind.
    private func tableMap(_ reader: inout ByteReader) throws(BinlogError) -> BinlogEvent.Content {
        guard postHeader(of: EventType.tableMap) == 8 else { throw .unsupported("table maps of an old form") }
        let id = try reader.integer(6)
        try reader.skip(2)
        let database = try reader.name(Int(try reader.uint8()))
        return .tableMap(id: id, database: database, table: try reader.name(Int(try reader.uint8())))
    }

    /// Six bytes of the table's id, u16 flags, of which the lowest is STMT_END_F.
    private func rows(_ reader: inout ByteReader, _ type: UInt8) throws(BinlogError) -> BinlogEvent.Content {
        let kind: BinlogEvent.RowsKind =
            switch type {
            case EventType.writeRows, EventType.writeRowsV1, 166, 169: .write
            case EventType.deleteRows, EventType.deleteRowsV1, 168, 171: .delete
            default: .update
            }
        let id = try reader.integer(6)
        let flags = try reader.uint16()
        return .rows(
            kind, table: id, endsStatement: flags & 1 != 0, isCompressed: EventType.compressedRows.contains(type))
    }

    /// u32 length and name, u8 NULL; otherwise u8 type, u32 collation, u32 length and value, and u8 flags, of which the
    /// lowest means unsigned: `User_var_event`.
    private static func userVariable(_ reader: inout ByteReader) throws(BinlogError) -> BinlogEvent.UserVariable {
        let name = Array(try reader.take(Int(try reader.uint32())))
        guard try reader.uint8() == 0 else { return BinlogEvent.UserVariable(name: name, value: nil) }
        let type = try reader.uint8()
        let collation = try reader.uint32()
        let bytes = Array(try reader.take(Int(try reader.uint32())))
        let flags = reader.remaining > 0 ? try reader.uint8() : 0
        return BinlogEvent.UserVariable(
            name: name,
            value: .init(type: type, collation: collation, bytes: bytes, isUnsigned: flags & 1 != 0))
    }
}
