package import RecoveryCore

/// What a session is set to before it dumps or loads, so that nothing depends on how the server is configured.
package enum SessionSettings: Sendable, CaseIterable {
    case dump
    case load

    /// The statements, in order.
    package func statements(for server: DatabaseServer) -> [String] {
        // No limit on the time of a statement. MySQL's holds for SELECT alone and is in milliseconds; MariaDB's holds
        // for all statements and is in seconds.
        let noLimit = server.family == .mariadb ? "max_statement_time" : "max_execution_time"
        let common = [
            "SET NAMES utf8mb4",
            "SET SESSION time_zone = '+00:00'",
            "SET SESSION net_write_timeout = 1800, net_read_timeout = 1800, wait_timeout = 28800",
            "SET SESSION \(noLimit) = 0",
        ]
        switch self {
        case .dump:
            // A consistent snapshot exists only at this level of isolation.
            return common + [
                "SET SESSION sql_mode = ''", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            ]
        case .load:
            // Rows that a CHECK would refuse, and dates such as 31 February, are data that was there.
            return common + [
                "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
                "SET SESSION foreign_key_checks = 0, unique_checks = 0",
            ] + (server.family == .mariadb ? ["SET SESSION check_constraint_checks = 0"] : [])
        }
    }
}
