import Testing

@testable import Drills

@Suite struct StatisticsTests {
    @Test func percentilesAreMeasuredSamples() {
        let statistics = Statistics((1...200).reversed().map(Int64.init))
        #expect(statistics.median == 100)
        #expect(statistics.percentile(99) == 198)
        #expect(statistics.percentile(100) == 200)
        #expect(statistics.percentile(0) == 1)
        #expect(statistics.min == 1 && statistics.max == 200 && statistics.count == 200)
    }

    @Test func fewSamples() {
        #expect(Statistics([]).median == nil)
        #expect(Statistics([]).percentile(99) == nil)
        #expect(Statistics([7]).percentile(1) == 7)
        #expect(Statistics([7, 9]).median == 7)
        #expect(Statistics([7, 9]).percentile(99) == 9)
    }
}

@Suite struct ClientMeasuresTests {
    private func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }

    private func operation(
        _ kind: Operation.Kind, at start: Int64, to end: Int64, _ outcome: Operation.Outcome = .acknowledged
    ) -> Operation {
        Operation(kind, page: 1, started: milliseconds(start), ended: milliseconds(end), outcome: outcome)
    }

    @Test func theLongestStallIsBetweenTwoSuccesses() {
        let history = ClientHistory(
            client: 0,
            operations: [
                operation(.set, at: 0, to: 1), operation(.set, at: 51, to: 52),
                operation(.set, at: 100, to: 400, .broken), operation(.set, at: 450, to: 460),
                operation(.set, at: 500, to: 501),
            ])
        let measures = ClientMeasures([history], fault: milliseconds(100), end: milliseconds(510))
        #expect(measures.longestStall == milliseconds(408))
        #expect(measures.requests == 5 && measures.errors == 1 && measures.clients == 1)
    }

    @Test func aClientThatNeverRecoversStallsUntilTheEnd() {
        let history = ClientHistory(
            client: 0, operations: [operation(.set, at: 0, to: 1), operation(.set, at: 51, to: 52, .broken)])
        let measures = ClientMeasures([history], fault: milliseconds(50), end: milliseconds(9_001))
        #expect(measures.longestStall == milliseconds(9_000))
        #expect(measures.recovery == nil)
    }

    /// A hung server's kernel still accepts connections.
    @Test func connectingIsNoSuccess() {
        let history = ClientHistory(
            client: 0,
            operations: [
                operation(.set, at: 0, to: 1), operation(.connect, at: 50, to: 51),
                operation(.recall, at: 52, to: 53, .broken), operation(.connect, at: 100, to: 101),
                operation(.recall, at: 200, to: 201),
            ])
        let measures = ClientMeasures([history], fault: milliseconds(40), end: milliseconds(210))
        #expect(measures.longestStall == milliseconds(200))
    }

    @Test func recoveryIsTheFirstWriteThatTheNewMasterAcknowledged() {
        let history = ClientHistory(
            client: 0,
            operations: [
                operation(.set, at: 99, to: 101),  // was under way from the old master
                operation(.get, at: 110, to: 120),  // no write
                operation(.set, at: 130, to: 140, .refused),
                operation(.increment, at: 100, to: 900),  // was held
                operation(.set, at: 950, to: 951),
            ])
        let measures = ClientMeasures([history], fault: milliseconds(100), end: milliseconds(1_000))
        #expect(measures.recovery == milliseconds(800))
    }

    @Test func aWriteHeldSinceBeforeTheFaultShowsRecovery() {
        let history = ClientHistory(client: 0, operations: [operation(.set, at: 90, to: 400)])
        let measures = ClientMeasures([history], fault: milliseconds(100), end: milliseconds(500))
        #expect(measures.recovery == milliseconds(300))
    }

    @Test(arguments: [
        (Operation.Kind.set, Operation.Outcome.broken, true), (.get, .broken, true), (.connect, .unconnected, true),
        (.increment, .refused, true), (.increment, .broken, false), (.append, .broken, false),
        (.transact, .broken, false), (.transact, .unconnected, true),
        (.set, .acknowledged, false),
    ])
    func unknownOutcomesOfUnreplayableWritesAreNoErrors(
        kind: Operation.Kind, outcome: Operation.Outcome, isError: Bool
    ) {
        #expect(Operation(kind, page: 1, outcome: outcome).isError == isError)
    }

    @Test func errorTextsAreCounted() {
        var history = ClientHistory(client: 0)
        history.record(Operation(.set, page: 1, outcome: .broken), error: "read error")
        history.record(Operation(.set, page: 2, outcome: .broken), error: "read error")
        history.record(Operation(.set, page: 3))
        let measures = ClientMeasures([history, history], fault: 0, end: 0)
        #expect(measures.errorTexts == ["set: read error": 4])
    }
}

@Suite struct TimelineTests {
    @Test func entriesAreKeptInTheOrderOfTheirTimes() {
        var timeline = Timeline()
        timeline.add("fault.injected", at: 10, "SIGKILL redis-1")
        timeline.add("sentinel.switch_master", at: 30, "")
        timeline.add("redis.master", at: 20, "redis-2")
        timeline.add("fault.verified", at: 10, "")
        #expect(
            timeline.entries.map(\.event)
                == ["fault.injected", "fault.verified", "redis.master", "sentinel.switch_master"])
        #expect(timeline.time(of: "redis.master") == 20)
        #expect(timeline.time(of: "other") == nil)
    }
}
