import NIOCore

/// The self-fence: a sidecar that is cut off from the Sentinels stops using the master it knows, before they elect
/// another.
///
/// A Sentinel is *accounted for* when it answered a question lately, or when its host refused the connection lately: a
/// Sentinel that is down casts no vote, and one that is out of reach refuses nothing. While a majority is accounted
/// for, every other majority has a member in it, which is either heard, and tells of a failover, or is down. So the
/// loss of Sentinels does not stop a healthy store, and the loss of the network does.
extension SentinelTracker {
    /// Gives the published master up when no majority has been accounted for within the limit. Returns whether the
    /// limit has passed.
    mutating func fence(_ now: NIODeadline, _ actions: inout [Action]) -> Bool {
        guard let limit = timing.selfFence, let last = majorityAccounted, now - last >= limit else { return false }
        switch phase {
        case .available(let state), .provisional(let state), .suspected(let state, _):
            selfFences += 1
            publish(.fenced(state, since: now), &actions)
            hurry(now)
        case .searching, .fenced:
            break
        }
        return true
    }

    /// When the fence closes unless something is heard before.
    var fenceDue: NIODeadline? {
        switch phase {
        case .available, .provisional, .suspected:
            guard let limit = timing.selfFence, let last = majorityAccounted else { return nil }
            return last + limit
        case .searching, .fenced:
            return nil
        }
    }

    /// A majority has answered questions that were asked at that time or later.
    func isMajorityHeard(since time: NIODeadline) -> Bool {
        moments(\.heardAt).count { $0 >= time } >= majority
    }

    /// The last moment at which a majority was accounted for; nil before the first.
    private var majorityAccounted: NIODeadline? {
        let accounted = moments { [$0.heardAt, $0.refusedAt].compactMap { $0 }.max() }.sorted(by: >)
        return accounted.count >= majority ? accounted[majority - 1] : nil
    }

    /// One moment for each Sentinel that counts in the denominator, the latest if it has several addresses.
    private func moments(_ moment: (Sentinel) -> NIODeadline?) -> [NIODeadline] {
        var latest: [String: NIODeadline] = [:]
        var unidentified: [NIODeadline] = []
        for sentinel in sentinels {
            guard let time = moment(sentinel) else { continue }
            if let runID = sentinel.runID {
                if known[runID] != nil { latest[runID] = max(latest[runID] ?? time, time) }
            } else if sentinel.isConfigured {
                unidentified.append(time)
            }
        }
        return Array(latest.values) + unidentified
    }
}

extension SentinelTracker.Timing {
    /// Between polls while all is well: several fit into the self-fence's limit.
    var steadyPoll: TimeAmount {
        selfFence.map { min(slowPoll, max(.milliseconds(20), .nanoseconds($0.nanoseconds / 4))) } ?? slowPoll
    }
}
