/// A transaction of a log, whole.
package struct BinlogTransaction: Sendable, Equatable {
    package var gtid: GTID
    /// Microseconds since 1970 at which it was committed. MySQL 8 and newer say it exactly; of other servers it is the
    /// second in which its last event began.
    package var committedAt: Int64
    /// From the GTID event to the one that ends it.
    package var events: [BinlogEvent]
}

/// Gathers the events of transactions.
package struct TransactionAssembler: Sendable {
    private var tracker = TransactionTracker()
    private var open: (start: BinlogEvent.GTIDStart, events: [BinlogEvent])?

    package init() {}

    package var isInTransaction: Bool { open != nil }

    /// - Returns: The transaction that this event ends; nil for every other event.
    /// - Throws: as `TransactionTracker.place(_:)`.
    package mutating func add(_ event: BinlogEvent) throws(BinlogError) -> BinlogTransaction? {
        switch try tracker.place(event) {
        case .between:
            if !tracker.isInTransaction { open = nil }
            return nil
        case .first(let start):
            open = (start, [event])
            return nil
        case .inner:
            open?.events.append(event)
            return nil
        case .last:
            guard var transaction = open else { return nil }
            open = nil
            transaction.events.append(event)
            return BinlogTransaction(
                gtid: transaction.start.gtid, committedAt: BinlogTransaction.time(transaction.start, end: event),
                events: transaction.events)
        }
    }
}

extension BinlogTransaction {
    /// When a transaction was committed, by its first and its last event.
    package static func time(_ start: BinlogEvent.GTIDStart, end: BinlogEvent) -> Int64 {
        start.committedAt ?? Int64(end.header.timestamp) * 1_000_000
    }
}
