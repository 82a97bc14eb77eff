import Testing
import Topology

@testable import Drills

@Suite struct VerdictTests {
    static let expectations = Expectations(
        stall: .seconds(1), addsDownAfter: true, failover: true, masterFaults: 1,
        replicationWindow: .milliseconds(100))

    /// Four clients, a fault at ten seconds, recovered after two: nothing to complain about.
    static func findings() -> Verdict.Findings {
        var measures = ClientMeasures()
        measures.clients = 4
        measures.requests = 400
        measures.longestStall = 2_000_000_000
        measures.recovery = 1_900_000_000
        var writes = Checker.Result()
        writes.acknowledged = 200
        return Verdict.Findings(
            measures: measures, writes: writes, fault: 10_000_000_000, downAfter: .seconds(1),
            masterBefore: "redis-1", masterAfter: "redis-2")
    }

    private func failures(
        _ expectations: Expectations = expectations, _ change: (inout Verdict.Findings) -> Void
    ) -> [String] {
        var findings = Self.findings()
        change(&findings)
        let verdict = Verdict(expectations, findings)
        let failures = verdict.checks.filter { !$0.passed }.map(\.name)
        #expect(verdict.passed == failures.isEmpty)
        return failures
    }

    private func anomaly(_ kind: Anomaly.Kind, promised: Int64? = nil) -> Anomaly {
        Anomaly(kind: kind, client: 0, operation: .append, page: 1, count: 1, promised: promised, detail: "")
    }

    @Test func aCleanDrillPasses() {
        #expect(failures { _ in } == [])
    }

    @Test func errorsFail() {
        #expect(failures { $0.measures.errors = 1 } == ["errors"])
    }

    @Test(arguments: [
        (Anomaly.Kind.duplicated, "duplicated"), (.foreignReply, "foreign_replies"),
        (.falselyRefused, "falsely_refused"), (.reordered, "reordered"), (.torn, "torn"), (.lost, "lost"),
        (.staleRead, "stale_reads"),
    ])
    func everyAnomalyFails(kind: Anomaly.Kind, check: String) {
        #expect(failures { $0.writes.anomalies = [anomaly(kind)] } == [check])
    }

    @Test(arguments: [
        (9_950_000_000, true), (10_000_000_000, true), (9_900_000_000, true), (9_899_999_999, false),
        (10_050_000_000, true),
        (10_050_000_001, false),
    ])
    func lossIsForgivenInTheReplicationWindowOnly(promised: Int64, forgiven: Bool) {
        for kind in [Anomaly.Kind.lost, .staleRead] {
            let failed = failures { $0.writes.anomalies = [anomaly(kind, promised: promised)] }
            #expect(failed.isEmpty == forgiven)
        }
    }

    @Test func lossIsNotForgivenWithoutAWindow() {
        var strict = Self.expectations
        strict.replicationWindow = .zero
        let failed = failures(strict) { $0.writes.anomalies = [anomaly(.lost, promised: $0.fault)] }
        #expect(failed == ["lost"])
    }

    @Test func oneUnknownWriteForEachClientAndFault() {
        #expect(failures { $0.writes.unknown = 4 } == [])
        #expect(failures { $0.writes.unknown = 5 } == ["unknown"])
        var harmless = Self.expectations
        harmless.masterFaults = 0
        #expect(failures(harmless) { $0.writes.unknown = 1 } == ["unknown"])
    }

    @Test func theStallIncludesDownAfterWhereSentinelDecides() {
        #expect(failures { $0.measures.longestStall = 2_000_000_001 } == ["longest_stall"])
        var quick = Self.expectations
        quick.addsDownAfter = false
        #expect(failures(quick) { $0.measures.longestStall = 1_500_000_000 } == ["longest_stall"])
    }

    @Test func theMasterMustMoveExactlyWhenItShould() {
        #expect(failures { $0.masterAfter = "redis-1" } == ["failover"])
        #expect(failures { $0.masterAfter = nil } == ["healed"])
        var harmless = Self.expectations
        harmless.failover = false
        #expect(failures(harmless) { _ in } == ["failover"])
        var either = Self.expectations
        either.failover = nil
        #expect(failures(either) { _ in } == [])
        #expect(failures(either) { $0.masterAfter = "redis-1" } == [])
        #expect(failures(either) { $0.masterAfter = nil } == ["healed"])
    }

    @Test func silenceIsNoSuccess() {
        #expect(failures { $0.measures.recovery = nil } == ["recovered"])
        #expect(failures { $0.writes.acknowledged = 0 } == ["recovered"])
    }

    @Test func refusalsMayBeToleratedAndOtherErrorsNot() {
        var expectations = Self.expectations
        expectations.errors = .refusals
        #expect(
            failures(expectations) {
                $0.measures.errors = 3
                $0.measures.refusals = 3
            } == [])
        #expect(
            failures(expectations) {
                $0.measures.errors = 4
                $0.measures.refusals = 3
            } == ["errors"])
    }

    @Test func clientsWithoutAnAnswerFail() {
        #expect(failures { $0.measures.hung = 1 } == ["hung"])
    }

    /// Not even in the replication window, for that is what durable means.
    @Test func aDurableLossIsNeverForgiven() {
        var lost = anomaly(.lost, promised: 9_990_000_000)
        lost.operation = .pledge
        #expect(failures { $0.writes.anomalies = [lost] } == [])
        #expect(
            failures {
                $0.writes.anomalies = [lost]
                $0.isDurable = true
            } == ["durable_lost"])
    }

    @Test func aCacheMayForgetAndNotRemember() {
        var forgotten = anomaly(.staleRead)
        forgotten.isForgotten = true
        #expect(
            failures {
                $0.role = .cache
                $0.writes.anomalies = [forgotten, anomaly(.lost)]
            } == [])
        #expect(
            failures {
                $0.role = .cache
                $0.writes.anomalies = [anomaly(.staleRead)]
            } == ["older_reads"])
        #expect(failures { $0.writes.anomalies = [forgotten] } == ["stale_reads"])
    }

    @Test func theOldMasterMustBeFencedAndSeenToBe() {
        var expectations = Self.expectations
        expectations.fencesOldMaster = true
        expectations.mostFailovers = 1
        #expect(
            failures(expectations) {
                $0.oldMasterWrites = 0
                $0.failovers = 1
            } == [])
        #expect(
            failures(expectations) {
                $0.oldMasterWrites = 1
                $0.failovers = 2
            } == ["failovers", "old_master_writes"])
        #expect(failures(expectations) { _ in } == ["failovers", "old_master_writes"])
    }

    @Test func theMinorityMustBeFencedAndItsOpenWritesAreItsOwn() {
        var expectations = Self.expectations
        expectations.fencesMinority = true
        #expect(failures(expectations) { $0.unfencedWrites = 0 } == [])
        #expect(failures(expectations) { $0.unfencedWrites = 1 } == ["unfenced_writes"])
        #expect(failures(expectations) { _ in } == ["unfenced_writes"])
        #expect(
            failures {
                $0.writes.unknown = 9
                $0.unknownOfMinority = 5
            } == [])
    }

    /// How long things take and what asynchronous replication loses is only counted.
    @Test func aRandomScheduleIsJudgedByWhatNothingExcuses() {
        var expectations = Expectations(stall: .seconds(1), failover: nil)
        expectations.errors = .any
        expectations.isRandom = true
        #expect(
            failures(expectations) {
                $0.measures.errors = 99
                $0.measures.longestStall = 60_000_000_000
                $0.writes.unknown = 99
                $0.writes.anomalies = [anomaly(.lost), anomaly(.staleRead)]
            } == [])
        #expect(failures(expectations) { $0.writes.anomalies = [anomaly(.duplicated)] } == ["duplicated"])
        #expect(failures(expectations) { $0.measures.hung = 1 } == ["hung"])
    }
}
