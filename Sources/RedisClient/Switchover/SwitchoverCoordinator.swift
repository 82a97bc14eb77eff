package import Logging
import NIOCore
package import RecoveryCore
import Synchronization

/// Carries a planned switchover out: performs what `Switchover` decides, one action after the other, and keeps what is
/// leased (the sidecars' barriers, the master's pause) alive meanwhile.
package final class SwitchoverCoordinator: Sendable {
    package typealias Machine = Switchover<RedisEndpoint>

    /// How it went.
    package struct Report: Sendable {
        package var outcome: Machine.Outcome
        package var survey: Machine.Survey?
        /// The new master's config-epoch, once a majority has confirmed it.
        package var epoch: UInt64?
        /// From the first sidecar's hold to the last one's release; nil when nothing was held.
        package var held: Duration?
        /// The marker, written before, was found on the new master.
        package var markerFound: Bool?
        /// Each step, with its time since the start.
        package var steps: [(name: String, at: Duration)]
    }

    private let settings: SwitchoverSettings
    private let logger: Logger
    private let isInterrupted = Mutex(false)
    private let onStep: @Sendable (String) -> Void

    /// `onStep` is told the name of each step before it is performed.
    package init(
        settings: SwitchoverSettings, logger: Logger, onStep: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.logger = logger
        self.onStep = onStep
    }

    /// Undoes everything at the next step, unless a Sentinel was asked already. Callable from any thread.
    package func interrupt() { isInterrupted.withLock { $0 = true } }

    /// Runs to the end, whatever happens; what can be undone is undone. Not to be cancelled: call ``interrupt()``.
    package func run() async -> Report {
        var timing = Machine.Timing()
        timing.patience = settings.patience
        var machine = Machine(target: settings.target, without: settings.without, timing: timing)
        let stage = SwitchoverStage(settings, logger)
        let start = ContinuousClock.now
        var steps: [(name: String, at: Duration)] = []
        var held: (from: ContinuousClock.Instant, to: ContinuousClock.Instant?)?
        var outcome = Machine.Outcome.undone(at: "survey", "it did not begin")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await stage.keepLeases() }
            var next = machine.handle(.started, now: .now)
            while let action = next {
                if case .report(let end) = action {
                    outcome = end
                    break
                }
                if steps.last?.name != action.name {
                    steps.append((action.name, ContinuousClock.now - start))
                    onStep(action.name)
                }
                if action == .hold, held == nil { held = (.now, nil) }
                let event = await stage.perform(action, machine.survey)
                if action.lifts, held != nil, held?.to == nil { held?.to = .now }
                if isInterrupted.withLock({ $0 }), let undo = machine.handle(.interrupted, now: .now) {
                    next = undo
                } else {
                    next = machine.handle(event, now: .now)
                }
            }
            group.cancelAll()
        }
        await stage.close()
        return Report(
            outcome: outcome, survey: machine.survey, epoch: machine.epoch,
            held: held.map { ($0.to ?? .now) - $0.from }, markerFound: stage.markerFound, steps: steps)
    }
}

extension Switchover.Action {
    /// For the time line.
    var name: String {
        switch self {
        case .survey: "survey"
        case .claim: "claim"
        case .prefer: "prefer"
        case .hold: "hold"
        case .mark: "mark"
        case .pause: "pause"
        case .compare: "compare"
        case .announce: "announce"
        case .request: "request"
        case .watch: "promotion"
        case .repoint: "repoint"
        case .release: "release"
        case .confirm: "confirm"
        case .finish: "finish"
        case .undo: "undo"
        case .report: "report"
        }
    }

    /// Commands go on from here.
    var lifts: Bool { self == .release || self == .undo || self == .finish }
}
