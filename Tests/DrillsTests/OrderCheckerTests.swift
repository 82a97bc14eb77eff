import Testing

@testable import Drills

@Suite struct OrderCheckerTests {
    private typealias Found = OrderChecker.Found

    /// One shopper whose n-th order ended n seconds after zero.
    private static func history(_ outcomes: Operation.Outcome...) -> ClientHistory {
        var history = ClientHistory(client: 1)
        for (index, outcome) in outcomes.enumerated() {
            let end = Int64(index + 1) * 1_000_000_000
            history.record(Operation(.order, page: index + 1, started: end - 5_000_000, ended: end, outcome: outcome))
        }
        return history
    }

    private struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var outcomes: Operation.Outcome
        var found: [OrderChecker.Found]
        var kinds: [Anomaly.Kind] = []
        var applied = 0
    }

    private static let rows = [
        Row(testDescription: "acknowledged and there", outcomes: .acknowledged, found: [Found(client: 1, page: 1)]),
        Row(testDescription: "acknowledged and missing", outcomes: .acknowledged, found: [], kinds: [.lost]),
        Row(
            testDescription: "there twice", outcomes: .acknowledged,
            found: [Found(client: 1, page: 1), Found(client: 1, page: 1)], kinds: [.duplicated]),
        Row(
            testDescription: "without its items", outcomes: .acknowledged,
            found: [Found(client: 1, page: 1, isWhole: false)], kinds: [.torn]),
        Row(testDescription: "refused and not there", outcomes: .refused, found: []),
        Row(
            testDescription: "refused and there", outcomes: .refused, found: [Found(client: 1, page: 1)],
            kinds: [.falselyRefused]),
        Row(testDescription: "open and missing", outcomes: .broken, found: []),
        Row(testDescription: "open and there", outcomes: .broken, found: [Found(client: 1, page: 1)], applied: 1),
        Row(
            testDescription: "open and there twice", outcomes: .broken,
            found: [Found(client: 1, page: 1), Found(client: 1, page: 1)], kinds: [.duplicated], applied: 1),
        Row(
            testDescription: "of somebody else", outcomes: .acknowledged,
            found: [Found(client: 1, page: 1), Found(client: 2, page: 1)], kinds: [.foreignReply]),
    ]

    @Test(arguments: rows)
    private func oneOrder(row: Row) {
        let result = OrderChecker.check([Self.history(row.outcomes)], found: row.found)
        #expect(result.anomalies.map(\.kind) == row.kinds)
        #expect(result.unknown == (row.outcomes == .broken ? 1 : 0) && result.unknownApplied == row.applied)
    }

    @Test func whatWasAcknowledgedAfterTheBackupBeganIsNotExpectedInIt() {
        let history = Self.history(.acknowledged, .acknowledged)
        let found = [Found(client: 1, page: 1)]
        #expect(OrderChecker.check([history], found: found, until: 1_500_000_000).anomalies.isEmpty)
        #expect(OrderChecker.check([history], found: found).count(.lost) == 1)
    }

    @Test func lossesAreExcusedInTheWindowBeforeTheFaultAlone() {
        // Acknowledged 1, 2, 3, 4 and 5 s after zero; all are missing.
        let history = Self.history(.acknowledged, .acknowledged, .acknowledged, .acknowledged, .acknowledged)
        let result = OrderChecker.check([history], found: [])
        let fault: Int64 = 3_980_000_000
        #expect(OrderChecker.oldestLoss(result, before: fault) == 2_980_000_000)
        // Those of 2 and 3 s, and that of 4 s, which may have been under way when the server died.
        #expect(OrderChecker.unexcused(result, fault: fault, window: .seconds(2)) == 2)
        #expect(OrderChecker.unexcused(result, fault: fault, window: .zero) == 4)
        #expect(OrderChecker.unexcused(result, fault: 6_000_000_000, window: .seconds(6)) == 0)
    }

    @Test func aReceiptThatMissesTheOrderIsAStaleRead() {
        var history = Self.history(.acknowledged, .acknowledged)
        history.record(Operation(.receipt, page: 1, started: 1, ended: 2, result: .number(1)))
        history.record(Operation(.receipt, page: 2, started: 3, ended: 4, result: .missing))
        let result = OrderChecker.check([history], found: [Found(client: 1, page: 1), Found(client: 1, page: 2)])
        #expect(result.freshReads == 1 && result.count(.staleRead) == 1)
    }

    @Test(arguments: ["drill-3-17", "drill-0-0"])
    func namesAreReadAgain(name: String) throws {
        #expect(try #require(OrderText(name: name)).name == name)
    }

    @Test(arguments: ["", "drill-", "drill-1", "drill-1-x", "drill--1-2", "shop-1-2", "drill-1-2-3", "drill-1--2"])
    func otherNamesAreNone(name: String) {
        #expect(OrderText(name: name) == nil)
    }

    @Test func anOrderIsWholeWithAllOfItsRowsAlone() {
        let order = OrderText(client: 1, page: 2)
        #expect(order.items == 3)
        #expect(order.isWhole(posts: 1, addresses: 2, data: 1, items: 3, itemMeta: 12))
        #expect(!order.isWhole(posts: 0, addresses: 2, data: 1, items: 3, itemMeta: 12))
        #expect(!order.isWhole(posts: 1, addresses: 1, data: 1, items: 3, itemMeta: 12))
        #expect(!order.isWhole(posts: 1, addresses: 2, data: 0, items: 3, itemMeta: 12))
        #expect(!order.isWhole(posts: 1, addresses: 2, data: 1, items: 2, itemMeta: 12))
        #expect(!order.isWhole(posts: 1, addresses: 2, data: 1, items: 3, itemMeta: 11))
    }
}
