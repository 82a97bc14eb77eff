internal import RESP
internal import RedisClient

/// What is made of it when the clients have stopped.
extension Drill {
    func judge(_ clients: [Client], _ course: Course, _ timeline: Timeline) async throws -> DrillOutcome {
        let (master, results) = try await check(clients)
        let groups = groups.enumerated().map { index, group in
            let members = clients.indices.filter { clients[$0].group == index }
            return DrillOutcome.Group(
                label: group.label, kind: group.kind.rawValue,
                histories: members.map { clients[$0].recorder.history },
                writes: members.map { results[$0] }.reduce(Checker.Result(), +))
        }
        let served = clients.filter { !isCutOff($0) }.map(\.recorder.history)
        let patience = self.groups.map(\.timeout).max()
        var measures = ClientMeasures(served, fault: course.fault, end: course.end, patience: patience)
        // An answer, if only a closed connection, is owed to clients that are cut off, too.
        measures.hung =
            ClientMeasures(
                clients.map(\.recorder.history), fault: course.fault, end: course.end, patience: patience
            ).hung
        // What a client that is cut off leaves open is counted, and not held against anybody.
        let open = zip(clients, results).filter { isCutOff($0.0) }.reduce(0) { $0 + $1.1.unknown }
        // The master may have moved once more after the stack had healed.
        let masterAfter = course.masterAfter == nil ? nil : master
        var findings = Verdict.Findings(
            measures: measures, writes: results.reduce(Checker.Result(), +), fault: course.fault,
            downAfter: stage.downAfter, masterBefore: course.masterBefore, masterAfter: masterAfter)
        findings.role = stage.role
        findings.isDurable = stage.isDurable
        findings.unfencedWrites = unfencedWrites(clients, course)
        findings.unknownOfMinority = open
        findings.oldMasterWrites = course.oldMasterWrites
        if let before = course.epochBefore, let after = course.epochAfter { findings.failovers = after - before }
        return DrillOutcome(
            scenario: scenario.name, seed: scenario.seed, groups: groups, timeline: timeline, fault: course.fault,
            end: course.end,
            verdict: Verdict(scenario.expectations, findings), patience: patience)
    }

    /// Writes acknowledged to clients behind a sidecar that was cut off, and had been for longer than it may go on.
    private func unfencedWrites(_ clients: [Client], _ course: Course) -> Int? {
        // The fence is looked at a few times a second.
        let grace = (stage.selfFence + .milliseconds(500)).inNanoseconds
        let fenced = course.cuts.filter { $0.upperBound - $0.lowerBound > grace }
        guard !fenced.isEmpty else { return nil }
        return clients.filter(isCutOff).reduce(0) { count, client in
            count
                + client.recorder.history.operations.count { operation in
                    operation.kind.isWrite && operation.outcome == .acknowledged
                        && fenced.contains { $0.contains(operation.ended) && operation.started > $0.lowerBound + grace }
                }
        }
    }

    /// Compares every client's history with what is there now.
    private func check(_ clients: [Client]) async throws -> (master: String, [Checker.Result]) {
        let probe = StackProbe(stage)
        let named = await probe.master()
        let only = await probe.onlyMaster()
        guard let master = named ?? only else {
            throw DrillError("drill.no_master", "the stack has no master after the drill, so nothing can be checked")
        }
        var options = RedisConnection.Options()
        options.credentials = stage.nodeCredentials
        options.tls = stage.tls
        let connection = try await RedisConnection.connect(to: .tcp(master.endpoint), options: options)
        defer { connection.abandon() }
        try await refuseEviction(connection)
        var results: [Checker.Result] = []
        for client in clients {
            let history = client.recorder.history
            let final = try await FinalState.read(client.assignment, history: history, from: connection)
            results.append(Checker.check(history, against: final))
        }
        return (master.name, results)
    }

    private func refuseEviction(_ master: RedisConnection) async throws {
        let info = try await master.send(["INFO", "stats"]).string ?? ""
        for line in info.split(whereSeparator: \.isNewline) where line.hasPrefix("evicted_keys:") {
            if line != "evicted_keys:0" {
                throw DrillError(
                    "drill.evicted", "the master evicted keys, which cannot be told from loss (\(line))",
                    hint: "give the drill's topology more maxmemory")
            }
        }
    }
}
