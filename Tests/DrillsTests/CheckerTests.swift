import Testing

@testable import Drills

/// Feeds the checker histories with a known anomaly each: it must find that one and no other.
@Suite struct CheckerTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var operations: [Operation]
        var final: FinalState
        var anomalies: [Expected] = []
        var unknown = 0
        var unknownApplied = 0
        var interrupted = false

        var testDescription: String { name }
    }

    struct Expected: Equatable, Sendable {
        var kind: Anomaly.Kind
        var operation: Operation.Kind
        var page: Int
        var count = 1

        init(_ kind: Anomaly.Kind, _ operation: Operation.Kind, page: Int, count: Int = 1) {
            self.kind = kind
            self.operation = operation
            self.page = page
            self.count = count
        }
    }

    static let pageKeys: [Case] = [
        Case(
            name: "every page's key is there",
            operations: [.init(.set, page: 1), .init(.recall, page: 1, result: .number(1)), .init(.set, page: 2)],
            final: FinalState(pages: [1: .number(1), 2: .number(2)])),
        Case(
            name: "an acknowledged key is missing",
            operations: [.init(.set, page: 1), .init(.set, page: 2)],
            final: FinalState(pages: [1: .number(1)]),
            anomalies: [.init(.lost, .set, page: 2)]),
        Case(
            name: "a key that was acknowledged is not found by the next page",
            operations: [.init(.set, page: 1), .init(.recall, page: 1, result: .missing)],
            final: FinalState(pages: [1: .number(1)]),
            anomalies: [.init(.staleRead, .recall, page: 1)]),
        Case(
            name: "a key whose outcome is open may be missing",
            operations: [
                .init(.set, page: 1, outcome: .broken), .init(.recall, page: 1, result: .missing),
            ],
            final: FinalState(),
            unknown: 1),
        Case(
            name: "a key whose outcome is open may be there",
            operations: [
                .init(.set, page: 1, outcome: .broken), .init(.recall, page: 1, result: .number(1)),
            ],
            final: FinalState(pages: [1: .number(1)]),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "a refused key is there",
            operations: [.init(.set, page: 1, outcome: .refused)],
            final: FinalState(pages: [1: .number(1)]),
            anomalies: [.init(.falselyRefused, .set, page: 1)]),
        Case(
            name: "a page that had no connection wrote nothing",
            operations: [.init(.connect, page: 1, outcome: .unconnected)],
            final: FinalState()),
        Case(
            name: "a key holds another client's value",
            operations: [.init(.set, page: 1)],
            final: FinalState(pages: [1: .foreign]),
            anomalies: [.init(.foreignReply, .set, page: 1)]),
        Case(
            name: "a key holds another page's value",
            operations: [.init(.set, page: 1), .init(.set, page: 2)],
            final: FinalState(pages: [1: .number(2), 2: .number(2)]),
            anomalies: [.init(.foreignReply, .set, page: 1)]),
        Case(
            name: "a page recalls another client's value",
            operations: [.init(.set, page: 1), .init(.recall, page: 1, result: .foreign)],
            final: FinalState(pages: [1: .number(1)]),
            anomalies: [.init(.foreignReply, .recall, page: 1)]),
        Case(
            name: "SET is answered with something else than OK",
            operations: [.init(.set, page: 1, result: .foreign)],
            final: FinalState(pages: [1: .number(1)]),
            anomalies: [.init(.foreignReply, .set, page: 1)]),
    ]

    static let overwrittenKey: [Case] = [
        Case(
            name: "every read finds the last write",
            operations: [
                .init(.get, page: 1, result: .missing), .init(.put, page: 1), .init(.get, page: 1, result: .number(1)),
                .init(.put, page: 2), .init(.get, page: 2, result: .number(2)),
            ],
            final: FinalState(current: .number(2))),
        Case(
            name: "a read finds the value before the last acknowledged one",
            operations: [.init(.put, page: 1), .init(.put, page: 2), .init(.get, page: 2, result: .number(1))],
            final: FinalState(current: .number(2)),
            anomalies: [.init(.staleRead, .get, page: 2)]),
        Case(
            name: "a read finds nothing after an acknowledged write",
            operations: [.init(.put, page: 1), .init(.get, page: 1, result: .missing)],
            final: FinalState(current: .number(1)),
            anomalies: [.init(.staleRead, .get, page: 1)]),
        Case(
            name: "a read finds a write whose outcome was open",
            operations: [
                .init(.put, page: 1), .init(.put, page: 2, outcome: .broken),
                .init(.get, page: 3, result: .number(2)),
            ],
            final: FinalState(current: .number(2)),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "a read finds a value from the future",
            operations: [.init(.put, page: 1), .init(.get, page: 1, result: .number(7))],
            final: FinalState(current: .number(1)),
            anomalies: [.init(.foreignReply, .get, page: 1)]),
        Case(
            name: "a read finds another client's value",
            operations: [.init(.put, page: 1), .init(.get, page: 1, result: .foreign)],
            final: FinalState(current: .number(1)),
            anomalies: [.init(.foreignReply, .get, page: 1)]),
        Case(
            name: "the last acknowledged write is missing",
            operations: [.init(.put, page: 1)],
            final: FinalState(current: .missing),
            anomalies: [.init(.lost, .put, page: 1)]),
        Case(
            name: "an acknowledged write that was replayed late overwrote a newer one",
            operations: [.init(.put, page: 1), .init(.put, page: 2)],
            final: FinalState(current: .number(1)),
            anomalies: [.init(.lost, .put, page: 2)]),
        Case(
            name: "an open write took effect after a newer acknowledged one",
            operations: [.init(.put, page: 1, outcome: .broken), .init(.put, page: 2)],
            final: FinalState(current: .number(1)),
            anomalies: [.init(.lost, .put, page: 2)],
            unknown: 1),
        Case(
            name: "a client that was stopped within a write it could not report",
            operations: [.init(.put, page: 1)],
            final: FinalState(current: .number(2)),
            interrupted: true),
    ]

    static let counter: [Case] = [
        Case(
            name: "the counter counts",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, result: .number(2)),
            ],
            final: FinalState(counter: 2)),
        Case(
            name: "an acknowledged increment ran twice before its answer",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, result: .number(3)),
            ],
            final: FinalState(counter: 3),
            anomalies: [.init(.duplicated, .increment, page: 2)]),
        Case(
            name: "an acknowledged increment was replayed after its answer",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, result: .number(2)),
            ],
            final: FinalState(counter: 4),
            anomalies: [.init(.duplicated, .increment, page: 2, count: 2)]),
        Case(
            name: "the counter fell back",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, result: .number(2)),
                .init(.increment, page: 3, result: .number(3)), .init(.increment, page: 4, result: .number(2)),
            ],
            final: FinalState(counter: 2),
            anomalies: [.init(.lost, .increment, page: 4, count: 2)]),
        Case(
            name: "the last increments are missing",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, result: .number(2)),
            ],
            final: FinalState(counter: 0),
            anomalies: [.init(.lost, .increment, page: 2, count: 2)]),
        Case(
            name: "an open increment shows in the next answer",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, outcome: .broken),
                .init(.increment, page: 3, result: .number(3)),
            ],
            final: FinalState(counter: 3),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "an open increment never ran",
            operations: [
                .init(.increment, page: 1, result: .number(1)), .init(.increment, page: 2, outcome: .broken),
                .init(.increment, page: 3, result: .number(2)),
            ],
            final: FinalState(counter: 2),
            unknown: 1),
        Case(
            name: "an open increment ran late",
            operations: [
                .init(.increment, page: 1, outcome: .broken), .init(.increment, page: 2, result: .number(1)),
                .init(.increment, page: 3, result: .number(3)),
            ],
            final: FinalState(counter: 3),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "an open increment ran twice",
            operations: [
                .init(.increment, page: 1, outcome: .broken), .init(.increment, page: 2, result: .number(3)),
            ],
            final: FinalState(counter: 3),
            anomalies: [.init(.duplicated, .increment, page: 2)],
            unknown: 1, unknownApplied: 1),
        Case(
            name: "a refused increment ran",
            operations: [.init(.increment, page: 1, outcome: .refused)],
            final: FinalState(counter: 1),
            anomalies: [.init(.duplicated, .increment, page: 0)]),
        Case(
            name: "INCR is answered with something else than a number",
            operations: [.init(.increment, page: 1, result: .foreign)],
            final: FinalState(counter: 0),
            anomalies: [.init(.foreignReply, .increment, page: 1)]),
        Case(
            name: "a client that was stopped within an increment it could not report",
            operations: [.init(.increment, page: 1, result: .number(1))],
            final: FinalState(counter: 2),
            unknownApplied: 1, interrupted: true),
    ]

    static let log: [Case] = [
        Case(
            name: "every entry is there once, in order",
            operations: [.init(.append, page: 1, result: .number(1)), .init(.append, page: 2, result: .number(2))],
            final: FinalState(log: [1, 2])),
        Case(
            name: "an acknowledged entry is missing",
            operations: [.init(.append, page: 1, result: .number(1)), .init(.append, page: 2, result: .number(2))],
            final: FinalState(log: [1]),
            anomalies: [.init(.lost, .append, page: 2)]),
        Case(
            name: "an acknowledged entry was appended again by a replay",
            operations: [.init(.append, page: 1, result: .number(1)), .init(.append, page: 2, result: .number(2))],
            final: FinalState(log: [1, 2, 1]),
            anomalies: [.init(.duplicated, .append, page: 1)]),
        Case(
            name: "an open entry may be there",
            operations: [.init(.append, page: 1, outcome: .broken)],
            final: FinalState(log: [1]),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "an open entry may be missing",
            operations: [.init(.append, page: 1, outcome: .broken)],
            final: FinalState(),
            unknown: 1),
        Case(
            name: "an open entry is there twice",
            operations: [.init(.append, page: 1, outcome: .broken)],
            final: FinalState(log: [1, 1]),
            anomalies: [.init(.duplicated, .append, page: 1)],
            unknown: 1, unknownApplied: 1),
        Case(
            name: "a refused entry is there",
            operations: [.init(.append, page: 1, outcome: .refused)],
            final: FinalState(log: [1]),
            anomalies: [.init(.falselyRefused, .append, page: 1)]),
        Case(
            name: "two acknowledged entries changed places",
            operations: [.init(.append, page: 1, result: .number(1)), .init(.append, page: 2, result: .number(2))],
            final: FinalState(log: [2, 1]),
            anomalies: [.init(.reordered, .append, page: 1)]),
        Case(
            name: "an open entry may come late",
            operations: [.init(.append, page: 1, outcome: .broken), .init(.append, page: 2, result: .number(1))],
            final: FinalState(log: [2, 1]),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "an entry that nobody wrote",
            operations: [],
            final: FinalState(log: [nil]),
            anomalies: [.init(.foreignReply, .append, page: 0)]),
    ]

    static let transactions: [Case] = [
        Case(
            name: "every transaction took effect once",
            operations: [.init(.transact, page: 1), .init(.transact, page: 2)],
            final: FinalState(orders: [1, 2], orderCount: 2)),
        Case(
            name: "an acknowledged transaction is missing",
            operations: [.init(.transact, page: 1), .init(.transact, page: 2)],
            final: FinalState(orders: [1], orderCount: 1),
            anomalies: [.init(.lost, .transact, page: 2)]),
        Case(
            name: "a transaction was replayed",
            operations: [.init(.transact, page: 1)],
            final: FinalState(orders: [1, 1], orderCount: 2),
            anomalies: [.init(.duplicated, .transact, page: 1)]),
        Case(
            name: "a transaction took effect in part",
            operations: [.init(.transact, page: 1), .init(.transact, page: 2, outcome: .broken)],
            final: FinalState(orders: [1], orderCount: 2),
            anomalies: [.init(.torn, .transact, page: 2)],
            unknown: 1),
        Case(
            name: "a transaction without an answer to EXEC may have been executed",
            operations: [.init(.transact, page: 1, outcome: .broken)],
            final: FinalState(orders: [1], orderCount: 1),
            unknown: 1, unknownApplied: 1),
        Case(
            name: "a transaction whose EXEC was never sent was executed",
            operations: [.init(.transact, page: 1, outcome: .unconnected)],
            final: FinalState(orders: [1], orderCount: 1),
            anomalies: [.init(.falselyRefused, .transact, page: 1)]),
        Case(
            name: "EXEC is answered with somebody else's reply",
            operations: [.init(.transact, page: 1, result: .foreign)],
            final: FinalState(orders: [1], orderCount: 1),
            anomalies: [.init(.foreignReply, .transact, page: 1)]),
    ]

    static let durable: [Case] = [
        Case(
            name: "what was acknowledged on the durable prefix is there",
            operations: [.init(.pledge, page: 1), .init(.tally, page: 1, result: .number(1))],
            final: FinalState(pledges: [1: .number(1)], tally: 1)),
        Case(
            name: "an acknowledged durable key is missing",
            operations: [.init(.pledge, page: 1), .init(.pledge, page: 2)],
            final: FinalState(pledges: [2: .number(2)]),
            anomalies: [.init(.lost, .pledge, page: 1)]),
        Case(
            name: "a durable write that too few replicas confirmed may be there or not",
            operations: [.init(.pledge, page: 1, outcome: .broken), .init(.pledge, page: 2, outcome: .broken)],
            final: FinalState(pledges: [2: .number(2)]),
            unknown: 2, unknownApplied: 1),
        Case(
            name: "the durable counter lost one",
            operations: [.init(.tally, page: 1, result: .number(1)), .init(.tally, page: 2, result: .number(2))],
            final: FinalState(tally: 1),
            anomalies: [.init(.lost, .tally, page: 2)]),
        Case(
            name: "the durable counter counted twice",
            operations: [.init(.tally, page: 1, result: .number(1))],
            final: FinalState(tally: 2),
            anomalies: [.init(.duplicated, .tally, page: 1)]),
        Case(
            name: "both counters are kept apart",
            operations: [.init(.increment, page: 1, result: .number(1)), .init(.tally, page: 1, result: .number(1))],
            final: FinalState(counter: 1, tally: 1)),
    ]

    static let carts: [Case] = [
        Case(
            name: "the cart is what was written",
            operations: [
                .init(.readCart, page: 1, result: .missing), .init(.writeCart, page: 1),
                .init(.readCart, page: 2, result: .number(1)),
            ],
            final: FinalState()),
        Case(
            name: "a cache may forget the cart",
            operations: [.init(.writeCart, page: 1), .init(.readCart, page: 2, result: .missing)],
            final: FinalState()),
        Case(
            name: "the cart jumps back in time",
            operations: [
                .init(.writeCart, page: 1), .init(.writeCart, page: 2), .init(.readCart, page: 3, result: .number(1)),
            ],
            final: FinalState(),
            anomalies: [.init(.staleRead, .readCart, page: 3)]),
        Case(
            name: "it comes back after it was missing",
            operations: [
                .init(.writeCart, page: 1), .init(.writeCart, page: 2), .init(.readCart, page: 3, result: .missing),
                .init(.readCart, page: 4, result: .number(1)),
            ],
            final: FinalState(),
            anomalies: [.init(.staleRead, .readCart, page: 4)]),
        Case(
            name: "an open write may show, and from then on nothing older",
            operations: [
                .init(.writeCart, page: 1), .init(.writeCart, page: 2, outcome: .broken),
                .init(.readCart, page: 3, result: .number(2)), .init(.readCart, page: 4, result: .number(1)),
            ],
            final: FinalState(),
            anomalies: [.init(.staleRead, .readCart, page: 4)],
            unknown: 1),
        Case(
            name: "an open write may not show",
            operations: [
                .init(.writeCart, page: 1), .init(.writeCart, page: 2, outcome: .broken),
                .init(.readCart, page: 3, result: .number(1)),
            ],
            final: FinalState(),
            unknown: 1),
        Case(
            name: "an open write runs after a newer acknowledged one",
            operations: [
                .init(.writeCart, page: 1, outcome: .broken), .init(.writeCart, page: 2),
                .init(.readCart, page: 3, result: .number(1)),
            ],
            final: FinalState(),
            anomalies: [.init(.staleRead, .readCart, page: 3)],
            unknown: 1),
        Case(
            name: "somebody else's cart",
            operations: [.init(.writeCart, page: 1), .init(.readCart, page: 2, result: .foreign)],
            final: FinalState(),
            anomalies: [.init(.foreignReply, .readCart, page: 2)]),
        Case(
            name: "a cart from the future",
            operations: [.init(.writeCart, page: 1), .init(.readCart, page: 2, result: .number(7))],
            final: FinalState(),
            anomalies: [.init(.foreignReply, .readCart, page: 2)]),
    ]

    @Test(arguments: pageKeys + overwrittenKey + counter + log + transactions + durable + carts)
    func finds(_ example: Case) {
        var history = ClientHistory(client: 3, operations: example.operations)
        history.interrupted = example.interrupted
        let result = Checker.check(history, against: example.final)
        let found = result.anomalies.map { Expected($0.kind, $0.operation, page: $0.page, count: $0.count) }
        #expect(found == example.anomalies)
        #expect(result.anomalies.allSatisfy { $0.client == 3 && !$0.detail.isEmpty })
        #expect(result.unknown == example.unknown)
        #expect(result.unknownApplied == example.unknownApplied)
    }

    @Test func countsAcknowledgedWritesAndFreshReads() {
        let history = ClientHistory(
            client: 0,
            operations: [
                .init(.connect, page: 1), .init(.set, page: 1), .init(.put, page: 1),
                .init(.get, page: 1, result: .number(1)), .init(.increment, page: 1, result: .number(1)),
                .init(.append, page: 1, result: .number(1)), .init(.connect, page: 2),
                .init(.recall, page: 1, result: .number(1)), .init(.set, page: 2, outcome: .refused),
            ])
        let final = FinalState(pages: [1: .number(1)], current: .number(1), counter: 1, log: [1])
        let result = Checker.check(history, against: final)
        #expect(result == Checker.Result(acknowledged: 4, unknown: 0, unknownApplied: 0, freshReads: 2, anomalies: []))
        let sum = result + result
        #expect(sum.acknowledged == 8 && sum.freshReads == 4)
    }

    /// A lost write is excused only by when it was promised, so the checker must name the oldest promise.
    @Test func namesTheOldestPromiseOfLostIncrements() {
        let operations = [
            Operation(.increment, page: 1, started: 9, ended: 10, result: .number(1)),
            Operation(.increment, page: 2, started: 19, ended: 20, result: .number(2)),
            Operation(.increment, page: 3, started: 29, ended: 30, result: .number(3)),
            Operation(.increment, page: 4, started: 39, ended: 40, result: .number(2)),
        ]
        let result = Checker.check(
            ClientHistory(client: 0, operations: operations), against: FinalState(counter: 1))
        #expect(result.anomalies.map(\.promised) == [20, 40])
        #expect(result.anomalies.map(\.count) == [2, 1])
    }

    @Test func namesThePromiseOfLostAndStaleValues() {
        let operations = [
            Operation(.set, page: 1, started: 9, ended: 10), Operation(.put, page: 1, started: 19, ended: 20),
            Operation(.append, page: 1, started: 29, ended: 30, result: .number(1)),
            Operation(.recall, page: 1, started: 39, ended: 40, result: .missing),
            Operation(.get, page: 1, started: 49, ended: 50, result: .missing),
        ]
        let result = Checker.check(ClientHistory(client: 0, operations: operations), against: FinalState())
        #expect(result.anomalies.map(\.kind) == [.lost, .staleRead, .staleRead, .lost, .lost])
        #expect(result.anomalies.map(\.promised) == [10, 10, 20, 20, 30])
    }

    @Test func sumsTheCountsOfOneKind() {
        var result = Checker.Result()
        for count in [1, 3] {
            result.anomalies.append(
                Anomaly(kind: .lost, client: 0, operation: .increment, page: 1, count: count, promised: nil, detail: "")
            )
        }
        #expect(result.count(.lost) == 4)
        #expect(result.count(.duplicated) == 0)
    }
}
