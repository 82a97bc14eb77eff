import Foundation
import RedisClient
import Testing
import Topology

@testable import Drills

/// A stage whose only Sentinel is a process of the test's choice.
private struct OneProcessStage: DrillStage {
    var pid: Int32?
    var redis: [StageNode] { [] }
    var sentinels: [StageNode] {
        [StageNode(name: "sentinel-1", endpoint: RedisEndpoint(host: "127.0.0.1", port: 1))]
    }
    var service: String { "mymaster" }
    var nodeCredentials: RedisCredentials? { nil }
    var sentinelCredentials: RedisCredentials? { nil }
    var downAfter: Duration { .seconds(1) }
    var isPersistent: Bool { false }
    var role: RedisTopology.Role { .store }
    var isDurable: Bool { false }
    var selfFence: Duration { .zero }
    var sidecarHosts: [String] { [] }
    var network: HostNetwork? { nil }
    func dataDirectory(of name: String) -> String? { nil }

    func pid(of name: String) async -> Int32? { pid }
    func switchOver() async throws {}
    func start(_ name: String) async throws {}
}

@Suite struct FaultInjectorTests {
    /// Runs a process that does nothing, for as long as the body takes.
    private func withProcess(_ body: (Int32) async throws -> Void) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        defer { process.terminate() }
        try await body(process.processIdentifier)
    }

    @Test func aKilledProcessIsSeenToBeGone() async throws {
        try await withProcess { pid in
            let injection = try await FaultInjector(OneProcessStage(pid: pid)).inject(Fault(.kill, .sentinel(0)))
            #expect(injection.victim == Victim(name: "sentinel-1", pid: pid, action: .kill))
            #expect(injection.effective >= injection.sent)
            #expect(ProcessState.of(pid) == .gone)
        }
    }

    @Test func aStoppedProcessIsSeenToStandStillAndIsResumed() async throws {
        try await withProcess { pid in
            let injector = FaultInjector(OneProcessStage(pid: pid))
            let injection = try await injector.inject(Fault(.stop, .sentinel(0)))
            #expect(ProcessState.of(pid) == .stopped)
            try await injector.repair(injection.victim)
            #expect(ProcessState.of(pid) == .alive)
        }
    }

    @Test(arguments: [
        Fault(.kill, .sentinel(0)), Fault(.kill, .sentinel(5)), Fault(.kill, .master), Fault(.stop, .replica),
    ])
    func aFaultWithNothingToStrikeIsAnError(fault: Fault) async {
        let error = await #expect(throws: DrillError.self) {
            _ = try await FaultInjector(OneProcessStage(pid: nil)).inject(fault)
        }
        #expect(error?.code == "drill.fault_not_injected")
    }

    @Test func aProcessThatIsDeadAlreadyCannotBeStruck() async throws {
        try await withProcess { pid in
            let injector = FaultInjector(OneProcessStage(pid: pid))
            _ = try await injector.inject(Fault(.kill, .sentinel(0)))
            await #expect(throws: DrillError.self) { _ = try await injector.inject(Fault(.kill, .sentinel(0))) }
        }
    }

    @Test(arguments: [
        ("1 (redis-server) S 1 1", ProcessState.alive), ("1 (a) b) T 1", .stopped), ("1 (x) Z 0", .gone),
        ("1 (x) X 0", .gone), ("1 (x) R 0", .alive), ("", .gone), ("1 (x)", .gone),
    ])
    func readsTheKernelsStateLetter(stat: String, state: ProcessState) {
        #expect(ProcessState.parse(Array(stat.utf8)) == state)
    }

    @Test func aProcessThatNeverWasIsGone() {
        #expect(ProcessState.of(Int32.max) == .gone)
    }
}
