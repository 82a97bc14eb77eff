internal import RESP
internal import RedisClient

/// One scenario on one stack with its clients.
///
/// ``run(id:)`` owns everything it starts: the clients, the observers and the faults, which it repairs also when it
/// is cancelled or fails half-way.
package struct Drill: Sendable {
    package var scenario: Scenario
    package var stage: any DrillStage
    package var groups: [ClientGroup]
    /// A directory of this drill's own, where `worker.php` is put.
    package var scratch: String
    /// How long ``Scenario/Step/awaitRecovery`` waits at most. A comparison without a sidecar sets what the clients
    /// at hand need; the others need what the scenario allows and a little more.
    package var recoveryLimit: Duration
    /// What happens, for people who wait.
    package var progress: @Sendable (String) -> Void

    /// A client counts as recovered after this many operations in a row: about two pages.
    static let recoveredAfter = 15
    static let healingLimit: Duration = .seconds(40)
    static let warmUpLimit: Duration = .seconds(20)

    package init(
        scenario: Scenario, stage: any DrillStage, groups: [ClientGroup], scratch: String,
        recoveryLimit: Duration? = nil, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.scenario = scenario
        self.stage = stage
        self.groups = groups
        self.scratch = scratch
        self.recoveryLimit = recoveryLimit ?? stage.downAfter + scenario.expectations.stall + .seconds(5)
        self.progress = progress
    }

    /// Runs the scenario once. The stack must be whole, or become so soon.
    /// - Parameter id: becomes part of the clients' keys; unique among the runs on one stack.
    /// - Returns: The report; one that says why, and has not passed, when the drill could not be carried out.
    /// - Throws: `CancellationError` only.
    package func run(id: String) async throws -> DrillReport {
        let observer = StackObserver(stage)
        do {
            return DrillReport(try await outcome(id: id, observer: observer))
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            let failure = error as? DrillError ?? DrillError("drill.failed", "the drill broke off: \(error)")
            return DrillReport(
                scenario: scenario.name,
                failure: DrillReport.Failure(code: failure.code, summary: failure.description),
                timeline: observer.timeline, fault: observer.timeline.time(of: "fault.injected"))
        }
    }

    private func outcome(id: String, observer: StackObserver) async throws -> DrillOutcome {
        try checkRequirements()
        try await awaitWhole()
        try await emptyStack()
        let script = try WorkerScript.write(into: scratch)
        let clients = makeClients(id: id)
        let stop = Gate()
        let course = try await withThrowingTaskGroup(of: Course?.self) { tasks in
            for client in clients {
                tasks.addTask {
                    try await client.run(script: script, until: stop)
                    return nil
                }
            }
            tasks.addTask {
                await observer.run()
                return nil
            }
            tasks.addTask {
                defer { stop.open() }
                return try await perform(clients, observer)
            }
            var course: Course?
            // The observer runs until it is cancelled; everybody else ends by themselves.
            for _ in 0...clients.count {
                if let result = try await tasks.next() ?? nil { course = result }
            }
            tasks.cancelAll()
            return course
        }
        guard let course else { throw DrillError("drill.failed", "the drill had no course") }
        return try await judge(clients, course, observer.timeline)
    }

    private func makeClients(id: String) -> [Client] {
        var clients: [Client] = []
        for (index, group) in groups.enumerated() {
            clients += group.assignments(run: id, first: clients.count).map {
                Client(assignment: $0, group: index, recorder: ClientRecorder(client: $0.client))
            }
        }
        return clients
    }

    // MARK: Before

    private func checkRequirements() throws {
        if scenario.requirements.persistence, !stage.isPersistent {
            throw DrillError(
                "drill.needs_persistence",
                "\(scenario.name) needs Redis nodes that keep their data over a restart",
                hint: "set `persistence: aof` in the topology")
        }
    }

    private func awaitWhole() async throws {
        let probe = StackProbe(stage)
        let whole = try await poll(every: .milliseconds(100), limit: Self.healingLimit) {
            await probe.complaint() == nil ? true : nil
        }
        if whole == nil {
            throw DrillError(
                "drill.stack_not_whole",
                "the stack is not whole before the drill: \(await probe.complaint() ?? "it was late")")
        }
    }

    /// A drill's data must not add up over repeats until Redis evicts keys, which would look like loss.
    private func emptyStack() async throws {
        let probe = StackProbe(stage)
        guard let master = await probe.master() else {
            throw DrillError("drill.no_master", "the stack has no master before the drill")
        }
        let commands = ClientGroup.databases.flatMap { [["SELECT", String($0)], ["FLUSHDB"]] }
        let replies = await probe.ask(master.endpoint, stage.nodeCredentials) { try await $0.pipeline(commands) }
        if replies == nil || replies?.contains(where: { $0.errorMessage != nil }) == true {
            throw DrillError(
                "drill.not_emptied",
                "the master could not be emptied before the drill: "
                    + (replies?.lazy.compactMap(\.errorMessage).first ?? "it did not answer"))
        }
    }
}
