/// Every condition under which a failover is not asked for.
extension AssistedFailover {
    /// The first guard that blocks; nil when the request may be made.
    func refusal(to survey: FailoverSurvey<Node>, now: Instant) -> FailoverRefusal? {
        guard let master, survey.master == master.node else { return .noMaster }
        guard link.hasAnswered else { return .neverSeenAlive }
        if survey.chosen?.failoverPending == true, isInAftermath(now) {
            return sentinelsRefusal(survey, master)
        }
        guard isCrashed || silence(now) >= timing.hangAfter else { return .notCertain }
        if let lastRequest, now - lastRequest < coolDown { return .coolingDown }
        return sentinelsRefusal(survey, master) ?? timeRefusal(survey, now) ?? replicasRefusal(survey, now)
            ?? quorumRefusal(survey)
    }

    /// A Sentinel that is asked goes ahead without the others' votes, and has a vote left for up to 100 ms: should one
    /// of them begin an election of its own just then, it votes for that one, and both promote a node at one epoch,
    /// which no Sentinel can put in order. So nobody is asked when `down-after` is about to end.
    private func timeRefusal(_ survey: FailoverSurvey<Node>, _ now: Instant) -> FailoverRefusal? {
        guard survey.chosen?.failoverPending != true, let downAfter = survey.sentinels.compactMap(\.downAfter).min()
        else { return nil }
        return silence(now) + timing.lead < downAfter ? nil : .tooLate
    }

    func silence(_ now: Instant) -> Duration { link.askedAt.map { now - $0 } ?? .zero }

    /// The Sentinels agree that this is the master, and none is replacing it already.
    private func sentinelsRefusal(
        _ survey: FailoverSurvey<Node>, _ master: (node: Node, epoch: UInt64)
    ) -> FailoverRefusal? {
        guard !survey.sentinels.isEmpty, survey.sentinels.count >= survey.knownSentinels / 2 + 1 else {
            return .noSentinelMajority
        }
        for sentinel in survey.sentinels {
            if sentinel.master != master.node || sentinel.epoch > master.epoch { return .failoverUnderWay }
            if sentinel.failoverPending, sentinel.runID != survey.chosen?.runID { return .failoverUnderWay }
        }
        return nil
    }

    /// Enough observers agree, and the replicas bear it out.
    private func replicasRefusal(_ survey: FailoverSurvey<Node>, _ now: Instant) -> FailoverRefusal? {
        guard !survey.replicas.isEmpty else { return .noReplica }
        let answering = survey.replicas.compactMap { replica in replica.state.map { (replica.node, $0) } }
        guard !answering.isEmpty else { return .noWitness }
        if answering.contains(where: { !$0.1.isReplica }) { return .failoverUnderWay }
        let agreeing = answering.count { misses(survey.master, $0.0, $0.1, now) }
        guard agreeing * 2 > answering.count else { return .replicasDisagree }
        guard answering.contains(where: { $0.1.priority > 0 }) else { return .noCandidate }

        // Peers that died together with the master do not agree; the replicas, who must, keep them from being a
        // majority unless most web nodes died. Then Sentinel's own timers decide.
        let observers = 1 + survey.replicas.count + survey.peers.count
        let missing = 1 + agreeing + survey.peers.count { $0.missesMaster == true }
        return missing * 2 > observers ? nil : .noObserverMajority
    }

    /// The replica lost this master too: its link broke when ours did, or nothing came over it for longer than the
    /// master's own PINGs are apart. After a SIGKILL the link is down at once; a hung master's stays up.
    private func misses(_ master: Node, _ node: Node, _ state: ReplicaState<Node>, _ now: Instant) -> Bool {
        guard state.master == master else { return false }
        if !state.isLinkUp {
            // One that had no link before anything happened here says nothing about what happened.
            return .seconds(max(0, state.linkDownSeconds)) <= silence(now) + .seconds(2)
        }
        // More than one whole second, whatever the second's boundaries.
        if state.lastIOSeconds >= 2 { return true }
        return progress[node].map { now - $0.since >= timing.replicaSilence } ?? false
    }

    private func quorumRefusal(_ survey: FailoverSurvey<Node>) -> FailoverRefusal? {
        survey.chosen == nil ? .noQuorum : nil
    }
}
