/// What happens between the first client and the last.
extension Drill {
    /// What is known when the steps are done.
    struct Course: Sendable {
        var masterBefore: String
        var masterAfter: String?
        var fault: Int64
        var end: Int64
        /// The highest configuration epoch that a Sentinel knew: each failover that succeeds takes a higher one.
        var epochBefore: Int?
        var epochAfter: Int?
        /// From each cut of links to its repair.
        var cuts: [ClosedRange<Int64>] = []
        /// What the old master executed after the new one had taken a write; nil when none had, or nobody watched.
        var oldMasterWrites: Int?

        /// What is measured from a fault is measured from the last one that struck the master, or from the first one.
        mutating func noteFault(at time: Int64, strikesMaster: Bool) {
            if strikesMaster || fault == 0 { fault = time }
        }
    }

    struct Client: Sendable {
        var assignment: ClientAssignment
        var group: Int
        var recorder: ClientRecorder

        func run(script: String, until stop: Gate) async throws {
            switch assignment.group.kind {
            case .phpredis, .predis:
                try await PHPClient(assignment, recorder: recorder, script: script).run(until: stop)
            case .native:
                try await NativeClient(assignment, recorder: recorder).run(until: stop)
            case .shopper:
                try await ShopperClient(assignment, recorder: recorder).run(until: stop)
            }
        }
    }

    func perform(_ clients: [Client], _ observer: StackObserver) async throws -> Course {
        let probe = StackProbe(stage)
        try await warmUp(clients)
        guard let before = await probe.master() else {
            throw DrillError("drill.no_master", "the stack has no master before the fault")
        }
        observer.note("clients.steady", "\(clients.count) clients succeed")
        var course = Course(masterBefore: before.name, masterAfter: nil, fault: 0, end: 0)
        course.epochBefore = await probe.configurationEpoch()
        var wreckage = Wreckage(stage)
        let watch = OldMasterWatch(stage, old: before)
        let watching = scenario.expectations.fencesOldMaster
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                if watching { tasks.addTask { await watch.run() } }
                try await perform(clients, observer, &course, &wreckage)
                tasks.cancelAll()
            }
        } catch {
            // A stopped process would stay behind stopped, and a link cut.
            await wreckage.clear()
            throw error
        }
        course.oldMasterWrites = watch.writes
        course.epochAfter = await probe.configurationEpoch()
        course.end = MonotonicClock.now()
        return course
    }

    private func perform(
        _ clients: [Client], _ observer: StackObserver, _ course: inout Course, _ wreckage: inout Wreckage
    ) async throws {
        let begun = MonotonicClock.now()
        for step in scenario.steps {
            switch step {
            case .inject(let fault):
                let time = try await wreckage.inject(fault, observer, progress)
                course.noteFault(at: time, strikesMaster: fault.target == .master || fault.action == .failover)
            case .disturb(let fault):
                let time = try await wreckage.disturb(fault, observer, progress)
                course.noteFault(at: time, strikesMaster: fault.strikesMaster)
            case .awaitRecovery:
                try await awaitRecovery(clients.filter { !isCutOff($0) }, since: course.fault, observer)
            case .observe(let duration):
                try await Task.sleep(for: duration)
            case .repair:
                try await wreckage.repair(observer)
                course.cuts = wreckage.cuts
            case .awaitHealed:
                course.masterAfter = try await awaitHealed(observer)
                let spent = MonotonicClock.now() - begun
                if course.masterAfter == nil { return }
                if let budget = scenario.budget, spent >= budget.inNanoseconds { return }
            }
        }
    }

    /// Whether a client's sidecar is on the wrong side of the scenario's cut.
    func isCutOff(_ client: Client) -> Bool {
        client.assignment.sidecar.map(scenario.expectations.minority.contains) ?? false
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
        let master = try await poll(every: .milliseconds(150), limit: Self.healingLimit) { () -> String? in
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
}
