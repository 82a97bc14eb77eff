import Foundation
import Testing

@testable import Drills

@Suite struct ReportTests {
    private static let second: Int64 = 1_000_000_000

    /// One client that wrote before and after a fault at ten seconds and lost its connection once.
    private static func outcome() -> DrillOutcome {
        var history = ClientHistory(client: 0)
        history.record(Operation(.set, page: 1, started: 9 * second, ended: 9 * second + 1_500_000))
        history.record(
            Operation(.increment, page: 1, started: 10 * second, ended: 10 * second + 5, outcome: .broken),
            error: "read error")
        history.record(Operation(.set, page: 2, started: 11 * second, ended: 12 * second))
        let final = FinalState(pages: [1: .number(1)])
        let writes = Checker.check(history, against: final)
        let measures = ClientMeasures([history], fault: 10 * second, end: 12 * second)
        var timeline = Timeline()
        timeline.add("fault.injected", at: 10 * second, "SIGKILL redis-1")
        let verdict = Verdict(
            Expectations(stall: .seconds(5), failover: true, masterFaults: 1),
            Verdict.Findings(
                measures: measures, writes: writes, fault: 10 * second, downAfter: .zero, masterBefore: "redis-1",
                masterAfter: "redis-2"))
        return DrillOutcome(
            scenario: "redis-crash",
            groups: [.init(label: "phpredis, sidecar", kind: "phpredis", histories: [history], writes: writes)],
            timeline: timeline, fault: 10 * second, end: 12 * second, verdict: verdict)
    }

    private static func json(_ report: DrillReport) throws -> [String: Any] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try encoder.encode(report)
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// The keys and meanings that scripts rely on.
    @Test func jsonKeepsItsContract() throws {
        let json = try Self.json(DrillReport(Self.outcome()))
        #expect(json["scenario"] as? String == "redis-crash")
        #expect(json["passed"] as? Bool == false)
        #expect(json["rto_ms"] as? Int == 2000)
        let clients = try #require(json["clients"] as? [String: Any])
        #expect(clients["kind"] as? String == "phpredis")
        #expect(clients["count"] as? Int == 1)
        #expect(clients["requests"] as? Int == 3)
        #expect(clients["errors"] as? Int == 0)
        #expect(clients["longest_stall_ms"] as? Int == 2999)
        #expect(clients["p50_ms"] as? Double == 1.5)
        #expect(clients["p99_ms"] as? Double == 1000)
        let writes = try #require(json["writes"] as? [String: Any])
        #expect(writes["acknowledged"] as? Int == 2)
        #expect(writes["lost"] as? Int == 1)
        #expect(writes["duplicated"] as? Int == 0)
        #expect(writes["stale_reads"] as? Int == 0)
        #expect(writes["unknown"] as? Int == 1)
        let event = try #require((json["timeline"] as? [[String: Any]])?.first)
        #expect(event["at_ms"] as? Int == 0)
        #expect(event["event"] as? String == "fault.injected")
        #expect(event["detail"] as? String == "SIGKILL redis-1")
        let finding = try #require((json["findings"] as? [[String: Any]])?.first)
        #expect(finding["kind"] as? String == "lost")
        #expect(finding["promised_at_ms"] as? Double == 2000)
        let failed = (json["checks"] as? [[String: Any]])?.filter { $0["passed"] as? Bool == false }
        #expect(failed?.compactMap { $0["name"] as? String } == ["lost"])
    }

    @Test func aDrillThatCouldNotBeCarriedOutNeverPasses() throws {
        let report = DrillReport(
            scenario: "redis-crash", failure: .init(code: "drill.fault_not_injected", summary: "it lives on"))
        let json = try Self.json(report)
        #expect(json["passed"] as? Bool == false)
        #expect(json["rto_ms"] is NSNull)
        #expect((json["failure"] as? [String: Any])?["code"] as? String == "drill.fault_not_injected")
        #expect(report.text.contains("it lives on"))
    }

    @Test func repeatsAddCountsAndKeepTheWorstTimes() throws {
        var runs = Array(repeating: DrillReport(Self.outcome()), count: 3)
        for (index, stall) in [300, 900, 600].enumerated() {
            runs[index].clients.longestStallMs = stall
            runs[index].rtoMs = stall - 10
            runs[index].passed = true
        }
        let report = try #require(DrillReport(repeating: runs))
        #expect(report.passed)
        #expect(report.clients.requests == 9)
        #expect(report.clients.longestStallMs == 900)
        #expect(report.rtoMs == 890)
        #expect(report.writes.acknowledged == 6 && report.writes.lost == 3)
        #expect(report.repeats?.count == 3 && report.repeats?.passed == 3)
        #expect(report.repeats?.longestStallMs == DrillReport.Spread(median: 600, p99: 900, max: 900))
        #expect(report.repeats?.rtoMs == DrillReport.Spread(median: 590, p99: 890, max: 890))
        let json = try Self.json(report)
        #expect((json["repeat"] as? [String: Any])?["count"] as? Int == 3)
        #expect((json["runs"] as? [Any])?.count == 3)
    }

    @Test func oneFailedRepeatFailsAll() throws {
        var passed = DrillReport(Self.outcome())
        passed.passed = true
        let failed = DrillReport(
            scenario: "redis-crash", failure: .init(code: "drill.fault_not_injected", summary: "it lives on"))
        let report = try #require(DrillReport(repeating: [passed, failed, passed]))
        #expect(!report.passed)
        #expect(report.failure?.code == "drill.fault_not_injected")
        #expect(report.repeats?.passed == 2)
        #expect(report.clients.kind == "phpredis")
        #expect(DrillReport(repeating: []) == nil)
    }

    @Test func aRunThatNeverRecoveredLeavesNoRecoveryTime() throws {
        var never = DrillReport(Self.outcome())
        never.rtoMs = nil
        let report = try #require(DrillReport(repeating: [DrillReport(Self.outcome()), never]))
        #expect(report.rtoMs == nil)
    }
}

@Suite struct ClientKeysTests {
    private let keys = ClientKeys(run: "crash-1", client: 3)

    @Test func aValueNamesItsPage() {
        for page in [1, 26, 1234] {
            let value = keys.value(page: page, size: 300)
            #expect(value.utf8.count == 300)
            #expect(keys.page(of: value) == .number(page))
        }
        #expect(keys.page(of: keys.value(page: 7, size: 0)) == .number(7))
        #expect(keys.page(of: nil) == .missing)
    }

    @Test func damagedAndForeignValuesShow() {
        let value = keys.value(page: 7, size: 300)
        #expect(keys.page(of: String(value.dropLast()) + "!") == .foreign)
        #expect(keys.page(of: ClientKeys(run: "crash-1", client: 4).value(page: 7, size: 300)) == .foreign)
        #expect(keys.page(of: ClientKeys(run: "crash-2", client: 3).value(page: 7, size: 300)) == .foreign)
        #expect(keys.page(of: "") == .foreign)
        #expect(keys.page(of: keys.owner + ":x:") == .foreign)
        #expect(keys.page(of: keys.owner + ":0:") == .foreign)
    }
}
