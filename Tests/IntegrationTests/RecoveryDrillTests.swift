import Drills
import Testing

/// Drills of the database on real servers, with the built program. Times are not asserted.
@Suite(.serialized) struct RecoveryDrillTests {
    private func run(_ scenario: RecoveryScenario, _ change: (inout RecoverySuite) -> Void = { _ in }) async throws
        -> DrillReport
    {
        let directory = try ScratchDirectory.make()
        defer { ScratchDirectory.remove(directory) }
        var suite = RecoverySuite([scenario], stateDirectory: directory)
        change(&suite)
        return try #require(try await suite.run().first)
    }

    @Test(.timeLimit(.minutes(5)), arguments: RecoveryScenario.allCases)
    func passes(scenario: RecoveryScenario) async throws {
        let report = try await run(scenario)
        #expect(report.passed, "\(report.text)")
        #expect(report.writes.acknowledged > 100)
        #expect(report.timeline.contains { $0.event == "fault.injected" })
        #expect(report.recovery?.data == "tiny" && (report.recovery?.rows ?? 0) > 50_000)
    }
}
