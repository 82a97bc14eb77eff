import NIOCore

/// Who the Sentinels are: identities, discovery, pruning, and the denominator of the majority.
extension SentinelTracker {
    mutating func take(_ report: SentinelReport, from endpoint: RedisEndpoint, now: NIODeadline) {
        update(endpoint) { sentinel in
            // Another run id at this address is another Sentinel (rebuilt, or the address was given away): what the
            // former one said about its peers is not this one's word.
            if let old = sentinel.runID, old != report.runID {
                sentinel.peers = nil
                sentinel.peersAt = nil
                sentinel.dissentSince = nil
            }
            sentinel.runID = report.runID
            sentinel.report = report
            sentinel.reportAt = now
            sentinel.heardAt = sentinel.isPolled ? sentinel.polledAt : now
            sentinel.isHeard = sentinel.isConnected
            sentinel.failure = nil
            sentinel.isPolled = false
            if let peers = report.peers {
                sentinel.peers = peers
                sentinel.peersAt = now
            }
        }
        pace(endpoint, now: now)
    }

    /// ⌊n/2⌋+1 of the denominator.
    var majority: Int { denominator / 2 + 1 }

    /// The number of known Sentinels: identities, and configured endpoints that have never answered. Such an endpoint
    /// may well be one of the identities that others list and that has not answered either (the same dead Sentinel,
    /// once by its name in our configuration and once by its address in theirs); each such identity takes one up.
    /// Endpoints that never answer and that a majority does not count either are left out after a while.
    var denominator: Int {
        guard !unidentifiedPruned else { return max(1, known.count) }
        let answered = Set(sentinels.compactMap(\.runID))
        let unmatched = known.keys.count { !answered.contains($0) }
        return max(1, known.count + max(0, unidentified - unmatched))
    }

    private var unidentified: Int { sentinels.count { $0.isConfigured && $0.runID == nil } }

    /// The indices of the Sentinels whose word counts now.
    func voters(_ now: NIODeadline) -> [Int] {
        sentinels.indices.filter { index in
            let sentinel = sentinels[index]
            guard let runID = sentinel.runID, known[runID] != nil else { return false }
            return exclusion(of: sentinel, now: now) == nil
        }
    }

    /// Why a Sentinel's word does not count now, apart from being known at all.
    func exclusion(of sentinel: Sentinel, now: NIODeadline) -> SentinelExclusion? {
        if let failure = sentinel.failure { return failure }
        guard sentinel.isConnected, sentinel.isHeard else { return .unreachable("nothing was heard of it yet") }
        guard let heard = sentinel.reportAt, now - heard <= timing.voteLifetime else { return .silent }
        return sentinel.duplicateOf.map { .duplicate(of: $0) }
    }

    mutating func updateKnown(_ now: NIODeadline, _ actions: inout [Action]) {
        markDuplicates(now)
        admitAnswering(now)
        discover(now, &actions)
        prune(now, &actions)
        follow(now, &actions)
    }

    /// The first usable Sentinel of a run id speaks for it.
    private mutating func markDuplicates(_ now: NIODeadline) {
        var first: [String: RedisEndpoint] = [:]
        for index in sentinels.indices {
            sentinels[index].duplicateOf = nil
            guard let runID = sentinels[index].runID, exclusion(of: sentinels[index], now: now) == nil else { continue }
            if let other = first[runID] {
                sentinels[index].duplicateOf = other
            } else {
                first[runID] = sentinels[index].endpoint
            }
        }
    }

    /// A configured Sentinel that answers is known. An identity whose address answers under another run id is gone.
    private mutating func admitAnswering(_ now: NIODeadline) {
        for sentinel in sentinels {
            guard let runID = sentinel.runID, exclusion(of: sentinel, now: now) == nil else { continue }
            for (other, identity) in known where identity.endpoint == sentinel.endpoint && other != runID {
                known[other] = nil
            }
            if sentinel.isConfigured, known[runID] == nil {
                known[runID] = Identity(endpoint: sentinel.endpoint)
            }
        }
    }

    private mutating func discover(_ now: NIODeadline, _ actions: inout [Action]) {
        let need = majority
        for (peer, count) in listings(now).sorted(by: { $0.key.endpoint < $1.key.endpoint }) where count >= need {
            guard known.count < Self.maximumSentinels, !isUsurped(peer, now: now) else { continue }
            if known[peer.runID] == nil {
                known[peer.runID] = Identity(endpoint: peer.endpoint)
                if !sentinels.contains(where: { $0.isConfigured && $0.endpoint == peer.endpoint }) {
                    actions.append(.note(.discovered(peer.endpoint, runID: peer.runID)))
                }
            } else if !sentinels.contains(where: { $0.runID == peer.runID && $0.isConnected }) {
                // It moved; the majority knows where to.
                known[peer.runID]?.endpoint = peer.endpoint
            }
        }
    }

    /// How many voters list each peer.
    private func listings(_ now: NIODeadline) -> [SentinelPeer: Int] {
        var counts: [SentinelPeer: Int] = [:]
        for index in voters(now) {
            for peer in Set(sentinels[index].peers ?? []) where peer.runID != sentinels[index].runID {
                counts[peer, default: 0] += 1
            }
        }
        return counts
    }

    /// The peer's address answers under another run id.
    private func isUsurped(_ peer: SentinelPeer, now: NIODeadline) -> Bool {
        sentinels.contains { sentinel in
            guard sentinel.endpoint == peer.endpoint, let runID = sentinel.runID, runID != peer.runID else {
                return false
            }
            return sentinel.isConnected && sentinel.failure == nil
        }
    }

    private mutating func prune(_ now: NIODeadline, _ actions: inout [Action]) {
        let need = majority
        let asked = voters(now).filter { sentinels[$0].peers != nil }
        for (runID, identity) in known.sorted(by: { $0.value.endpoint < $1.value.endpoint }) {
            let speaksForItself = sentinels.contains {
                $0.isConfigured && $0.runID == runID && exclusion(of: $0, now: now) == nil
            }
            let unlisting = asked.count { index in
                sentinels[index].runID != runID && sentinels[index].peers?.contains { $0.runID == runID } == false
            }
            guard unlisting >= need, !speaksForItself else {
                known[runID]?.unlistedSince = nil
                continue
            }
            let since = identity.unlistedSince ?? now
            known[runID]?.unlistedSince = since
            if now - since >= timing.pruneAfter {
                known[runID] = nil
                actions.append(.note(.pruned(identity.endpoint, runID: runID)))
            }
        }
        pruneUnidentified(asked: asked, need: need, now)
    }

    private mutating func pruneUnidentified(asked: [Int], need: Int, _ now: NIODeadline) {
        let counting = asked.count { (sentinels[$0].peers?.count ?? Int.max - 1) + 1 <= known.count }
        // Once pruned the need is smaller; the same voters must go on saying so.
        guard unidentified > 0, counting >= need else {
            settledSince = nil
            unidentifiedPruned = false
            return
        }
        let since = settledSince ?? now
        settledSince = since
        unidentifiedPruned = now - since >= timing.pruneAfter
    }

    /// Follows every configured Sentinel and every known identity that no configured endpoint answers for.
    private mutating func follow(_ now: NIODeadline, _ actions: inout [Action]) {
        let spokenFor = Set(
            sentinels.filter { $0.isConfigured && exclusion(of: $0, now: now) == nil }.compactMap(\.runID))
        var wanted = Set(known.filter { !spokenFor.contains($0.key) }.map(\.value.endpoint))
        // An address that a majority lists stays followed while it answers under a new run id, until they list that.
        let need = majority
        for (peer, count) in listings(now) where count >= need && isUsurped(peer, now: now) {
            wanted.insert(peer.endpoint)
        }
        for sentinel in sentinels where !sentinel.isConfigured && !wanted.contains(sentinel.endpoint) {
            actions.append(.unfollow(sentinel.endpoint))
        }
        sentinels.removeAll { !$0.isConfigured && !wanted.contains($0.endpoint) }
        for endpoint in wanted.sorted() where !sentinels.contains(where: { $0.endpoint == endpoint }) {
            guard sentinels.count < 2 * Self.maximumSentinels else { break }
            sentinels.append(Sentinel(endpoint: endpoint, isConfigured: false, nextPoll: now))
            actions.append(.follow(endpoint))
        }
    }

    mutating func noteExclusions(_ now: NIODeadline, _ actions: inout [Action]) {
        for index in sentinels.indices {
            let sentinel = sentinels[index]
            // Not heard *yet* is no news.
            let excluded = sentinel.reportAt == nil ? sentinel.failure : exclusion(of: sentinel, now: now)
            guard excluded != sentinel.lastNoted else { continue }
            sentinels[index].lastNoted = excluded
            // The wording of a lost connection changes from one attempt to the next.
            if excluded?.isUnconnected == true, sentinel.lastNoted?.isUnconnected == true { continue }
            if let excluded {
                actions.append(.note(.excluded(sentinel.endpoint, excluded)))
            } else if sentinel.reportAt != nil {
                actions.append(.note(.readmitted(sentinel.endpoint)))
            }
        }
    }
}
