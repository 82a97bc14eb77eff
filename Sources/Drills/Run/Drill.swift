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
    private static let recoveredAfter = 15
    private static let healingLimit: Duration = .seconds(40)
    private static let warmUpLimit: Duration = .seconds(20)

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

    // MARK: The course of the drill

    /// What is known when the steps are done.
    private struct Course: Sendable {
        var masterBefore: String
        var masterAfter: String?
        var fault: Int64
        var end: Int64
    }

    private struct Client: Sendable {
        var assignment: ClientAssignment
        var group: Int
        var recorder: ClientRecorder

        func run(script: String, until stop: Gate) async throws {
            switch assignment.group.kind {
            case .phpredis, .predis:
                try await PHPClient(assignment, recorder: recorder, script: script).run(until: stop)
            case .native:
                try await NativeClient(assignment, recorder: recorder).run(until: stop)
            }
        }
    }

    private func perform(_ clients: [Client], _ observer: StackObserver) async throws -> Course {
        let injector = FaultInjector(stage)
        let probe = StackProbe(stage)
        try await warmUp(clients)
        guard let before = await probe.master() else {
            throw DrillError("drill.no_master", "the stack has no master before the fault")
        }
        observer.note("clients.steady", "\(clients.count) clients succeed")
        var course = Course(masterBefore: before.name, masterAfter: nil, fault: 0, end: 0)
        var broken: [Victim] = []
        var latest: Int64 = 0
        do {
            for step in scenario.steps {
                switch step {
                case .inject(let fault):
                    let injection = try await injector.inject(fault)
                    let victim = injection.victim
                    progress("\(victim.action.rawValue) \(victim.name)")
                    observer.note("fault.injected", at: injection.sent, "\(victim.action.rawValue) \(victim.name)")
                    observer.note("fault.verified", at: injection.effective, "process \(victim.pid)")
                    broken.append(victim)
                    latest = injection.effective
                    if course.fault == 0 { course.fault = injection.effective }
                case .awaitRecovery:
                    try await awaitRecovery(clients, since: latest, observer)
                case .observe(let duration):
                    try await Task.sleep(for: duration)
                case .repair:
                    for victim in broken {
                        observer.note("fault.repaired", victim.action == .stop ? "SIGCONT \(victim.name)" : victim.name)
                        try await injector.repair(victim)
                    }
                    broken = []
                case .awaitHealed:
                    course.masterAfter = try await awaitHealed(observer)
                }
            }
        } catch {
            // A stopped process would stay behind stopped.
            for victim in broken { try? await injector.repair(victim) }
            throw error
        }
        course.end = MonotonicClock.now()
        return course
    }

    private func warmUp(_ clients: [Client]) async throws {
        let start = MonotonicClock.now()
        let steady = try await poll(every: .milliseconds(50), limit: Self.warmUpLimit) {
            Self.allSucceed(clients, since: start) ? true : nil
        }
        if steady == nil {
            let texts = clients.flatMap { $0.recorder.history.errors }.map(\.key)
            throw DrillError(
                "drill.no_traffic",
                "the clients did not succeed before the fault: \(texts.first ?? "they sent nothing")")
        }
    }

    private static func allSucceed(_ clients: [Client], since time: Int64) -> Bool {
        clients.allSatisfy { $0.recorder.successes(since: time, limit: recoveredAfter) >= recoveredAfter }
    }

    private func awaitRecovery(_ clients: [Client], since time: Int64, _ observer: StackObserver) async throws {
        let recovered = try await poll(every: .milliseconds(20), limit: recoveryLimit) {
            Self.allSucceed(clients, since: time) ? true : nil
        }
        if recovered != nil {
            observer.note("clients.recovered", "every client succeeds again")
        } else {
            let count = clients.filter {
                $0.recorder.successes(since: time, limit: Self.recoveredAfter) < Self.recoveredAfter
            }.count
            observer.note(
                "clients.not_recovered",
                "\(count) of \(clients.count) clients still fail after \(recoveryLimit.inMilliseconds) ms")
        }
    }

    private func awaitHealed(_ observer: StackObserver) async throws -> String? {
        let probe = StackProbe(stage)
        let master = try await poll(every: .milliseconds(50), limit: Self.healingLimit) { () -> String? in
            guard await probe.complaint() == nil else { return nil }
            return await probe.master()?.name
        }
        if let master {
            observer.note("stack.healed", "\(master) is master, the others follow, all Sentinels agree")
        } else {
            observer.note("stack.not_healed", await probe.complaint() ?? "it was late")
        }
        return master
    }

    // MARK: After

    private func judge(_ clients: [Client], _ course: Course, _ timeline: Timeline) async throws -> DrillOutcome {
        let (master, results) = try await check(clients)
        let groups = groups.enumerated().map { index, group in
            let members = clients.indices.filter { clients[$0].group == index }
            return DrillOutcome.Group(
                label: group.label, kind: group.kind.rawValue,
                histories: members.map { clients[$0].recorder.history },
                writes: members.map { results[$0] }.reduce(Checker.Result(), +))
        }
        let measures = ClientMeasures(groups.flatMap(\.histories), fault: course.fault, end: course.end)
        // The master may have moved once more after the stack had healed.
        let masterAfter = course.masterAfter == nil ? nil : master
        let findings = Verdict.Findings(
            measures: measures, writes: results.reduce(Checker.Result(), +), fault: course.fault,
            downAfter: stage.downAfter, masterBefore: course.masterBefore, masterAfter: masterAfter)
        return DrillOutcome(
            scenario: scenario.name, groups: groups, timeline: timeline, fault: course.fault, end: course.end,
            verdict: Verdict(scenario.expectations, findings))
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
