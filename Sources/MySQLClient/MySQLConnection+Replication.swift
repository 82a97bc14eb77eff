package import Binlog
internal import CMariaDB
internal import Glibc
internal import RecoveryCore

/// A server's binary log over the replication protocol, as a replica gets it.
extension MySQLConnection {
    /// What came over the connection at once.
    package struct ReplicatedEvents: Sendable {
        /// Each whole, header and checksum included.
        package var events: [[UInt8]]
        /// The server has nothing more and closes the log.
        package var isAtEnd: Bool
    }

    /// Turns the connection into one that gets the log; from then on ``nextEvents()`` is all that can be asked of it.
    ///
    /// MySQL: COM_BINLOG_DUMP_GTID; MariaDB: COM_BINLOG_DUMP after `@slave_connect_state`. Neither registers as a
    /// replica, which is optional.
    ///
    /// - Parameters:
    ///   - state: What is there already; what comes begins with the transactions that are not in it.
    ///   - serverID: That of no other replica: a server drops the older one of two with the same.
    ///   - heartbeat: After so long without an event the server says that there is none.
    /// - Throws: `MySQLError`, `CancellationError`.
    package func beginReplication(after state: GTIDState, serverID: UInt32, heartbeat: Duration) async throws {
        let server = self.server
        let nanoseconds = Int64(heartbeat / .nanoseconds(1))
        var statements = [
            "SET @master_heartbeat_period = \(nanoseconds), @source_heartbeat_period = \(nanoseconds)",
            "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum",
        ]
        switch server.family {
        case .mariadb:
            // 4: it knows GTIDs and every event that there is (MARIA_SLAVE_CAPABILITY_GTID).
            statements += [
                "SET @mariadb_slave_capability = 4", "SET @slave_connect_state = '\(state)'",
                "SET @slave_gtid_strict_mode = 1", "SET @slave_gtid_ignore_duplicates = 0",
            ]
        case .mysql:
            // A dump of the same uuid would be ended for this one.
            let uuid = MySQLGTID.randomSource()
            statements.append("SET @slave_uuid = '\(uuid)', @replica_uuid = '\(uuid)'")
        }
        for statement in statements { _ = try await query(statement) }
        let (command, argument) = Self.dump(after: state, serverID: serverID)
        try await exclusively { handle in
            let sent = argument.withUnsafeBytes { bytes in
                mysql_send_raw_command(
                    handle.mysql, command, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
            guard sent == 0 else { throw handle.lastError() }
        }
    }

    /// The command's number and its argument: `COM_BINLOG_DUMP` in sql/sql_repl.cc of MariaDB, `com_binlog_dump_gtid`
    /// in sql/rpl_source.cc of MySQL.
    private static func dump(after state: GTIDState, serverID: UInt32) -> (Int32, [UInt8]) {
        func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
        switch state {
        case .mysql(let set):
            let data = set.encoded
            // Flags, 4 for "through GTIDs"; server; an empty name of a file; position.
            let head = little(UInt16(4)) + little(serverID) + little(UInt32(0)) + little(UInt64(4))
            return (0x1E, head + little(UInt32(data.count)) + data)
        case .mariadb:
            return (0x12, little(UInt32(4)) + little(UInt16(0)) + little(serverID))
        }
    }

    /// Waits for the next events, or for a heartbeat, which is one too.
    ///
    /// - Throws: `MySQLError`; of a log that the server cannot give, its own with code 1236; `CancellationError`.
    package func nextEvents() async throws -> ReplicatedEvents {
        try await exclusively { handle in
            var batch = ReplicatedEvents(events: [], isAtEnd: false)
            var bytes = 0
            repeat {
                let length = mysql_net_read_packet(handle.mysql)
                // packet_error
                guard length != UInt(UInt32.max) else { throw handle.lastError() }
                guard length > 0, let start = handle.mysql.pointee.net.read_pos else {
                    throw MySQLError(.malformed, message: "the server sent an empty packet")
                }
                let packet = UnsafeBufferPointer(start: start, count: Int(length))
                switch packet[0] {
                case 0: batch.events.append(Array(packet.dropFirst()))
                case 0xFE where length < 9: batch.isAtEnd = true
                default: throw MySQLError(.malformed, message: "the server sent no event")
                }
                bytes += Int(length)
            } while !batch.isAtEnd && bytes < 256 << 10 && Self.hasMore(handle)
            return batch
        }
    }

    /// Whether more has arrived at the socket. What the library holds back itself comes with the next call.
    private static func hasMore(_ handle: ClientHandle) -> Bool {
        var descriptor = pollfd(fd: mysql_get_socket(handle.mysql), events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLIN) != 0
    }
}

extension MySQLGTID {
    fileprivate static func randomSource() -> String {
        text(ofSource: (0..<16).map { _ in UInt8.random(in: 0...255) })
    }
}
