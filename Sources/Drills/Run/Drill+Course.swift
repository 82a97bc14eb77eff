/// What happens between the first client and the last.
extension Drill {
    /// What is known when the steps are done.
    struct Course: Sendable {
        var masterBefore: String
        var masterAfter: String?
        var fault: Int64
        var end: Int64
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
            }
        }
    }

    func perform(_ clients: [Client], _ observer: StackObserver) async throws -> Course {
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
                    course.fault = injection.effective
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
