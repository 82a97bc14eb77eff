internal import Foundation
internal import MySQLClient

/// Somebody drops the table of the orders while orders come in.
struct TableDropped {
    private let course: RecoveryCourse
    private var outcome = RecoveryOutcome(fault: 0)

    private static let table = "wp_wc_orders"

    init(_ course: RecoveryCourse) { self.course = course }

    consuming func play() async throws -> RecoveryOutcome {
        try await course.ordersPlaced(5)
        let backup = try await course.step("backup") { try await course.backUp() }
        let shipper = try LogShipper.start(course.stage)
        _ = try await course.step("shipping") { try await shipper.catchUp() }
        try await course.ordersPlaced(20)

        let dropped = try await drop()
        outcome.figures.lagMs = try await course.step("shipping") { try await shipper.catchUp() }
        let found = try await course.step("find") { try await course.statements() }
            .last { $0.statement.uppercased().contains("DROP TABLE") && $0.statement.contains(Self.table) }
        outcome.expect(
            "found", found?.gtid == dropped, "the drop is \(dropped), the log says \(found?.gtid ?? "nothing")")
        guard let found else { return outcome }
        let restored = try await course.step("restore") {
            try await course.restore(["latest", "--before-gtid", found.gtid, "--flip", "--settle", "0s"])
        }
        outcome.figures.restoreMs = restored.durationMs
        outcome.figures.replayed = restored.replayed?.transactions
        outcome.expect("restored", restored.backup == backup.id && restored.verified, restored.backup)
        outcome.expect(
            "stopped_before", restored.replayed?.stoppedBefore == dropped,
            "stopped before \(restored.replayed?.stoppedBefore ?? "nothing")")
        try await course.ordersPlaced(3)
        return outcome
    }

    /// Returns the name of the transaction. An order that is committed later had its table: it came before.
    private mutating func drop() async throws -> String {
        let (settings, table) = (try course.stage.settings(), Self.table)
        let fault = MonotonicClock.now()
        let name = try await MySQLConnection.with(settings) { connection in
            _ = try await connection.query("DROP TABLE \(table)")
            return try await connection.query("SELECT @@last_gtid").text()
        }
        guard let name, !name.isEmpty else {
            throw DrillError("drill.fault_not_injected", "the server did not log the drop")
        }
        outcome.fault = fault
        course.note("fault.injected", at: fault, "DROP TABLE \(table), transaction \(name)")
        return name
    }
}
