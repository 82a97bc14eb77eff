package import NIOCore

/// When to ask whom.
extension SentinelTracker {
    /// When to send `tick` at the latest; nil when only other events can change anything. Polls that are out, and
    /// connections that are down, need no tick: the driver reports about them.
    package var nextWake: NIODeadline? {
        let polls = sentinels.lazy.filter { $0.isConnected && !$0.isPolled }.map(\.nextPoll)
        let checks = roles.values.lazy.filter { !$0.isAsked }.map(\.next)
        return [polls.min(), checks.min(), fenceDue].compactMap { $0 }.min()
    }

    mutating func poll(_ now: NIODeadline, _ actions: inout [Action]) {
        let peersEvery = phase.usable == nil ? timing.peersEveryHurried : timing.peersEvery
        for index in sentinels.indices {
            let sentinel = sentinels[index]
            guard sentinel.isConnected, !sentinel.isPolled, sentinel.nextPoll <= now else { continue }
            sentinels[index].isPolled = true
            sentinels[index].polledAt = now
            let peers = sentinel.peersAt.map { now - $0 >= peersEvery } ?? true
            actions.append(.poll(sentinel.endpoint, peers: peers))
        }
    }

    /// Sets the time of a Sentinel's next poll, when the last one was answered.
    mutating func pace(_ endpoint: RedisEndpoint, now: NIODeadline) {
        let interval = pollInterval(now)
        update(endpoint) { sentinel in
            // One that answers nonsense is asked again, but not fast.
            sentinel.nextPoll = now + (sentinel.failure == nil ? interval : max(interval, .seconds(1)))
        }
    }

    private func pollInterval(_ now: NIODeadline) -> TimeAmount {
        switch hurry(at: now) {
        case .urgent: timing.fastPoll
        case .hurried: phase.usable == nil ? timing.fastPollLater : timing.steadyPoll
        case .none: timing.steadyPoll
        }
    }

    mutating func checkRoles(_ now: NIODeadline, _ actions: inout [Action]) {
        if let at = hinted?.at, now - at >= timing.dissentGrace { hinted = nil }
        let wanted = Set([phase.last?.endpoint, target?.state.endpoint, hinted?.endpoint].compactMap { $0 })
        // An entry waits for its answer, so that no later question is taken to be what it answers.
        for endpoint in roles.keys.sorted() where !wanted.contains(endpoint) && roles[endpoint]?.isAsked == false {
            roles[endpoint] = nil
            actions.append(.forgetRole(endpoint))
        }
        for endpoint in wanted.sorted() {
            var check = roles[endpoint] ?? RoleCheck(askedAt: now, next: now)
            if !check.isAsked, check.next <= now {
                check.isAsked = true
                check.askedAt = now
                check.next = now + roleInterval(endpoint, now: now)
                actions.append(.checkRole(endpoint))
            }
            roles[endpoint] = check
        }
    }

    private func roleInterval(_ endpoint: RedisEndpoint, now: NIODeadline) -> TimeAmount {
        if phase.usable?.endpoint == endpoint { return timing.roleInterval }
        return switch hurry(at: now) {
        case .urgent: timing.rolePoll
        case .hurried: timing.rolePollLater
        case .none: timing.slowPoll
        }
    }

    private enum Hurry { case urgent, hurried, none }

    private func hurry(at now: NIODeadline) -> Hurry {
        guard let urgentSince else { return .none }
        let age = now - urgentSince
        return age < timing.urgentFor ? .urgent : age < timing.hurriedFor ? .hurried : .none
    }
}
