import NIOCore
import RESP
import RedisClient
import Testing
import Topology

@testable import Drills

@Suite struct ScenarioTests {
    @Test func namesAreUniqueAndFound() {
        #expect(Set(Scenario.all.map(\.name)).count == Scenario.all.count)
        for scenario in Scenario.all { #expect(Scenario.named(scenario.name)?.summary == scenario.summary) }
        #expect(Scenario.named("nothing") == nil)
    }

    @Test(arguments: Scenario.all)
    func everyScenarioInjectsAFaultAndSeesTheStackHealed(scenario: Scenario) {
        #expect(
            scenario.steps.contains {
                switch $0 {
                case .inject, .disturb: true
                default: false
                }
            })
        #expect(scenario.steps.contains(.awaitRecovery))
        #expect(scenario.steps.contains(.awaitHealed))
    }

    /// What is compared without Breakwater is the fault itself, not the repair after it.
    @Test func theComparisonEndsWithTheRecovery() {
        #expect(Scenario.redisCrash.upToRecovery.steps == [.inject(Fault(.kill, .master)), .awaitRecovery])
        #expect(
            Scenario.redisRestart.upToRecovery.steps == [.inject(Fault(.kill, .master)), .repair, .awaitRecovery])
        for scenario in Scenario.standard { #expect(scenario.upToRecovery.steps.last == .awaitRecovery) }
    }

    @Test func theBuiltInStoresAreWhatTheDocumentationSays() throws {
        let standard = try #require(DrillTopology.standard.redis)
        #expect(standard.downAfter == .seconds(1))
        #expect(standard.failover == .sentinel)
        #expect(standard.persistence == .aof)
        #expect(standard.idempotent == [ClientKeys.idempotentPrefix])
        #expect(DrillTopology.standard.sidecar?.hold == .seconds(5))
        let tutorial = try #require(DrillTopology.tutorial.redis)
        #expect(tutorial.downAfter == .seconds(15))
        #expect(tutorial.minReplicasToWrite == 0)
    }

    @Test func aTopologyKeepsItsOwnPrefixes() {
        var topology = DrillTopology.standard
        topology.redis?.idempotent = ["shop:"]
        let once = DrillTopology.prepared(topology)
        #expect(once.redis?.idempotent == ["shop:", ClientKeys.idempotentPrefix])
        #expect(DrillTopology.prepared(once) == once)
    }
}

@Suite struct RoleTests {
    private static func bulk(_ text: String) -> RESPValue { .bulkString(ByteBuffer(string: text)) }

    @Test func readsRoleReplies() {
        #expect(StackProbe.role(.array([Self.bulk("master"), .integer(7), .array([])])) == .master)
        let replica: [RESPValue] = [
            Self.bulk("slave"), Self.bulk("127.0.0.1"), .integer(6379), Self.bulk("connected"), .integer(7),
        ]
        let master = RedisEndpoint(host: "127.0.0.1", port: 6379)
        #expect(StackProbe.role(.array(replica)) == .replica(of: master, isConnected: true))
        var unlinked = replica
        unlinked[3] = Self.bulk("connect")
        #expect(StackProbe.role(.array(unlinked)) == .replica(of: master, isConnected: false))
    }

    @Test(arguments: [
        RESPValue.null, .error("LOADING"), .array([]), .integer(1), .array([.simpleString("sentinel")]),
        .array([.simpleString("slave"), .integer(1)]), .array([.null, .null]),
    ])
    func anythingElseIsNoRole(reply: RESPValue) {
        #expect(StackProbe.role(reply) == .none)
    }
}

@Suite struct DemoReportTests {
    private static func report(_ scenario: String, _ groups: [DrillReport.Group], passed: Bool) -> DrillReport {
        var report = DrillReport(scenario: scenario, failure: .init(code: "", summary: ""))
        report.failure = nil
        report.passed = passed
        report.groups = groups
        return report
    }

    private static func group(_ kind: String, errors: Int, stall: Int, recovered: Bool, lost: Int) -> DrillReport.Group
    {
        var writes = DrillReport.Writes(Checker.Result())
        writes.lost = lost
        return DrillReport.Group(
            label: kind,
            clients: .init(
                kind: kind, count: 4, requests: 100, errors: errors, longestStallMs: stall, p50Ms: 1, p99Ms: 2),
            rtoMs: recovered ? stall : nil, writes: writes)
    }

    @Test func theTableSetsBothSideBySide() {
        let sidecar = Self.report(
            "redis-crash",
            [
                Self.group("phpredis", errors: 0, stall: 2380, recovered: true, lost: 0),
                Self.group("predis", errors: 0, stall: 2340, recovered: true, lost: 0),
            ], passed: true)
        let baseline = Self.report(
            "redis-crash",
            [
                Self.group("phpredis", errors: 1834, stall: 30_050, recovered: false, lost: 0),
                Self.group("predis", errors: 3, stall: 17_040, recovered: true, lost: 2),
            ], passed: false)
        let report = DemoReport(rows: [.init(scenario: "redis-crash", sidecar: sidecar, baseline: baseline)])
        #expect(report.passed)
        let table = report.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(5).joined(
            separator: "\n")
        #expect(
            table == """
                                                  without Breakwater                      with the sidecar
                fault          client    errors   longest stall   lost  stale   errors   longest stall   lost  stale
                ----------------------------------------------------------------------------------------------------
                redis-crash    phpredis    1834  never (30.1 s)      0      0        0           2.4 s      0      0
                               predis         3          17.0 s      2      0        0           2.3 s      0      0
                """)
    }

    @Test func aFailedDrillFailsTheDemoAndIsShownInFull() {
        let failed = DrillReport(
            scenario: "redis-hang", failure: .init(code: "drill.fault_not_injected", summary: "it lives on"))
        let report = DemoReport(rows: [.init(scenario: "redis-hang", sidecar: failed, baseline: nil)])
        #expect(!report.passed)
        #expect(report.text.contains("redis-hang: FAILED"))
        #expect(report.text.contains("it lives on [drill.fault_not_injected]"))
    }
}
