import LocalStack
import LoopbackServers
import Testing
import Topology

@testable import Drills

/// Drills on real servers with real clients. Times are not asserted; the rest is what a drill itself demands.
@Suite(.serialized) struct DrillTests {
    private func run(_ scenario: Scenario, _ change: (inout DrillSuite) -> Void = { _ in }) async throws -> DrillReport
    {
        let directory = try ScratchDirectory.make()
        defer { ScratchDirectory.remove(directory) }
        // The machine may be busy with other tests: nothing here may depend on how long anything takes.
        var scenario = scenario
        scenario.expectations.stall = .seconds(60)
        var suite = DrillSuite([scenario], stateDirectory: directory)
        suite.topology.redis?.downAfter = .seconds(2)
        suite.topology.sidecar?.hold = .seconds(30)
        suite.mix = [.init(.phpredis, 2), .init(.predis, 2), .init(.native, 2)]
        change(&suite)
        let reports = try await suite.run()
        return try #require(reports.first)
    }

    @Test(
        .timeLimit(.minutes(3)), arguments: [Scenario.redisCrash, .redisRestart, .sentinelFailover, .redisSwitchover])
    func clientsSeeNoErrorThroughTheSidecar(scenario: Scenario) async throws {
        let report = try await run(scenario)
        #expect(report.passed, "\(report.text)")
        #expect(report.clients.count == 6)
        #expect(report.writes.acknowledged > 100)
        #expect(report.groups.map(\.clients.kind) == ["phpredis", "predis", "native"])
    }

    @Test(.timeLimit(.minutes(3)), arguments: [ServerFlavour.valkey8, .valkey9])
    func clientsSeeNoErrorWhenTheServersAreValkey(flavour: ServerFlavour) async throws {
        let programs = try flavour.programs()
        let report = try await run(.redisCrash) { $0.redisPrograms = programs }
        #expect(report.passed, "\(report.text)")
        #expect(report.writes.acknowledged > 100)
    }

    /// A hold that is shorter than the failover must show as errors: the drill can fail.
    @Test(.timeLimit(.minutes(3))) func aHoldThatIsTooShortFailsTheDrill() async throws {
        let report = try await run(.redisCrash) { suite in
            suite.topology.sidecar?.hold = .milliseconds(100)
        }
        #expect(!report.passed)
        #expect(report.clients.errors > 0)
        #expect(report.checks.first { $0.name == "errors" }?.passed == false)
        #expect(report.writes.duplicated == 0 && report.writes.foreignReplies == 0)
    }

    @Test(.timeLimit(.minutes(3))) func aDrillThatCannotInjectItsFaultFails() async throws {
        let scenario = Scenario(
            "impossible", summary: "SIGKILL a Sentinel that is not there",
            steps: [.inject(Fault(.kill, .sentinel(9))), .awaitRecovery], expectations: Expectations(stall: .seconds(1))
        )
        let report = try await run(scenario)
        #expect(!report.passed)
        #expect(report.failure?.code == "drill.fault_not_injected")
    }

    /// Without persistence a restart wipes the store: the scenario refuses instead of measuring nonsense.
    @Test(.timeLimit(.minutes(3))) func aScenarioRefusesAStoreItCannotJudge() async throws {
        let report = try await run(.redisRestart) { suite in
            suite.topology.redis?.persistence = .off
            suite.topology.redis?.automaticRestart = false
        }
        #expect(!report.passed)
        #expect(report.failure?.code == "drill.needs_persistence")
    }
}
