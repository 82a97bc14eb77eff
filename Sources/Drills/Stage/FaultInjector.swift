internal import FoundationEssentials
internal import Glibc
internal import RESP
internal import RedisClient

/// Injects faults into the processes of a stack, and makes sure that they took effect.
package struct FaultInjector: Sendable {
    private let stage: any DrillStage
    private let probe: StackProbe

    /// A killed process is gone within milliseconds; a clean shutdown waits up to ten seconds for replicas.
    private static let limit: Duration = .seconds(15)

    package init(_ stage: any DrillStage) {
        self.stage = stage
        self.probe = StackProbe(stage)
    }

    /// A fault that took effect.
    package struct Injection: Sendable {
        package var victim: Victim
        /// When the signal was sent.
        package var sent: Int64
        /// When the process was seen to be gone or stopped.
        package var effective: Int64
    }

    /// - Throws: `DrillError` with the code `drill.fault_not_injected` when there is nothing to strike or the process
    ///   lives on.
    package func inject(_ fault: Fault) async throws -> Injection {
        let node = try await target(fault.target)
        guard let pid = await stage.pid(of: node.name), ProcessState.of(pid) == .alive else {
            throw Self.notInjected("\(node.name) is not running")
        }
        let sent = MonotonicClock.now()
        if fault.action == .failover {
            try await askForFailover(node)
            return Injection(
                victim: Victim(name: node.name, pid: pid, action: fault.action), sent: sent,
                effective: MonotonicClock.now())
        }
        if fault.action == .fillDisk {
            let filled = try DiskFiller(stage, node).fill()
            return Injection(
                victim: Victim(name: node.name, pid: pid, action: fault.action), sent: sent, effective: filled)
        }
        if fault.action == .switchover {
            try await stage.switchOver()
            // It takes effect while the program runs, which goes on for a second after that.
            return Injection(
                victim: Victim(name: node.name, pid: pid, action: fault.action), sent: sent, effective: sent)
        }
        try strike(fault.action, node, pid)
        let expected: ProcessState = fault.action == .stop ? .stopped : .gone
        let effective = try await poll(every: .milliseconds(1), limit: Self.limit) {
            ProcessState.of(pid) == expected ? MonotonicClock.now() : nil
        }
        guard let effective else {
            throw Self.notInjected("\(node.name) (process \(pid)) survived \(fault.action.rawValue)")
        }
        if fault.action == .wipe { try await startEmpty(node) }
        return Injection(
            victim: Victim(name: node.name, pid: pid, action: fault.action), sent: sent, effective: effective)
    }

    private func target(_ target: Fault.Target) async throws -> StageNode {
        switch target {
        case .master:
            if let master = await probe.master() { return master }
            throw Self.notInjected("no master was found to strike")
        case .replica:
            for node in stage.redis {
                if case .replica = await probe.role(of: node) { return node }
            }
            throw Self.notInjected("no replica was found to strike")
        case .lastReplica:
            for node in stage.redis.reversed() {
                if case .replica = await probe.role(of: node) { return node }
            }
            throw Self.notInjected("no replica was found to strike")
        case .sentinel(let index):
            guard stage.sentinels.indices.contains(index) else {
                throw Self.notInjected("the stack has no Sentinel number \(index + 1)")
            }
            return stage.sentinels[index]
        }
    }

    private func strike(_ action: Fault.Action, _ node: StageNode, _ pid: Int32) throws {
        switch action {
        case .kill, .wipe: try Self.send(SIGKILL, to: pid, node)
        case .stop: try Self.send(SIGSTOP, to: pid, node)
        case .terminate: try Self.send(SIGTERM, to: pid, node)
        case .failover, .fillDisk, .switchover: break
        }
    }

    /// Starts a killed node without its data, and asks it whether it has any.
    private func startEmpty(_ node: StageNode) async throws {
        guard let directory = stage.dataDirectory(of: node.name) else {
            throw Self.notInjected("\(node.name) has no data to delete")
        }
        for file in ["appendonlydir", "dump.rdb"] {
            try? FileManager.default.removeItem(atPath: "\(directory)/\(file)")
        }
        try await stage.start(node.name)
        let empty = try await poll(every: .milliseconds(10), limit: Self.limit) {
            // Not DBSIZE: a replica without its master answers that with MASTERDOWN. Each database with keys has a line.
            let info = await probe.ask(node.endpoint, stage.nodeCredentials) {
                try await $0.send(["INFO", "keyspace"]).string
            }
            return info?.contains("db") == false ? true : nil
        }
        if empty == nil { throw Self.notInjected("\(node.name) still has data") }
    }

    private func askForFailover(_ sentinel: StageNode) async throws {
        let reply = await probe.ask(sentinel.endpoint, stage.sentinelCredentials) { connection in
            try await connection.send(["SENTINEL", "FAILOVER", stage.service])
        }
        guard reply?.string == "OK" else {
            throw Self.notInjected("\(sentinel.name) answered \(reply?.errorMessage ?? "nothing")")
        }
    }

    private static func send(_ signal: Int32, to pid: Int32, _ node: StageNode) throws {
        guard kill(pid, signal) == 0 else {
            throw notInjected("the signal to \(node.name) (process \(pid)) failed with error \(errno)")
        }
    }

    private static func notInjected(_ reason: String) -> DrillError {
        DrillError("drill.fault_not_injected", "the fault could not be injected: \(reason)")
    }

    /// Resumes what was stopped and starts what was killed, and waits until it runs.
    package func repair(_ victim: Victim) async throws {
        switch victim.action {
        case .failover, .wipe, .switchover:
            break
        case .fillDisk:
            if let node = stage.redis.first(where: { $0.name == victim.name }) { try DiskFiller(stage, node).free() }
        case .stop:
            kill(victim.pid, SIGCONT)
            let resumed = try await poll(every: .milliseconds(1), limit: Self.limit) {
                ProcessState.of(victim.pid) == .alive ? true : nil
            }
            if resumed == nil { throw Self.notRepaired("\(victim.name) did not wake up") }
        case .kill, .terminate:
            try await stage.start(victim.name)
            let started = try await poll(every: .milliseconds(5), limit: Self.limit) {
                if let pid = await stage.pid(of: victim.name), pid != victim.pid, ProcessState.of(pid) == .alive {
                    return true
                }
                return nil
            }
            if started == nil { throw Self.notRepaired("\(victim.name) did not start again") }
        }
    }

    private static func notRepaired(_ reason: String) -> DrillError {
        DrillError("drill.not_repaired", "the fault could not be undone: \(reason)")
    }
}
