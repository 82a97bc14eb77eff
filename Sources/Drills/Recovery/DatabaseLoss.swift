internal import Foundation
internal import Glibc
internal import LocalStack
internal import MySQLClient

/// The machine of the database dies, its disk and the shipper of its log with it. What is left is the bucket.
struct DatabaseLoss {
    private let course: RecoveryCourse
    private var outcome = RecoveryOutcome(fault: 0)

    /// Of the orders acknowledged so shortly before the loss some may be missing.
    static let window: Duration = .seconds(2)
    /// How much longer than restoring the backup alone it may take until the shop takes orders again.
    static let excess = 1.3
    /// What starts and closes is as long for a small store: a bare restore that is shorter counts as this long.
    static let shortest: Duration = .seconds(10)

    init(_ course: RecoveryCourse) { self.course = course }

    consuming func play() async throws -> RecoveryOutcome {
        let stage = course.stage
        outcome.window = Self.window
        try await course.ordersPlaced(5)
        let backup = try await course.step("backup") { try await course.backUp() }
        let shipper = try LogShipper.start(stage)
        _ = try await course.step("shipping") { try await shipper.catchUp() }
        try await course.ordersPlaced(20)
        outcome.figures.lagMs = try await shipper.catchUp()

        try await lose(shipper)
        try await course.step("new_server") { try await startEmpty() }
        let restored = try await course.step("restore") {
            try await course.restore(["latest", "--until", "now", "--flip", "--settle", "0s"])
        }
        outcome.figures.replayed = restored.replayed?.transactions
        outcome.expect("restored", restored.backup == backup.id && restored.verified, restored.backup)
        try await course.ordersPlaced(3)
        return outcome
    }

    private mutating func lose(_ shipper: LogShipper) async throws {
        let (stack, node) = (course.stage.stack, course.stage.database.node)
        guard let data = stack.databaseDirectory, FileManager.default.fileExists(atPath: data) else {
            throw DrillError("drill.fault_not_injected", "the database has no data directory")
        }
        outcome.fault = MonotonicClock.now()
        guard stack.signal(node, SIGKILL) else {
            throw DrillError("drill.fault_not_injected", "\(node) is not running")
        }
        await shipper.kill()
        await stack.ended(node)
        course.note("fault.injected", at: outcome.fault, "SIGKILL \(node) and the shipper of its log")
        try FileManager.default.removeItem(atPath: data)
        course.note("data.removed", "the data directory of \(node)")
    }

    /// A new machine under the old name, with nothing on it.
    private func startEmpty() async throws {
        let stage = course.stage
        try await stage.stack.prepareDatabase()
        try stage.stack.start(stage.database.node)
        let settings = try stage.settings("")
        let isUp: Bool? = try await poll(every: .milliseconds(20), limit: .seconds(30)) {
            (try? await MySQLConnection.with(settings) { try await $0.query("SELECT 1").text() }) == "1" ? true : nil
        }
        guard isUp == true else { throw DrillError("drill.failed", "the new database server does not answer") }
    }

    /// What the backup alone takes to restore, on the same server when nothing else is to be done there.
    static func conclude(
        _ course: RecoveryCourse, _ outcome: inout RecoveryOutcome, _ measures: ClientMeasures
    ) async throws {
        let database = course.stage.database
        let bare = try await course.step("bare_restore") {
            try await course.restore([
                "latest", "--to", "mysql://\(database.user)@\(database.address)/bare", "--password-file",
                database.passwordFile,
            ])
        }
        outcome.figures.restoreMs = bare.durationMs
        let allowed = max(Duration.milliseconds(bare.durationMs), shortest).inNanoseconds
        let limit = Int64(Double(allowed) * excess)
        outcome.expect(
            "writable_in_time", measures.recovery.map { $0 <= limit } ?? false,
            "\(measures.recovery.map { "\($0 / 1_000_000)" } ?? "never") ms, at most \(limit / 1_000_000) ms; "
                + "the backup alone takes \(bare.durationMs) ms")
    }
}
