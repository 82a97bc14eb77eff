/// Compares what a client was told with what is there, and classifies every write and every read.
///
/// Pure: the same history and final state always give the same result. Each client alone writes its keys, one
/// command after the other, so the order of its acknowledged writes is the order in which they must have taken
/// effect. Asynchronous replication may lose writes acknowledged just before a master died; the checker reports them
/// as lost all the same, for that is what a shopper would have seen.
package struct Checker {
    package struct Result: Sendable, Equatable {
        package var acknowledged = 0
        /// Writes whose client got an error that leaves their outcome open.
        package var unknown = 0
        /// Those of them that turned out to have been executed.
        package var unknownApplied = 0
        /// Reads that were compared with an acknowledged write, and fresh.
        package var freshReads = 0
        /// Reads of a cart that found none: the shop reads its database then.
        package var cartMisses = 0
        package var anomalies: [Anomaly] = []

        package func count(_ kind: Anomaly.Kind) -> Int {
            anomalies.lazy.filter { $0.kind == kind }.reduce(0) { $0 + $1.count }
        }

        /// The same, of the operations that fulfil a condition.
        package func count(_ kind: Anomaly.Kind, where applies: (Operation.Kind) -> Bool) -> Int {
            anomalies.filter { $0.kind == kind && applies($0.operation) }.reduce(0) { $0 + $1.count }
        }

        package static func + (a: Self, b: Self) -> Self {
            Self(
                acknowledged: a.acknowledged + b.acknowledged,
                unknown: a.unknown + b.unknown,
                unknownApplied: a.unknownApplied + b.unknownApplied,
                freshReads: a.freshReads + b.freshReads,
                cartMisses: a.cartMisses + b.cartMisses,
                anomalies: a.anomalies + b.anomalies)
        }
    }

    package static func check(_ history: ClientHistory, against final: FinalState) -> Result {
        var checker = Checker(client: history.client)
        for operation in history.operations where operation.kind.isWrite {
            checker.result.acknowledged += operation.outcome == .acknowledged ? 1 : 0
            checker.result.unknown += operation.isUnknownWrite ? 1 : 0
        }
        checker.checkPages(.set, history.operations, final.pages)
        checker.checkPages(.pledge, history.operations, final.pledges)
        checker.checkCurrent(history.operations, final.current)
        checker.checkCounter(.increment, history.operations, final.counter, interrupted: history.interrupted)
        checker.checkCounter(.tally, history.operations, final.tally, interrupted: history.interrupted)
        checker.checkCart(history.operations)
        checker.checkLog(.append, history.operations, final.log)
        checker.checkLog(.transact, history.operations, final.orders)
        checker.checkWhole(final, last: history.operations.last?.page ?? 0)
        return checker.result
    }

    private let client: Int
    var result = Result()

    private init(client: Int) {
        self.client = client
    }

    mutating func report(
        _ kind: Anomaly.Kind, _ operation: Operation.Kind, page: Int, count: Int = 1, promised: Int64? = nil,
        isForgotten: Bool = false, _ detail: String
    ) {
        result.anomalies.append(
            Anomaly(
                kind: kind, client: client, operation: operation, page: page, count: count, promised: promised,
                detail: detail, isForgotten: isForgotten))
    }

    // MARK: A key for each page

    private mutating func checkPages(
        _ kind: Operation.Kind, _ operations: [Operation], _ pages: [Int: Operation.Result]
    ) {
        var written: [Int: Operation] = [:]
        for operation in operations {
            switch operation.kind {
            case kind:
                written[operation.page] = operation
                checkPage(operation, found: pages[operation.page])
            case .recall where kind == .set && operation.outcome == .acknowledged:
                checkRecall(operation, written: written[operation.page])
            default:
                break
            }
        }
    }

    private mutating func checkPage(_ write: Operation, found: Operation.Result?) {
        if write.outcome == .acknowledged, write.result == .foreign {
            report(.foreignReply, write.kind, page: write.page, "the reply to SET was not OK")
        }
        switch (write.outcome, found) {
        case (.acknowledged, nil):
            report(.lost, write.kind, page: write.page, promised: write.ended, "acknowledged, and missing afterwards")
        case (.refused, .some), (.unconnected, .some):
            report(.falselyRefused, write.kind, page: write.page, "refused, and there afterwards")
        case (.broken, .some(let value)):
            result.unknownApplied += 1
            checkValue(of: write, value)
        case (.acknowledged, .some(let value)):
            checkValue(of: write, value)
        case (.refused, nil), (.unconnected, nil), (.broken, nil):
            break
        }
    }

    private mutating func checkValue(of write: Operation, _ value: Operation.Result) {
        if value != .number(write.page) {
            report(.foreignReply, write.kind, page: write.page, "its key holds a value that was never written to it")
        }
    }

    private mutating func checkRecall(_ read: Operation, written: Operation?) {
        switch read.result {
        case .number(read.page):
            result.freshReads += 1
        case .missing:
            if let written, written.outcome == .acknowledged {
                report(
                    .staleRead, .recall, page: read.page, promised: written.ended, isForgotten: true,
                    "the page's key was acknowledged, and not found")
            }
        case .number, .foreign, .nothing:
            report(.foreignReply, .recall, page: read.page, "found a value that was never written to the key")
        }
    }

    // MARK: The key that every page overwrites

    private mutating func checkCurrent(_ operations: [Operation], _ final: Operation.Result) {
        var acknowledged: Operation?
        var attempted = 0
        var open: Set<Int> = []
        for operation in operations {
            switch operation.kind {
            case .put:
                attempted = operation.page
                if operation.outcome == .acknowledged { acknowledged = operation }
                if operation.outcome == .broken { open.insert(operation.page) }
                if operation.result == .foreign {
                    report(.foreignReply, .put, page: operation.page, "the reply to SET was not OK")
                }
            case .get where operation.outcome == .acknowledged:
                checkRead(operation, acknowledged: acknowledged, attempted: attempted)
            default:
                break
            }
        }
        checkLast(final, acknowledged: acknowledged, open: open)
    }

    private mutating func checkLast(_ final: Operation.Result, acknowledged: Operation?, open: Set<Int>) {
        let page = acknowledged?.page ?? 0
        switch final {
        case .number(page):
            break
        case .number(let found) where found > page:
            // An unknown write that was executed, or one the client was stopped in before it could report it.
            result.unknownApplied += open.contains(found) ? 1 : 0
        case .number(let found):
            report(
                .lost, .put, page: page, promised: acknowledged?.ended,
                "overwritten by the older value of page \(found)")
        case .missing:
            guard let acknowledged else { return }
            report(.lost, .put, page: page, promised: acknowledged.ended, "acknowledged, and missing afterwards")
        case .foreign, .nothing:
            report(.foreignReply, .put, page: page, "the key holds a value that was never written to it")
        }
    }

    private mutating func checkRead(_ read: Operation, acknowledged: Operation?, attempted: Int) {
        let last = acknowledged?.page ?? 0
        switch read.result {
        case .number(let page) where page > attempted:
            report(.foreignReply, .get, page: read.page, "found a value that had not been written yet")
        case .number(let page) where page < last:
            report(
                .staleRead, .get, page: read.page, promised: acknowledged?.ended,
                "found page \(page) after page \(last) was acknowledged")
        case .number:
            result.freshReads += 1
        case .missing:
            guard let acknowledged else { return }
            report(
                .staleRead, .get, page: read.page, promised: acknowledged.ended, isForgotten: true,
                "found nothing after page \(last) was acknowledged")
        case .foreign, .nothing:
            report(.foreignReply, .get, page: read.page, "found a value that this client never wrote")
        }
    }

    // MARK: The counter

    /// Between two acknowledged increments the counter may only have grown by the unknown ones in between. An
    /// unknown one stays open until it shows: it may still run later, in a master that hung.
    private mutating func checkCounter(
        _ kind: Operation.Kind, _ operations: [Operation], _ final: Int, interrupted: Bool
    ) {
        var count = CounterState(kind: kind)
        for operation in operations where operation.kind == kind {
            switch operation.outcome {
            case .broken:
                count.open += 1
            case .refused, .unconnected:
                break
            case .acknowledged:
                guard case .number(let value) = operation.result else {
                    report(.foreignReply, kind, page: operation.page, "the reply to INCR was not a number")
                    continue
                }
                account(for: value, expected: count.value + 1, page: operation.page, &count)
                count.value = value
                count.acknowledged.append(operation)
            }
        }
        if interrupted { count.open += 1 }
        account(for: final, expected: count.value, page: count.acknowledged.last?.page ?? 0, &count)
    }

    private struct CounterState {
        var kind: Operation.Kind
        /// What the last acknowledged increment returned.
        var value = 0
        /// Unknown increments that have not shown yet.
        var open = 0
        /// Those that still count, oldest first.
        var acknowledged: [Operation] = []
    }

    private mutating func account(for value: Int, expected: Int, page: Int, _ count: inout CounterState) {
        if value < expected {
            let lost = expected - value
            let promised = count.acknowledged.suffix(lost).first?.ended
            count.acknowledged.removeLast(min(lost, count.acknowledged.count))
            report(
                .lost, count.kind, page: page, count: lost, promised: promised,
                "the counter was \(value), not \(expected)")
            return
        }
        let applied = min(value - expected, count.open)
        count.open -= applied
        result.unknownApplied += applied
        let surplus = value - expected - applied
        if surplus > 0 {
            report(
                .duplicated, count.kind, page: page, count: surplus,
                "the counter was \(value), not \(expected + applied)")
        }
    }

    // MARK: The log, and the orders of transactions

    private mutating func checkLog(_ kind: Operation.Kind, _ operations: [Operation], _ log: [Int?]) {
        var found: [Int: Int] = [:]
        for entry in log {
            if let entry {
                found[entry, default: 0] += 1
            } else {
                report(.foreignReply, kind, page: 0, "the list holds an entry that this client never wrote")
            }
        }
        var acknowledged: Set<Int> = []
        for write in operations where write.kind == kind {
            let times = found[write.page] ?? 0
            if write.outcome == .acknowledged {
                acknowledged.insert(write.page)
                if write.result == .foreign {
                    report(.foreignReply, kind, page: write.page, "the reply was not that of the command")
                }
            }
            switch write.outcome {
            case .acknowledged where times == 0:
                report(.lost, kind, page: write.page, promised: write.ended, "acknowledged, and missing afterwards")
            case .refused where times > 0, .unconnected where times > 0:
                report(.falselyRefused, kind, page: write.page, "refused, and there afterwards")
            case .broken where times > 0:
                result.unknownApplied += 1
            default:
                break
            }
            if times > 1 {
                report(.duplicated, kind, page: write.page, count: times - 1, "in the list \(times) times")
            }
        }
        checkOrder(kind, log.compactMap { $0 }.filter(acknowledged.contains))
    }

    private mutating func checkOrder(_ kind: Operation.Kind, _ entries: [Int]) {
        var highest = 0
        var seen: Set<Int> = []
        for entry in entries where seen.insert(entry).inserted {
            if entry < highest {
                report(.reordered, kind, page: entry, "in the list after page \(highest)")
            }
            highest = max(highest, entry)
        }
    }

    /// Each transaction raises the counter and adds an entry; when they differ, one took effect in part.
    private mutating func checkWhole(_ final: FinalState, last page: Int) {
        let difference = abs(final.orderCount - final.orders.count)
        if difference > 0 {
            report(
                .torn, .transact, page: page, count: difference,
                "the counter is \(final.orderCount), and the list has \(final.orders.count) entries")
        }
    }
}
