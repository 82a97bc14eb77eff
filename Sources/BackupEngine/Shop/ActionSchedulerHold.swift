package import MySQLClient
internal import RecoveryCore

/// Keeps the pending jobs of a restored shop from running until somebody releases them: renewals of subscriptions would
/// be charged again, mails would be sent twice.
///
/// Action Scheduler runs what is `pending` and due. Jobs are therefore postponed by a hundred years: they stay pending,
/// so that WooCommerce and its extensions find them and do not schedule them anew, as they would if they were gone.
package struct ActionSchedulerHold: Sendable {
    /// Jobs of one site.
    package struct Held: Sendable, Hashable {
        package var table: String
        package var actions: UInt64

        package init(table: String, actions: UInt64) {
            self.table = table
            self.actions = actions
        }
    }

    private let settings: MySQLSettings

    /// The settings name the database.
    package init(_ settings: MySQLSettings) {
        self.settings = settings
    }

    /// Postpones what is pending; doing it again changes nothing more.
    /// - Returns: What was postponed, in every site of the database; empty when there is no Action Scheduler.
    /// - Throws: `MySQLError`, `CancellationError`.
    package func hold() async throws -> [Held] { try await change(ActionSchedulerSQL.hold) }

    /// Undoes it, to the second.
    package func release() async throws -> [Held] { try await change(ActionSchedulerSQL.release) }

    private func change(_ statement: @Sendable (String) -> String) async throws -> [Held] {
        try await MySQLConnection.with(settings) { connection in
            // It has zero dates, which a strict server refuses.
            for statement in ["SET NAMES utf8mb4", "SET SESSION sql_mode = ''"] {
                _ = try await connection.query(statement)
            }
            let tables = try await connection.query(ActionSchedulerSQL.tables)
            var held: [Held] = []
            for table in tables.rows.indices.compactMap({ tables.text($0, 0) }).sorted() {
                held.append(Held(table: table, actions: try await connection.query(statement(table)).affectedRows))
            }
            return held
        }
    }
}

/// The statements. Actions that are to run at once have a zero date.
enum ActionSchedulerSQL {
    static let tables = """
        SELECT TABLE_NAME FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '%actionscheduler\\_actions'
        AND COLUMN_NAME IN ('status', 'scheduled_date_gmt', 'scheduled_date_local')
        GROUP BY TABLE_NAME HAVING COUNT(*) = 3
        """

    static func hold(_ table: String) -> String {
        update(table, "scheduled_date_gmt < '2100-01-01'") { column in
            "IF(\(column) < '1000-01-01', '9900-01-01', \(column) + INTERVAL 36525 DAY)"
        }
    }

    static func release(_ table: String) -> String {
        update(table, "scheduled_date_gmt >= '2100-01-01'") { column in
            "IF(\(column) >= '9900-01-01', '0000-00-00', \(column) - INTERVAL 36525 DAY)"
        }
    }

    private static func update(_ table: String, _ condition: String, _ date: (String) -> String) -> String {
        let columns = ["scheduled_date_local", "scheduled_date_gmt"].map { "\($0) = \(date($0))" }
        return "UPDATE \(table.sqlIdentifier) SET \(columns.joined(separator: ", "))"
            + " WHERE status = 'pending' AND \(condition)"
    }
}
