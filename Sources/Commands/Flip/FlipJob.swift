internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// One run of `restore --flip`.
struct FlipJob: Sendable {
    var place: FlipPlace
    var topology: StoreTopology
    var settle: Duration

    /// What came of it.
    struct Flipped: Encodable, Sendable {
        struct Step: Encodable, Sendable {
            var step: String
            var atMs: Int
        }

        var switched = true
        var target: String
        /// How long the shop was closed.
        var closedMs: Int
        var steps: [Step]
        var nodes: [String]
        /// Web servers that an operator switches.
        var byHand: [String]
        var cacheFlushed: Bool

        func print(_ console: Console) {
            console.print(
                "the shop is on \(target); it was closed for \(Readable.duration(.milliseconds(closedMs)))")
            for node in byHand { console.note("warning: \(node) has to be switched by hand") }
        }
    }

    /// Switches the shop to a database.
    /// - Throws: `flip.undone` when the shop is as before, `flip.stuck` and `flip.closed` when it is not;
    ///   `CancellationError` when it was interrupted, and is as before.
    func run(_ restored: MySQLSettings, _ console: Console) async throws -> Flipped {
        let target = try FlipTarget(restored, topology, place)
        let hold = try place.record.hold()
        defer { withExtendedLifetime(hold) {} }
        if let record = try place.record.read() {
            console.note(
                "a flip of \(Readable.time(record.startedAt)) was never finished: "
                    + (record.journal.reached == .opening ? "the shop is opened" : "it is undone first"))
            let stage = FlipStage(place, target, settle: settle, before: record)
            let (outcome, _) = await drive(Flip(resuming: record.journal), stage, console)
            switch outcome {
            case .switched, .undone: break
            case .closed, .stuck: try refuse(outcome, stage)
            }
        }
        let stage = FlipStage(place, target, settle: settle, before: nil)
        let (outcome, steps) = await withTaskCancellationHandler {
            // Not cancelled with the caller: what is begun is undone in order, and that takes its time.
            await Task { await drive(Flip(), stage, console) }.value
        } onCancel: {
            stage.interrupt()
        }
        try refuse(outcome, stage)
        let closed = steps.first { $0.step == "close" }?.atMs ?? 0
        return Flipped(
            target: "\(target.address)", closedMs: (steps.last?.atMs ?? 0) - closed, steps: steps, nodes: place.here,
            byHand: place.byHand, cacheFlushed: place.cache != nil)
    }

    private func drive(
        _ machine: Flip, _ stage: FlipStage, _ console: Console
    ) async -> (Flip.Outcome, [Flipped.Step]) {
        var machine = machine
        let start = ContinuousClock.now
        var steps: [Flipped.Step] = []
        func note(_ name: String) {
            steps.append(.init(step: name, atMs: (ContinuousClock.now - start).wholeMilliseconds))
        }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await stage.renew() }
            defer { group.cancelAll() }
            var next = machine.handle(.started)
            while let action = next {
                if case .report(let outcome) = action {
                    note("end")
                    if !outcome.leavesWork { try? stage.keep(nil) }
                    return (outcome, steps)
                }
                note(action.name)
                if let words = action.words { console.note(words) }
                var event = Flip.Event.failed("its record cannot be kept in \(place.record.path)")
                if machine.journal == nil || (try? stage.keep(machine.journal)) != nil {
                    event = await stage.perform(action)
                }
                next = (stage.wasInterrupted ? machine.handle(.interrupted) : nil) ?? machine.handle(event)
            }
            preconditionFailure("a flip ends with a report")
        }
    }

    private func refuse(_ outcome: Flip.Outcome, _ stage: FlipStage) throws {
        switch outcome {
        case .switched: return
        case .undone(let step, let reason, let left):
            if let error = stage.surveyError { throw error }
            if stage.wasInterrupted { throw CancellationError() }
            throw UserFacingError(
                code: "flip.undone",
                summary: "the shop is as before, and open: \(step) has failed: "
                    + ([reason] + left.map { "not made good: \($0)" }).joined(separator: "; "),
                hint: "`breakwater restore --flip-only --to URL` tries it again")
        case .closed(let reason):
            throw UserFacingError(
                code: "flip.closed",
                summary: "the shop is on the new database, and still closed: \(reason)",
                hint: "remove \(place.maintenance.path); WordPress opens by itself ten minutes after it was written")
        case .stuck(let step, let reason, let undoing):
            throw UserFacingError(
                code: "flip.stuck",
                summary: "\(step) has failed (\(reason)), and could not be undone: \(undoing)",
                hint:
                    "see which database \(place.endpoint?.path ?? "HAProxy") names, then run it again, which undoes it "
                    + "first. WordPress opens by itself ten minutes after \(place.maintenance.path) was written")
        }
    }
}

extension Flip.Outcome {
    fileprivate var leavesWork: Bool {
        switch self {
        case .switched, .undone: false
        case .closed, .stuck: true
        }
    }
}

extension Flip.Action {
    fileprivate var name: String {
        switch self {
        case .survey: "survey"
        case .close: "close"
        case .settle: "settle"
        case .switchEndpoint: "switch"
        case .flush: "flush"
        case .check: "check"
        case .open: "open"
        case .switchBack: "switch back"
        case .report: "report"
        }
    }

    fileprivate var words: String? {
        switch self {
        case .close: "the shop is closed"
        case .switchEndpoint: "its endpoint is switched"
        case .flush: "its cache is emptied"
        case .check: "the new database is looked at"
        case .open: "the shop is opened"
        case .switchBack: "its endpoint is switched back"
        case .survey, .settle, .report: nil
        }
    }
}
