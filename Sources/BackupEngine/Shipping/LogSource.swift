package import Binlog
package import MySQLClient
package import RecoveryCore

/// What a server says of its binary log before it is asked for it.
package struct LogSource: Sendable {
    package var server: DatabaseServer
    /// `server_uuid` of MySQL, `server_id` of MariaDB.
    package var identity: String
    package var executed: GTIDState
    /// Nil of MariaDB, which does not say.
    package var purged: GTIDState?
    /// How far the server's clock is ahead of this machine's, in microseconds.
    package var clockOffset: Int64
    /// What is worth a look.
    package var warnings: [String] = []

    /// - Throws: `ShippingError.refused`, `MySQLError`, `CancellationError`.
    package static func read(over connection: MySQLConnection) async throws -> LogSource {
        let server = await connection.server
        guard try await connection.query("SELECT @@GLOBAL.log_bin").text() == "1" else {
            throw ShippingError.refused(
                reason: "the server writes no binary log", hint: "set log_bin in its configuration and restart it")
        }
        let source: LogSource
        switch server.family {
        case .mysql:
            let row = try await connection.query(
                """
                SELECT @@GLOBAL.gtid_mode, @@GLOBAL.server_uuid, @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged,
                CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)
                """)
            guard row.text(0, 0) == "ON" else {
                throw ShippingError.refused(
                    reason: "the server names no transactions: gtid_mode is \(row.text(0, 0) ?? "unknown")",
                    hint: """
                        SET GLOBAL enforce_gtid_consistency = ON; then SET PERSIST gtid_mode = OFF_PERMISSIVE, \
                        ON_PERMISSIVE and ON, one after the other
                        """)
            }
            source = LogSource(
                server: server, identity: row.text(0, 1) ?? "",
                executed: try GTIDState(row.text(0, 2) ?? "", family: .mysql),
                purged: try GTIDState(row.text(0, 3) ?? "", family: .mysql), clockOffset: Self.offset(row.text(0, 4)))
        case .mariadb:
            let row = try await connection.query(
                """
                SELECT @@GLOBAL.server_id, @@GLOBAL.gtid_binlog_pos,
                CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)
                """)
            source = LogSource(
                server: server, identity: row.text(0, 0) ?? "",
                executed: try GTIDState(row.text(0, 1) ?? "", family: .mariadb), purged: nil,
                clockOffset: Self.offset(row.text(0, 2)))
        }
        var result = source
        result.warnings = try await warnings(over: connection)
        return result
    }

    private static func offset(_ text: String?) -> Int64 {
        (text.flatMap { Int64($0) } ?? ShippingClock.now) - ShippingClock.now
    }

    /// How short the server may keep its log before that is said.
    private static let shortRetention = 3_600.0

    private static func warnings(over connection: MySQLConnection) async throws -> [String] {
        let names = [
            "binlog_format", "binlog_row_image", "binlog_expire_logs_seconds", "expire_logs_days", "log_bin_compress",
        ].map { "'\($0)'" }.joined(separator: ", ")
        let rows = try await connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN (\(names))")
        var values: [String: String] = [:]
        for row in rows.rows.indices { values[rows.text(row, 0)?.lowercased() ?? ""] = rows.text(row, 1) ?? "" }
        var warnings: [String] = []
        if values["binlog_format"] == "STATEMENT" {
            warnings.append("binlog_format is STATEMENT: statements that are not deterministic are replayed otherwise")
        }
        if let image = values["binlog_row_image"], !image.uppercased().hasPrefix("FULL") {
            warnings.append("binlog_row_image is \(image): changed rows are found by their keys alone")
        }
        if values["log_bin_compress"] == "ON" {
            warnings.append("log_bin_compress is ON: compressed events are shipped, and cannot be replayed here")
        }
        if let seconds = values["binlog_expire_logs_seconds"].flatMap({ Double($0) }), seconds > 0,
            seconds < shortRetention
        {
            warnings.append(
                """
                the server keeps its log for \(Int(seconds)) s only (binlog_expire_logs_seconds): an outage of the \
                stores that lasts longer makes a gap
                """)
        }
        return warnings
    }
}
