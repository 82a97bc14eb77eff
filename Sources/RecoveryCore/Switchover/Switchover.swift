/// A planned switchover: hands the master's part to a replica without losing an acknowledged write. A value: what
/// happened and the time go in, what to do next comes out, one action at a time.
///
/// Safety, stated before the code:
/// 1. Nothing is changed before every guard of ``refusal(to:)`` has let the survey pass.
/// 2. No Sentinel is asked unless every sidecar holds and has drained, the master takes no writes from anybody
///    (`CLIENT PAUSE … WRITE`), and a replica that may be promoted has all that the master has written.
/// 3. Until a Sentinel was asked, every failure, every late answer and an interruption leads to ``Action/undo``:
///    the store is as before. From then on there is one way, forward: what was asked for cannot be taken back, and the
///    sidecars are let go whatever comes of it. Only a failover that the Sentinel gave up is undone.
/// 4. The pause ends by itself well before `down-after`, and so do the sidecars' leases: a coordinator that dies at any
///    step leaves nothing behind that lasts (a priority that was set for `--to` excepted; it prefers, it forbids
///    nothing).
///
/// `Node` is an address as the Sentinels write it.
package struct Switchover<Node: Hashable & Comparable & Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant
    package typealias Survey = SwitchoverSurvey<Node>

    /// What became of the last action; each is answered by exactly one of these, or by `failed`.
    package enum Event: Equatable, Sendable {
        case started
        case surveyed(Survey)
        /// Of ``Action/claim``, ``Action/prefer(_:)``, ``Action/mark``, ``Action/pause(_:)``, ``Action/announce(_:)``,
        /// ``Action/release`` and ``Action/finish``.
        case done
        /// All sidecars hold; so many commands were still without an answer at the end of the wait.
        case held(inFlight: Int)
        /// Whether a replica that may be promoted has all of the paused master's writes.
        case compared(isEqual: Bool)
        case answered(RequestAnswer)
        /// What the asked Sentinel's failover looks like.
        case watched(Progress)
        /// The others follow the new master, and it takes writes; or not yet.
        case repointed(isWritable: Bool)
        /// A majority of the Sentinels names this node at this epoch.
        case confirmed(Node, epoch: UInt64)
        /// The action could not be performed: whose fault it is, in a sentence.
        case failed(String)
        /// The user wants to stop.
        case interrupted
    }

    package enum Progress: Equatable, Sendable {
        case pending
        /// This node says that it is a master.
        case promoted(Node)
        /// The Sentinel fails over no more, and nobody was promoted.
        case givenUp
    }

    package enum Action: Equatable, Sendable {
        case survey
        /// Reserve every sidecar for this switchover.
        case claim
        /// Set these priorities, remember the old ones, and wait until the Sentinel to be asked knows them.
        case prefer([Node: Int64])
        /// Have every sidecar hold and drain.
        case hold
        /// Write the marker, and wait until the replicas have it.
        case mark
        /// `CLIENT PAUSE … WRITE`, which the driver renews until ``repoint(_:to:)``.
        case pause(Duration)
        case compare
        /// Tell every sidecar which Sentinel is about to be asked.
        case announce(Node)
        /// `SENTINEL FAILOVER`, once.
        case request(Node)
        case watch
        /// Send these what Sentinel will send them, and wait a moment for the new master to take writes.
        case repoint([Node], to: Node)
        /// Let the sidecars go on.
        case release
        /// See that a majority of the Sentinels names the new master.
        case confirm(Node)
        /// Restore priorities, end the pause, let go of what is left.
        case finish
        /// The same, and the sidecars stay with the old master.
        case undo
        case report(Outcome)
    }

    package struct Timing: Equatable, Sendable {
        /// From the hold to the request: longer, and clients would notice.
        package var patience: Duration = .milliseconds(400)
        /// From the request until nobody can wait any more.
        package var promotion: Duration = .seconds(10)
        package var confirmation: Duration = .seconds(10)
        /// How long the others may take to follow the new master before the sidecars go on regardless.
        package var following: Duration = .milliseconds(250)
        /// How long the master is paused at a time.
        package var pause: Duration = .milliseconds(600)

        package init() {}
    }

    /// How it ended.
    package enum Outcome: Equatable, Sendable {
        /// The node is master, and a majority of the Sentinels says so unless `isConfirmed` is false.
        case switched(Node, isConfirmed: Bool)
        /// Nothing was done.
        case refused(SwitchoverRefusal)
        /// It failed at this step, for this reason; the store is as before.
        case undone(at: String, String)
        /// A Sentinel was asked and nobody knows what comes of it: the sidecars follow the Sentinels.
        case unknown(String)
    }

    enum Phase: Equatable, Sendable {
        case idle
        case surveying
        case claiming
        case preferring
        case holding
        case marking
        case pausing
        case comparing
        case announcing
        case requesting
        case watching
        case repointing(Node)
        case releasing(Node)
        case confirming(Node)
        case finishing(Outcome)
        case over
    }

    let timing: Timing
    /// The node asked for; nil for whom Sentinel prefers.
    let target: Node?
    /// Sidecars that may be missing.
    let without: Set<String>
    package private(set) var survey: Survey?
    /// The config-epoch that a majority confirmed.
    package private(set) var epoch: UInt64?
    var phase = Phase.idle
    private var heldAt: Instant?
    private var askedAt: Instant?
    private var promotedAt: Instant?

    package init(target: Node? = nil, without: Set<String> = [], timing: Timing = Timing()) {
        self.target = target
        self.without = without
        self.timing = timing
    }

    /// True from the moment when a Sentinel may have been asked: an interruption changes nothing any more.
    package var isCommitted: Bool {
        switch phase {
        case .idle, .surveying, .claiming, .preferring, .holding, .marking, .pausing, .comparing, .announcing: false
        case .requesting, .watching, .repointing, .releasing, .confirming, .finishing, .over: true
        }
    }

    /// Takes what became of the last action and returns the next; nil when it is over, or when an interruption comes
    /// too late to matter.
    package mutating func handle(_ event: Event, now: Instant) -> Action? {
        if event == .interrupted { return isCommitted ? nil : undo("it was interrupted") }
        if case .failed(let reason) = event { return fail(reason, now) }
        switch (phase, event) {
        case (.idle, .started):
            phase = .surveying
            return .survey
        case (.surveying, .surveyed(let survey)):
            return take(survey)
        case (.claiming, .done):
            let priorities = priorities()
            guard priorities.isEmpty else {
                phase = .preferring
                return .prefer(priorities)
            }
            return hold(now)
        case (.preferring, .done):
            return hold(now)
        case (.holding, .held(let inFlight)):
            if isLate(now) {
                return undo("\(inFlight) commands were still without an answer")
            }
            guard inFlight == 0 else { return .hold }
            phase = .marking
            return .mark
        case (.marking, .done):
            guard !isLate(now) else { return undo("the replicas took too long for the marker") }
            phase = .pausing
            return .pause(pause)
        case (.pausing, .done):
            phase = .comparing
            return .compare
        case (.comparing, .compared(let isEqual)):
            guard !isLate(now) else { return undo("no replica caught up with the paused master") }
            guard isEqual, let chosen = survey?.chosen else { return .compare }
            phase = .announcing
            return .announce(chosen.endpoint)
        case (.announcing, .done):
            guard !isLate(now) else { return undo("the sidecars took too long to answer") }
            guard let chosen = survey?.chosen else { return undo("no Sentinel answers") }
            phase = .requesting
            askedAt = now
            return .request(chosen.endpoint)
        case (.requesting, .answered(let answer)):
            if case .rejected(let error) = answer { return undo("the Sentinel declined: \(error)") }
            // In progress: another observer was faster, and the result is as good. Lost: it may have acted.
            phase = .watching
            return .watch
        case (.watching, .watched(let progress)):
            return take(progress, now)
        case (.repointing(let node), .repointed(let isWritable)):
            let waited = promotedAt.map { now - $0 } ?? .zero
            guard isWritable || waited >= timing.following else { return repoint(to: node) }
            phase = .releasing(node)
            return .release
        case (.releasing(let node), .done):
            phase = .confirming(node)
            return .confirm(node)
        case (.confirming(let node), .confirmed(let named, let epoch)):
            self.epoch = epoch
            return finish(.switched(named, isConfirmed: named == node))
        case (.finishing(let outcome), .done):
            phase = .over
            return .report(outcome)
        default:
            return fail("an answer came that nobody had asked for", now)
        }
    }

    // MARK: Steps

    private mutating func take(_ survey: Survey) -> Action {
        self.survey = survey
        if let refusal = refusal(to: survey) {
            phase = .over
            return .report(.refused(refusal))
        }
        phase = .claiming
        return .claim
    }

    private mutating func hold(_ now: Instant) -> Action {
        heldAt = now
        phase = .holding
        return .hold
    }

    private mutating func take(_ progress: Progress, _ now: Instant) -> Action {
        switch progress {
        case .promoted(let node):
            phase = .repointing(node)
            promotedAt = now
            return repoint(to: node)
        case .givenUp:
            return undo("the Sentinel gave the failover up")
        case .pending:
            let waited = askedAt.map { now - $0 } ?? .zero
            guard waited >= timing.promotion else { return .watch }
            return finish(.unknown("no node was promoted, and the Sentinel has not given the failover up"))
        }
    }

    private func repoint(to node: Node) -> Action {
        guard let survey else { return .release }
        let all = survey.replicas.map(\.node) + [survey.master]
        return .repoint(all.filter { $0 != node }.sorted(), to: node)
    }

    private mutating func fail(_ reason: String, _ now: Instant) -> Action? {
        switch phase {
        case .idle, .over: return nil
        case .surveying:
            phase = .over
            return .report(.undone(at: "survey", reason))
        case .claiming, .preferring, .holding, .marking, .pausing, .comparing, .announcing:
            return undo(reason)
        case .requesting:
            // Nobody knows whether the Sentinel was asked; what it does will be seen.
            phase = .watching
            return .watch
        case .watching:
            return take(.pending, now)
        case .repointing(let node):
            phase = .releasing(node)
            return .release
        case .releasing(let node):
            // Their leases run out.
            phase = .confirming(node)
            return .confirm(node)
        case .confirming(let node):
            return finish(.switched(node, isConfirmed: false))
        case .finishing(let outcome):
            phase = .over
            return .report(outcome)
        }
    }

    private mutating func undo(_ reason: String) -> Action {
        phase = .finishing(.undone(at: phase.name, reason))
        return .undo
    }

    private mutating func finish(_ outcome: Outcome) -> Action {
        phase = .finishing(outcome)
        return .finish
    }

    private func isLate(_ now: Instant) -> Bool { heldAt.map { now - $0 > timing.patience } ?? false }

    /// Never as long as half of `down-after`: Sentinel's own PUBLISH waits for the end of the pause, and its PINGs
    /// behind that.
    private var pause: Duration { min(timing.pause, (survey?.downAfter ?? .zero) / 2) }
}

extension Switchover.Phase {
    /// For reports.
    var name: String {
        switch self {
        case .idle, .surveying: "survey"
        case .claiming: "claim"
        case .preferring: "prefer"
        case .holding: "hold"
        case .marking: "mark"
        case .pausing: "pause"
        case .comparing: "compare"
        case .announcing: "announce"
        case .requesting: "request"
        case .watching: "promotion"
        case .repointing: "repoint"
        case .releasing: "release"
        case .confirming: "confirm"
        case .finishing, .over: "finish"
        }
    }
}
