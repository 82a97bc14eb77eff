/// Decides whether and how an observer helps Sentinel to replace a dead master sooner than its timers would. A value:
/// observations and the time go in, actions come out.
///
/// Safety, stated before the code:
/// 1. Nothing is asked of any Sentinel unless *every* guard of ``refusal(to:now:)`` lets it pass; each has its own
///    ``FailoverRefusal``.
/// 2. In one loss of one master at most one request is made, to one Sentinel: the lowest run id that answers. Whatever
///    it answers, or if it does not answer, no second Sentinel is asked, for two could each promote a node at the same
///    epoch. What the request does not achieve is left to Sentinel's own timers.
/// 3. Replicas are re-pointed only to a node that the asked Sentinel selected for this failover and that said itself
///    that it is a master.
///
/// `Node` is an address as the Sentinels write it.
package struct AssistedFailover<Node: Hashable & Comparable & Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// What happened.
    package enum Event: Equatable, Sendable {
        /// This master was published to the data path, at this config-epoch.
        case confirmed(Node, epoch: UInt64)
        /// What the observer's own connection to the master showed.
        case link(Node, LinkObservation)
        /// The answer to ``Action/survey(master:)``.
        case surveyed(FailoverSurvey<Node>)
        /// The answer to ``Action/request(_:)``.
        case answered(RequestAnswer)
        /// The node that the asked Sentinel selected says that it is a master now.
        case promoted(Node)
        /// ``nextWake`` has come.
        case tick
    }

    /// What the driver is to do. Every ``survey(master:)`` is answered by `surveyed`, every ``request(_:)`` by
    /// `answered`.
    package enum Action: Equatable, Sendable {
        /// Watch this master's link from now on, and no other.
        case watch(Node)
        /// Ask every Sentinel and every replica they list.
        case survey(master: Node)
        /// Send `SENTINEL FAILOVER`, once.
        case request(FailoverRequest<Node>)
        /// Another observer's request to the same Sentinel is being carried out: take part in what follows.
        case join(FailoverRequest<Node>)
        /// Send each of these the `REPLICAOF` that Sentinel will send it, if it still follows `from`.
        case repoint([Node], from: Node, to: Node)
        /// A dead or silent master, and yet nothing is asked. Given once for each change of the reason.
        case refuse(FailoverRefusal)
    }

    package struct Timing: Equatable, Sendable {
        /// How long PINGs may stay unanswered before the master counts as hung.
        package var hangAfter: Duration = .milliseconds(600)
        /// How long before Sentinel's `down-after` ends a request is made at the latest.
        package var lead: Duration = .milliseconds(250)
        /// How long until the others are asked what they see.
        package var suspectAfter: Duration = .milliseconds(25)
        /// A replica that made no progress for this long has heard nothing from its master: longer than the period of
        /// the master's own PINGs to replicas, `repl-ping-replica-period 1`.
        package var replicaSilence: Duration = .milliseconds(1030)
        package var surveyEvery: Duration = .milliseconds(25)
        package var surveyEveryLater: Duration = .milliseconds(500)
        package var urgentFor: Duration = .seconds(3)
        /// How long a request may take until it is no longer waited for.
        package var patience: Duration = .seconds(10)
        /// How long after a crash a failover that another observer asked for is joined, although the master has come
        /// back meanwhile.
        package var aftermath: Duration = .seconds(1)
        /// Between two requests, until a Sentinel has told its `failover-timeout`; twice that from then on.
        package var coolDown: Duration = .seconds(60)

        package init() {}
    }

    enum Phase: Equatable, Sendable {
        case watching
        /// The master is suspected or dead and the guards are being tried.
        case examining(since: Instant, isAsking: Bool, next: Instant)
        case requested(FailoverRequest<Node>, replicas: [Node], since: Instant)
        /// Nothing more is done about this loss.
        case spent
    }

    struct Link: Equatable, Sendable {
        var hasAnswered = false
        /// The connection was cut by the other side, and every attempt since then was refused.
        var wasReset = false
        var isRefused = false
        /// The oldest question without an answer.
        var askedAt: Instant?
    }

    struct Progress: Equatable, Sendable {
        var offset: Int64
        var lastIO: Int64
        var since: Instant
    }

    let timing: Timing
    var master: (node: Node, epoch: UInt64)?
    var link = Link()
    /// When this master was last seen to have crashed.
    var crashedAt: Instant?
    var phase = Phase.watching
    var progress: [Node: Progress] = [:]
    var coolDown: Duration
    /// The last request that a Sentinel took or may have taken.
    var lastRequest: Instant?
    var lastRefusal: FailoverRefusal?
    package private(set) var counts = AssistedFailoverCounts()

    package init(timing: Timing = Timing()) {
        self.timing = timing
        coolDown = timing.coolDown
    }

    /// Takes one event and returns what to do, in order. Late answers to what is over are ignored.
    package mutating func handle(_ event: Event, now: Instant) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .confirmed(let node, let epoch):
            confirm(node, epoch, &actions)
        case .link(let node, let observation):
            if node == master?.node { observe(observation, now) }
        case .surveyed(let survey):
            take(survey, now, &actions)
        case .answered(let answer):
            take(answer, now, &actions)
        case .promoted(let node):
            guard case .requested(_, let replicas, _) = phase, let master, node != master.node else { break }
            let others = replicas.filter { $0 != node && $0 != master.node }
            if !others.isEmpty {
                actions.append(.repoint(others, from: master.node, to: node))
                counts.repointed += UInt64(others.count)
            }
        case .tick:
            break
        }
        advance(now, &actions)
        return actions
    }

    /// When to send `tick` at the latest; nil when only other events can change anything.
    package var nextWake: Instant? {
        switch phase {
        case .watching: link.askedAt.map { $0 + timing.suspectAfter }
        case .examining(_, let isAsking, let next): isAsking ? nil : next
        case .requested(_, _, let since): since + timing.patience
        case .spent: nil
        }
    }

    private mutating func confirm(_ node: Node, _ epoch: UInt64, _ actions: inout [Action]) {
        let isSame = node == master?.node
        if isSame, epoch == master?.epoch { return }
        master = (node, epoch)
        progress = [:]
        lastRefusal = nil
        crashedAt = nil
        phase = .watching
        guard !isSame else { return }
        link = Link()
        actions.append(.watch(node))
    }

    private mutating func observe(_ observation: LinkObservation, _ now: Instant) {
        switch observation {
        case .asked:
            link.askedAt = link.askedAt ?? now
        case .answered:
            link = Link(hasAnswered: true)
            lastRefusal = nil
            switch phase {
            // Another observer may have asked before the master came back: what it started goes on.
            case .examining where isInAftermath(now): break
            case .examining, .spent: phase = .watching
            case .watching, .requested: break
            }
        case .reset:
            link.askedAt = link.askedAt ?? now
            link.wasReset = link.hasAnswered
        case .refused:
            link.askedAt = link.askedAt ?? now
            link.isRefused = true
        case .unreachable:
            link.askedAt = link.askedAt ?? now
            link.isRefused = false
        }
        if isCrashed { crashedAt = now }
    }

    private mutating func advance(_ now: Instant, _ actions: inout [Action]) {
        guard let master else { return }
        switch phase {
        case .watching:
            let silent = link.askedAt.map { now - $0 } ?? .zero
            guard isCrashed || silent >= timing.suspectAfter else { return }
            phase = .examining(since: now, isAsking: true, next: now)
            actions.append(.survey(master: master.node))
        case .examining(_, false, _) where link.askedAt == nil && !isInAftermath(now):
            phase = .watching
        case .examining(let since, false, let next) where next <= now:
            phase = .examining(since: since, isAsking: true, next: next)
            actions.append(.survey(master: master.node))
        case .requested(_, _, let since) where now - since >= timing.patience:
            phase = .spent
        case .examining, .requested, .spent:
            break
        }
    }

    private mutating func take(_ survey: FailoverSurvey<Node>, _ now: Instant, _ actions: inout [Action]) {
        guard case .examining(let since, true, _) = phase, let master else { return }
        let pause = now - since < timing.urgentFor ? timing.surveyEvery : timing.surveyEveryLater
        phase = .examining(since: since, isAsking: false, next: now + pause)
        if let timeout = survey.sentinels.compactMap(\.failoverTimeout).max() { coolDown = timeout * 2 }
        note(survey, now)
        if let refusal = refusal(to: survey, now: now) {
            guard refusal != lastRefusal else { return }
            lastRefusal = refusal
            // A moment's silence is no loss: nothing was refused that anybody would miss.
            guard refusal != .notCertain else { return }
            counts.refusals[refusal, default: 0] += 1
            actions.append(.refuse(refusal))
            return
        }
        guard let chosen = survey.chosen else { return }
        let request = FailoverRequest(
            sentinel: chosen.endpoint, runID: chosen.runID, master: master.node, epoch: master.epoch)
        phase = .requested(request, replicas: survey.replicas.map(\.node).sorted(), since: now)
        lastRequest = now
        if chosen.failoverPending {
            counts.joined += 1
            actions.append(.join(request))
        } else {
            counts.requests += 1
            actions.append(.request(request))
        }
    }

    private mutating func take(_ answer: RequestAnswer, _ now: Instant, _ actions: inout [Action]) {
        guard case .requested = phase else { return }
        switch answer {
        case .accepted:
            break
        case .inProgress:
            counts.inProgress += 1
        case .rejected:
            // It did nothing; nor will another, for the guards had passed.
            lastRequest = nil
            phase = .spent
            counts.refusals[.sentinelRejected, default: 0] += 1
            actions.append(.refuse(.sentinelRejected))
        case .lost:
            // It may have acted: what it promotes is still re-pointed to, and nobody else is asked.
            counts.refusals[.sentinelLost, default: 0] += 1
            actions.append(.refuse(.sentinelLost))
        }
    }

    /// Keeps since when each replica's replication has stood still. The time is that of the survey that showed its
    /// last progress, which is later than the progress: the silence is never overstated.
    private mutating func note(_ survey: FailoverSurvey<Node>, _ now: Instant) {
        for replica in survey.replicas {
            guard let state = replica.state else { continue }
            let fresh = Progress(offset: state.offset, lastIO: state.lastIOSeconds, since: now)
            guard let old = progress[replica.node], old.offset == fresh.offset, old.lastIO <= fresh.lastIO else {
                progress[replica.node] = fresh
                continue
            }
            progress[replica.node]?.lastIO = fresh.lastIO
        }
    }

    /// What another observer is told when it asks: which master is watched, and whether it is missed; nil for one that
    /// was never reached, whose silence proves nothing.
    package func sight(now: Instant) -> (master: Node, epoch: UInt64, misses: Bool?)? {
        master.map { master in
            (
                master.node, master.epoch,
                link.hasAnswered ? isCrashed || silence(now) >= timing.hangAfter : nil
            )
        }
    }

    func isInAftermath(_ now: Instant) -> Bool { crashedAt.map { now - $0 < timing.aftermath } ?? false }

    /// Reset, and refused since: the process is gone, for certain and at once.
    var isCrashed: Bool { link.wasReset && link.isRefused }
}
