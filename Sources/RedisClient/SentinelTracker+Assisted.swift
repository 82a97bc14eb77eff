import NIOCore

/// What an assisted failover adds: a master that is published before a majority names it.
extension SentinelTracker {
    /// A request for an assisted failover.
    struct Assisted: Equatable, Sendable {
        var sentinel: RedisEndpoint
        var master: RedisEndpoint
        var at: NIODeadline
        /// ``Action/promoted(_:)`` was given.
        var isPromoted = false
    }

    /// `+selected-slave`, and the epoch that the same Sentinel had announced before.
    struct Selection: Equatable, Sendable {
        var node: RedisEndpoint
        var epoch: UInt64
        var at: NIODeadline
    }

    /// The state that was published early, until a majority has spoken.
    struct Provisional: Equatable, Sendable {
        var state: MasterState
        /// What was published before.
        var former: MasterState
        /// The Sentinel that leads the failover; its own word that one is under way is no objection.
        var leader: RedisEndpoint
    }

    /// A failover of this master was asked for: a Sentinel is about to promote another node, and what a master that has
    /// come back takes until it hears of that is lost.
    func isGivenUp(_ state: MasterState) -> Bool { assisted?.master == state.endpoint }

    func isProvisional(_ state: MasterState) -> Bool { provisional?.state == state }

    /// The request is forgotten unless its Sentinel says that it fails over: then it was asked.
    mutating func abandon(_ endpoint: RedisEndpoint) {
        guard assisted?.sentinel == endpoint else { return }
        let leader = sentinels.first { $0.endpoint == endpoint }
        if leader?.report?.failoverPending != true, leader?.selected == nil { assisted = nil }
    }

    /// Keeps what a failover's leader announces. The epoch comes before the selection (sentinel.c,
    /// `sentinelStartFailover`, then `sentinelFailoverSelectSlave`).
    mutating func noteFailover(_ hint: SentinelHint, from endpoint: RedisEndpoint, now: NIODeadline) {
        // What was asked for has come to nothing.
        if hint.channel.hasPrefix("-failover-abort"), assisted?.sentinel == endpoint { assisted = nil }
        update(endpoint) { sentinel in
            switch hint.channel {
            case "+new-epoch":
                sentinel.announcedEpoch = hint.epoch
                sentinel.selected = nil
            case "+selected-slave":
                guard let node = hint.candidate, let epoch = sentinel.announcedEpoch else { return }
                sentinel.selected = Selection(node: node, epoch: epoch, at: now)
            case "-failover-abort-no-good-slave", "-failover-abort-not-elected", "-failover-abort-slave-timeout",
                "+reset-master":
                sentinel.selected = nil
            default:
                break
            }
        }
    }

    /// Publishes the node that the asked Sentinel selected, as soon as that node says that it is a master.
    mutating func releaseEarly(_ now: NIODeadline, _ actions: inout [Action]) {
        guard let request = assisted else { return }
        guard now - request.at < timing.requestLifetime, let last = phase.last, last.endpoint == request.master else {
            assisted = nil
            return
        }
        guard let leader = sentinels.first(where: { $0.endpoint == request.sentinel }),
            let selected = leader.selected, selected.epoch > last.epoch, selected.node != last.endpoint,
            let check = roles[selected.node], check.answer == .master,
            let asked = check.answerAskedAt, asked >= selected.at
        else { return }
        if !request.isPromoted {
            assisted?.isPromoted = true
            actions.append(.promoted(selected.node))
        }
        guard timing.earlyRelease, case .suspected = phase, isUncontested(selected, leader: leader, now: now) else {
            return
        }
        let state = MasterState(endpoint: selected.node, epoch: selected.epoch)
        // The majority may have named it at this very moment: then there is nothing provisional about it.
        guard target?.state != state else { return }
        provisional = Provisional(state: state, former: last, leader: leader.endpoint)
        target = (state, now)
        earlyReleases += 1
        publish(.provisional(state), &actions)
        assisted = nil
    }

    /// The asked Sentinel's word counts, and no other one leads a failover or knows of one as new.
    private func isUncontested(_ selected: Selection, leader: Sentinel, now: NIODeadline) -> Bool {
        guard leader.isSubscribed, let runID = leader.runID, known[runID] != nil else { return false }
        return voters(now).allSatisfy { index in
            let other = sentinels[index]
            guard other.endpoint != leader.endpoint, let report = other.report else { return true }
            if report.failoverPending { return false }
            return report.master.epoch < selected.epoch || report.master.endpoint == selected.node
        }
    }

    /// Ends the provisional state when the majority names that node, or when another one has to replace it.
    mutating func settleProvisional(_ named: MasterState?, now: NIODeadline, _ actions: inout [Action]) {
        guard let early = provisional, let named else { return }
        if named.endpoint == early.state.endpoint, named.epoch > early.former.epoch {
            provisional = nil
            // The epoch is the majority's from here on, also if a newer one had been announced meanwhile.
            target = (named, target?.since ?? now)
            if phase == .provisional(early.state) { publish(.available(named), &actions) }
        } else if named.epoch >= early.state.epoch {
            quarantine(early, by: named, &actions)
            // A Sentinel that was asked for a failover tells nobody its epoch. When it dies, the others elect at the
            // same one: a majority's word is worth more than one Sentinel's.
            if named.epoch == early.state.epoch { follow(named, now: now, &actions) }
        } else if named == early.former, case .replica? = roles[early.state.endpoint]?.answer {
            // The failover came to nothing and the Sentinels have turned the node into a replica again.
            quarantine(early, by: named, &actions)
            follow(named, now: now, &actions)
        }
    }

    /// The majority's master takes the place of one that was published early, as soon as it says that it is one.
    private mutating func follow(_ named: MasterState, now: NIODeadline, _ actions: inout [Action]) {
        target = (named, now)
        publish(.suspected(named, since: now), &actions)
        hurry(now)
    }

    private mutating func quarantine(_ early: Provisional, by named: MasterState, _ actions: inout [Action]) {
        provisional = nil
        quarantines += 1
        actions.append(.note(.quarantined(early.state, by: named)))
    }
}
