/// Says of each event of a log where it stands: in a transaction, at its end, or between two.
///
/// MySQL: a GTID, then either one statement that commits by itself, or BEGIN (or XA START) up to XID, COMMIT, ROLLBACK
/// or XA PREPARE, or all of it in one compressed payload. MariaDB: a GTID that says whether a single statement follows,
/// and no BEGIN.
package struct TransactionTracker: Sendable {
    package enum Place: Sendable, Equatable {
        /// Part of no transaction.
        case between
        /// The GTID event; what was open before it never ended.
        case first(BinlogEvent.GTIDStart)
        case inner
        case last
    }

    private enum State: Sendable {
        case outside
        /// Behind the GTID; nothing is known yet.
        case opened(BinlogEvent.GTIDStart)
        case inside
    }

    private var state = State.outside

    package init() {}

    package var isInTransaction: Bool {
        if case .outside = state { false } else { true }
    }

    /// - Throws: `unsupported` for transactions without a GTID, `incident`s; `malformed` for changes outside of any.
    package mutating func place(_ event: BinlogEvent) throws(BinlogError) -> Place {
        switch event.content {
        case .gtid(let start):
            state = .opened(start)
            return .first(start)
        case .anonymousGTID:
            throw .unsupported("transactions without GTIDs (gtid_mode is not ON)")
        case .incident:
            throw .unsupported("an incident: the server itself lost events")
        // A server that died in the middle of a transaction begins a new file, and nothing of it counts.
        case .formatDescription, .rotate:
            state = .outside
            return .between
        case .administrative:
            return .between
        case .xid, .xaPrepare, .transactionPayload:
            return try end()
        case .query(let query):
            return try place(query)
        case .compressedQuery:
            return try place(nil)
        case .tableMap, .rows, .intVar, .rand, .userVariable, .annotation, .other:
            if case .outside = state {
                // Kinds of events that came after this was written.
                if case .other = event.content { return .between }
                throw .malformed("a change stands outside of any transaction")
            }
            return .inner
        }
    }

    private mutating func end() throws(BinlogError) -> Place {
        guard isInTransaction else { throw .malformed("a transaction ends that never began") }
        state = .outside
        return .last
    }

    /// Nil for a statement that is compressed, which BEGIN and COMMIT never are.
    private mutating func place(_ query: BinlogEvent.Query?) throws(BinlogError) -> Place {
        switch state {
        case .outside:
            throw .malformed("a statement stands outside of any transaction")
        case .opened(let start):
            if case .mariadb = start.gtid {
                if start.isStandalone { return try end() }
                state = .inside
                return query.map(Self.ends) == true ? try end() : .inner
            }
            guard query.map({ $0.is("BEGIN") || $0.begins(with: "XA START") }) == true else { return try end() }
            state = .inside
            return .inner
        case .inside:
            return query.map(Self.ends) == true ? try end() : .inner
        }
    }

    private static func ends(_ query: BinlogEvent.Query) -> Bool { query.is("COMMIT") || query.is("ROLLBACK") }
}
