import Testing

@testable import Drills

@Suite struct OperationLogTests {
    @Test func readsWhatTheClientWrites() throws {
        let line = try OperationLog.parse("1200\t1950\tincrement\t7\tok\t12\t")
        #expect(
            line.operation
                == Operation(.increment, page: 7, started: 1200, ended: 1950, result: .number(12)))
        #expect(line.operation.latency == 750)
        #expect(line.detail.isEmpty)
    }

    @Test(arguments: [
        ("1\t2\tget\t1\tok\t-\t", Operation.Outcome.acknowledged, Operation.Result.missing),
        ("1\t2\tget\t1\tok\t?\t", .acknowledged, .foreign),
        ("1\t2\tset\t1\tok\t\t", .acknowledged, .nothing),
        ("1\t2\tset\t1\trefused\t\tREADONLY You can't write", .refused, .nothing),
        ("1\t2\tset\t1\tbroken\t\tread error", .broken, .nothing),
        ("1\t2\tconnect\t1\tunconnected\t\tConnection refused", .unconnected, .nothing),
    ])
    func readsOutcomes(line: String, outcome: Operation.Outcome, result: Operation.Result) throws {
        let parsed = try OperationLog.parse(line)
        #expect(parsed.operation.outcome == outcome)
        #expect(parsed.operation.result == result)
    }

    @Test func keepsTabsInTheDetail() throws {
        #expect(try OperationLog.parse("1\t2\tset\t1\tbroken\t\ta\tb").detail == "a\tb")
    }

    @Test(arguments: [
        "", "PHP Fatal error: something", "1\t2\tset\t1\tok\t", "x\t2\tset\t1\tok\t\t", "2\t1\tset\t1\tok\t\t",
        "-1\t2\tset\t1\tok\t\t", "1\t2\tsett\t1\tok\t\t", "1\t2\tset\t0\tok\t\t", "1\t2\tset\t1\tfine\t\t",
        "1\t2\tset\t1\tok\tmany\t",
    ])
    func refusesAnythingElse(line: String) {
        #expect(throws: OperationLog.Malformed(line: line)) { try OperationLog.parse(line) }
    }
}
