/// Every condition under which a switchover does not begin, and whom to prefer.
extension Switchover {
    /// A replica that is further behind than this would make clients wait.
    static var lagLimit: Int64 { 1 << 20 }

    /// The first guard that blocks; nil when the switchover may begin.
    func refusal(to survey: Survey) -> SwitchoverRefusal? {
        sentinelsRefusal(survey) ?? serversRefusal(survey) ?? targetRefusal(survey) ?? sidecarsRefusal(survey)
    }

    private func sentinelsRefusal(_ survey: Survey) -> SwitchoverRefusal? {
        guard let chosen = survey.chosen, survey.sentinels.count >= survey.knownSentinels / 2 + 1 else {
            return .noSentinelMajority
        }
        for sentinel in survey.sentinels {
            if sentinel.failoverPending { return .failoverUnderWay }
            if sentinel.master != survey.master || sentinel.epoch != chosen.epoch { return .sentinelsDisagree }
        }
        guard survey.sentinels.allSatisfy(\.hasQuorum) else { return .noQuorum }
        // The pause is at most half of it, and has to bridge a promotion.
        return survey.downAfter >= .milliseconds(500) ? nil : .downAfterTooShort
    }

    private func serversRefusal(_ survey: Survey) -> SwitchoverRefusal? {
        guard survey.masterOffset != nil else { return .masterDoesNotServe }
        guard !survey.replicas.isEmpty else { return .noReplica }
        let usable = survey.replicas.filter { isUsable($0, survey) }
        guard !usable.isEmpty else { return .noCandidate }
        // Afterwards the old master follows in the place of the new one.
        guard usable.count >= survey.minReplicas else { return .tooFewReplicas }
        // It would decline (NOGOODSLAVE), and clients would have been held for nothing.
        guard usable.contains(where: { isSelectable($0.node, survey) }) else { return .notSelectable }
        // Which of them is selected is Sentinel's to say.
        guard target != nil || !usable.contains(where: { isMistaken($0.node, survey) }) else {
            return .sentinelMistaken
        }
        let behind = usable.map { lag($0, survey) }.min() ?? 0
        return behind <= Self.lagLimit ? nil : .lagging(bytes: behind)
    }

    private func targetRefusal(_ survey: Survey) -> SwitchoverRefusal? {
        guard let target else { return nil }
        if target == survey.master { return .targetIsMaster }
        guard let replica = survey.replicas.first(where: { $0.node == target }) else { return .targetUnknown }
        guard let state = replica.state, state.isReplica, state.master == survey.master, state.isLinkUp else {
            return .targetDoesNotFollow
        }
        guard state.priority > 0 else { return .targetNeverPromoted }
        guard isSelectable(target, survey) else { return .notSelectable }
        guard !isMistaken(target, survey) else { return .sentinelMistaken }
        let behind = lag(replica, survey)
        return behind <= Self.lagLimit ? nil : .lagging(bytes: behind)
    }

    private func sidecarsRefusal(_ survey: Survey) -> SwitchoverRefusal? {
        guard !survey.sidecars.isEmpty else { return .noSidecar }
        for sidecar in survey.sidecars {
            guard let state = sidecar.state else {
                if without.contains(sidecar.name) { continue }
                return .sidecarSilent(sidecar.name, sidecar.reason ?? "it does not answer")
            }
            if let holder = state.barrier { return .anotherSwitchover(sidecar.name, holder) }
            guard state.master == survey.master, state.epoch == survey.chosen?.epoch else {
                return .sidecarDisagrees(sidecar.name)
            }
            // Without early release it waits for the majority, about a second.
            if !state.earlyRelease, state.hold < .seconds(3) { return .holdTooShort(sidecar.name) }
        }
        return survey.sidecars.contains { $0.state != nil } ? nil : .noSidecar
    }

    private func isUsable(_ replica: ReplicaView<Node>, _ survey: Survey) -> Bool {
        guard let state = replica.state else { return false }
        return state.isReplica && state.master == survey.master && state.isLinkUp && state.priority > 0
    }

    private func isSelectable(_ node: Node, _ survey: Survey) -> Bool {
        survey.chosen.map { !$0.unselectable.contains(node) } ?? false
    }

    private func isMistaken(_ node: Node, _ survey: Survey) -> Bool {
        survey.sentinels.contains { $0.mistaken.contains(node) }
    }

    private func lag(_ replica: ReplicaView<Node>, _ survey: Survey) -> Int64 {
        max(0, (survey.masterOffset ?? 0) - (replica.state?.offset ?? 0))
    }

    /// What to set so that Sentinel, which takes the lowest priority above 0 first, selects the target. Nobody is
    /// forbidden: should the coordinator die, a preference is all that is left.
    func priorities() -> [Node: Int64] {
        guard let target, let survey else { return [:] }
        var priorities: [Node: Int64] = [:]
        for replica in survey.replicas {
            guard let priority = replica.state?.priority, priority > 0 else { continue }
            if replica.node == target {
                if priority != 1 { priorities[target] = 1 }
            } else if priority == 1 {
                priorities[replica.node] = 2
            }
        }
        return priorities
    }
}
