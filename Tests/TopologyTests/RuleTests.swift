import Testing
import Topology

/// Rules over values that can each be read: what is found, where, and that nothing else is.
struct RuleTests {
    @Test(arguments: ruleCases + backupCases + otherCases)
    func exactlyTheseFindings(_ example: DiagnosticCase) {
        #expect(findings(example.text) == example.findings)
    }

    @Test(arguments: ruleCases + backupCases + otherCases)
    func aTopologyResultsExactlyWithoutErrors(_ example: DiagnosticCase) {
        let reading = StoreTopology.read(text: example.text, file: "f")
        #expect((reading.topology == nil) == reading.diagnostics.contains { $0.severity == .error })
    }

    /// Whoever adds a code adds a file that shows it.
    @Test func everyCodeIsShown() {
        let shown = Set(
            (ruleCases + backupCases + otherCases + shapeCases).flatMap(\.findings).map { $0.split(separator: " ")[2] })
        let others: Set<DiagnosticCode> = [.fileUnreadable, .fileTooLarge, .fileNotUTF8, .hostUnused]
        for code in DiagnosticCode.allCases where !others.contains(code) {
            #expect(shown.contains(code.rawValue[...]), "\(code.rawValue)")
        }
    }

    @Test func anUnusedHostIsWorthAWarning() throws {
        let found = StoreTopology.read(text: goodFile(""), file: "f").diagnostics
        #expect(found.map(\.code) == Array(repeating: "hosts.unused", count: 5))
        #expect(found.map(\.line) == [8, 9, 10, 11, 12])
        #expect(found.allSatisfy { $0.column == 3 && $0.severity == .warning })
    }

    @Test func messagesNameNumbersAndTheWayOut() throws {
        let found = try #require(diagnostic("redis.quorum_not_majority", in: goodRedisFile("quorum: 1")))
        #expect(found.message == "the quorum is 1, but a majority of 3 Sentinels is 2")
        #expect(found.hint?.contains("leave `quorum` out") == true)
        #expect(
            found.description
                == "f:18:11: error: the quorum is 1, but a majority of 3 Sentinels is 2 [redis.quorum_not_majority]")
    }

    @Test func aPlacementNamesTheMachineAndWhatGoesWithIt() throws {
        let text = redisFile("nodes: [a, b, c]", "sentinels: [a, a-again, b]", "password: env:P")
        let found = try #require(diagnostic("redis.placement_no_majority", in: text))
        #expect(found.message.contains("10.0.0.1 (a, a-again)"))
        #expect(found.message.contains("leaves 1 of 3 Sentinels"))
        #expect(found.message.contains("a would be lost with it"))
    }

    /// A value that was refused already is not judged a second time through the default that stands in for it.
    @Test func aRefusedValueIsReportedOnce() {
        #expect(findings(goodRedisFile("quorum: many")) == ["18:11 error topology.invalid_value"])
        #expect(
            findings(redisFile("nodes: a", "sentinels: [a, b, c]", "password: env:P")) == [
                "15:10 error topology.wrong_type"
            ])
        #expect(
            findings(redisFile("nodes: [a, b, c]", "sentinels: [a, b, c]", "password: hunter2")) == [
                "17:13 error topology.literal_secret"
            ])
    }
}
