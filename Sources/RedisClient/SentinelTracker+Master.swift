import NIOCore

/// Which master: the tally, the doubt, and the publication.
extension SentinelTracker {
    mutating func take(_ hint: SentinelHint, from endpoint: RedisEndpoint, now: NIODeadline) {
        guard sentinels.contains(where: { $0.endpoint == endpoint }) else { return }
        // A hint may be repeated without end by a Sentinel that errs: the hurry it starts is renewed only once a
        // while, so that its pace still falls.
        if urgentSince.map({ now - $0 >= timing.urgentFor }) ?? true { hurry(now) }
        for index in sentinels.indices {
            let soonest = sentinels[index].polledAt.map { $0 + timing.fastPoll } ?? now
            sentinels[index].nextPoll = min(sentinels[index].nextPoll, max(now, soonest))
        }
        noteFailover(hint, from: endpoint, now: now)
        if let candidate = hint.candidate, candidate != phase.last?.endpoint {
            hinted = (candidate, endpoint, now)
        }
    }

    mutating func take(_ answer: RoleAnswer, from endpoint: RedisEndpoint, now: NIODeadline) {
        guard var check = roles[endpoint], check.isAsked else { return }
        check.isAsked = false
        check.answer = answer
        check.answerAskedAt = check.askedAt
        roles[endpoint] = check
    }

    /// Starts asking at the fast pace.
    mutating func hurry(_ now: NIODeadline) {
        urgentSince = now
        for index in sentinels.indices {
            sentinels[index].nextPoll = min(sentinels[index].nextPoll, now)
        }
        for endpoint in roles.keys {
            roles[endpoint]?.next = now
        }
    }

    /// The published master may be lost: says so, and asks everyone at once.
    mutating func doubt(_ now: NIODeadline, _ actions: inout [Action]) {
        if let state = phase.usable {
            publish(.suspected(state, since: now), &actions)
            hurry(now)
            // Only a question asked from now on can take the doubt back.
            roles[state.endpoint]?.answer = nil
            roles[state.endpoint]?.answerAskedAt = nil
            roles[state.endpoint]?.askedAt = now - .nanoseconds(1)
        } else if urgentSince.map({ now - $0 >= timing.urgentFor }) ?? true {
            hurry(now)
        }
    }

    mutating func evaluate(_ now: NIODeadline, _ actions: inout [Action]) {
        let voters = voters(now)
        if voters.count >= majority { majorityHeard = now }
        let named = agreed(voters)
        updateDissent(voters, above: named ?? phase.last, now: now)
        noteRegression(named, &actions)

        if let current = phase.usable {
            checkPublished(current, named: named, voters: voters, now: now, &actions)
        }
        settleProvisional(named, now: now, &actions)
        retarget(named, now: now)
        let isCutOff = fence(now, &actions)
        guard let target else {
            if case .searching = phase {
                publish(.searching(searchReason(voters: voters.count)), &actions)
            }
            return
        }
        let isNamed = isPublishable(target, named: named) && !isCutOff
        if isNamed, isConfirmed(target, now: now), !hasDissent(voters, now: now), !isGivenUp(target.state) {
            publish(isProvisional(target.state) ? .provisional(target.state) : .available(target.state), &actions)
        } else if case .searching = phase {
            let reason: SearchReason =
                if !isNamed {
                    searchReason(voters: voters.count)
                } else if isConfirmed(target, now: now) {
                    .failoverUnderWay(target.state.endpoint)
                } else {
                    .unconfirmed(target.state.endpoint, answer: roles[target.state.endpoint]?.answer)
                }
            publish(.searching(reason), &actions)
        }
    }

    /// What a majority of all known Sentinels names: one address at one epoch. There can be only one.
    private func agreed(_ voters: [Int]) -> MasterState? {
        var counts: [MasterState: Int] = [:]
        for index in voters {
            if let state = sentinels[index].report?.master { counts[state, default: 0] += 1 }
        }
        let need = majority
        return counts.first { $0.value >= need }?.key
    }

    /// Looks for reasons to doubt the published master.
    private mutating func checkPublished(
        _ current: MasterState, named: MasterState?, voters: [Int], now: NIODeadline, _ actions: inout [Action]
    ) {
        let isReplaced = named.map { $0.endpoint != current.endpoint && $0.epoch > current.epoch } ?? false
        if isReplaced || isBeingReplaced(current, voters, now: now) {
            doubt(now, &actions)
            return
        }
        switch roles[current.endpoint]?.answer {
        // A script that runs for long says nothing about the role, and `SCRIPT KILL` must get through.
        case nil, .master, .busy: break
        case .replica, .notServing, .unreachable, .timedOut, .nonsense: doubt(now, &actions)
        }
    }

    /// A Sentinel whose word counts has announced that it promotes another node, and reports the failover itself. The
    /// announcement alone could be an old one; the failover alone could be one that finds no votes.
    private func isBeingReplaced(_ current: MasterState, _ voters: [Int], now: NIODeadline) -> Bool {
        guard let hinted, hinted.endpoint != current.endpoint else { return false }
        return voters.contains { sentinels[$0].endpoint == hinted.by && isDissenting($0, now: now) }
    }

    /// Sets the state that a `ROLE master` would publish: the newest that a majority ever named. It stays when the
    /// majority is lost, so that a master which a majority had replaced is not taken back in its absence.
    private mutating func retarget(_ named: MasterState?, now: NIODeadline) {
        guard let named, named != target?.state else { return }
        if let old = target?.state {
            guard named.epoch >= old.epoch else { return }
            if named.epoch == old.epoch {
                guard case .replica? = roles[old.endpoint]?.answer else { return }
            }
        }
        target = (named, now)
        if named != phase.last { hurry(now) }
    }

    /// May be published now. Taking back the doubt about the last master needs no majority (rule 4); anything else
    /// needs one that names it at this moment.
    private func isPublishable(_ target: (state: MasterState, since: NIODeadline), named: MasterState?) -> Bool {
        if case .fenced(_, let since) = phase { return target.state == named && isMajorityHeard(since: since) }
        return target.state == phase.last || target.state == named
    }

    /// The node itself says that it is a master, freshly enough.
    private func isConfirmed(_ target: (state: MasterState, since: NIODeadline), now: NIODeadline) -> Bool {
        guard let check = roles[target.state.endpoint], let asked = check.answerAskedAt else { return false }
        switch phase {
        case .available(let current) where current == target.state,
            .provisional(let current) where current == target.state:
            return true
        case .suspected(let current, let since) where current.endpoint == target.state.endpoint,
            .fenced(let current, let since) where current.endpoint == target.state.endpoint:
            // A busy node is what it was before.
            return asked >= since && (check.answer == .master || check.answer == .busy)
        case .available, .provisional, .suspected, .fenced, .searching:
            return check.answer == .master && (asked >= target.since || now - asked <= timing.roleLifetime)
        }
    }

    private mutating func updateDissent(_ voters: [Int], above state: MasterState?, now: NIODeadline) {
        for index in sentinels.indices {
            guard let report = sentinels[index].report, voters.contains(index) else { continue }
            let dissents = report.failoverPending || report.master.epoch > (state?.epoch ?? .max)
            sentinels[index].dissentSince = dissents ? (sentinels[index].dissentSince ?? now) : nil
        }
    }

    /// A Sentinel whose word counts speaks of something newer, and has not done so for too long.
    private func hasDissent(_ voters: [Int], now: NIODeadline) -> Bool {
        voters.contains { isDissenting($0, now: now) }
    }

    /// The leader of the failover that the master was released early for is expected to speak of it.
    private func isDissenting(_ index: Int, now: NIODeadline) -> Bool {
        guard provisional?.leader != sentinels[index].endpoint else { return false }
        return sentinels[index].dissentSince.map { now - $0 < timing.dissentGrace } ?? false
    }

    private mutating func noteRegression(_ named: MasterState?, _ actions: inout [Action]) {
        // A majority that does not know of a provisional master yet is only slow.
        guard let named, let current = phase.last, named.epoch < current.epoch, provisional == nil else {
            regressed = nil
            return
        }
        guard regressed != named else { return }
        regressed = named
        actions.append(.note(.regressed(named)))
    }

    private func searchReason(voters: Int) -> SearchReason {
        voters >= majority ? .noAgreement : .noSentinelMajority(answering: voters, needed: majority)
    }

    mutating func publish(_ new: MasterPhase, _ actions: inout [Action]) {
        guard new != phase else { return }
        if let state = new.usable, let last = phase.last, last.endpoint != state.endpoint {
            switches += 1
        }
        if let state = new.usable, hinted?.endpoint == state.endpoint {
            hinted = nil
        }
        phase = new
        actions.append(.publish(new))
    }
}
