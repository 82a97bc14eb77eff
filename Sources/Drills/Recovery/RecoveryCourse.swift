internal import MySQLClient
internal import Synchronization

/// One run of a scenario of recovery while shoppers place orders: what it does, and what it notes.
final class RecoveryCourse: Sendable {
    let stage: RecoveryStage
    let recorders: [ClientRecorder]
    private let timeline = Mutex(Timeline())
    private let steps = Mutex<[DrillReport.Recovery.Step]>([])
    private let progress: @Sendable (String) -> Void

    /// How long the shoppers may take to place some orders while the shop is well.
    private static let patience: Duration = .seconds(30)

    init(_ stage: RecoveryStage, clients: Int, progress: @escaping @Sendable (String) -> Void) {
        self.stage = stage
        self.progress = progress
        recorders = (1...clients).map { ClientRecorder(client: $0) }
    }

    var tool: BreakwaterTool { stage.tool }
    var notes: Timeline { timeline.withLock { $0 } }
    var stepsSoFar: [DrillReport.Recovery.Step] { steps.withLock { $0 } }
    var histories: [ClientHistory] { recorders.map(\.history) }

    func note(_ event: String, at time: Int64 = MonotonicClock.now(), _ detail: String) {
        progress(detail.isEmpty ? event : "\(event): \(detail)")
        timeline.withLock { $0.add(event, at: time, detail) }
    }

    /// Runs a step and keeps how long it took.
    func step<Value: Sendable>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        note("step.\(name)", "")
        let started = MonotonicClock.now()
        let value = try await body()
        let took = MonotonicClock.now() - started
        steps.withLock { $0.append(.init(step: name, ms: DrillReport.milliseconds(took))) }
        return value
    }

    /// Returns when every shopper has placed so many orders that he began after `time`, one after the other.
    /// - Throws: `DrillError`, `drill.clients_not_working`.
    func ordersPlaced(_ count: Int, since time: Int64 = MonotonicClock.now(), within limit: Duration? = nil)
        async throws
    {
        // A page is three operations.
        let done: Bool? = try await poll(every: .milliseconds(20), limit: limit ?? Self.patience) {
            recorders.allSatisfy { $0.successes(since: time, limit: 3 * count) >= 3 * count } ? true : nil
        }
        guard done == nil else { return }
        let texts = recorders.flatMap { $0.history.errors.keys }.prefix(3).joined(separator: "; ")
        throw DrillError(
            "drill.clients_not_working", "the shoppers could not place orders\(texts.isEmpty ? "" : ": \(texts)")")
    }

    /// The orders in the shop's database as its pages see it, or in another one of that server.
    func orders(in database: String? = nil) async throws -> [OrderChecker.Found] {
        let settings = try database.map { try stage.settings($0) } ?? stage.shop.current()
        var patient = settings
        patient.readTimeout = .seconds(600)
        return try await OrderReading.orders(in: patient)
    }
}
