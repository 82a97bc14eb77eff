internal import Binlog
internal import RecoveryCore

/// Turns transactions of a log into what is done at the target: what concerns other databases goes, and the database's
/// name becomes the target's.
struct ReplayTranslator {
    /// What a transaction became.
    struct Translation {
        var steps: [ReplayStep] = []
        var skippedAccounts = 0
        /// What was done is taken back in the end.
        var isRolledBack = false
    }

    /// More rows of one statement than this are given to the server in parts.
    static let mostBytes = 1 << 20

    let texts: StatementText

    private var database: String { texts.database }
    private var target: String { texts.target }

    /// Translates one transaction.
    ///
    /// - Parameters:
    ///   - transaction: The transaction.
    ///   - parser: That of the log, behind its format description.
    /// - Returns: What it becomes.
    /// - Throws: `ReplayError.unsupported`, `unsafe`; `BinlogError`.
    func translate(_ transaction: BinlogTransaction, _ parser: BinlogParser) throws -> Translation {
        var state = State(hasChecksums: parser.expectsChecksums)
        for event in transaction.events {
            if case .transactionPayload = event.content {
                for inner in try parser.unpacked(event) { try take(inner, transaction, &state) }
            } else {
                try take(parser.decompressed(event), transaction, &state)
            }
        }
        return state.result
    }

    private struct State {
        var result = Translation()
        /// Checksums that events without one get.
        var hasChecksums: Bool
        /// The tables of the statement whose rows come.
        var maps: [(id: UInt64, event: BinlogEvent)] = []
        var rows: [BinlogEvent] = []
        var bytes = 0
        var context: [BinlogEvent.Content] = []

        mutating func flushRows() {
            guard let last = rows.popLast() else { return }
            rows.append(last.endingStatement(true))
            let used = Set(
                rows.compactMap { event in
                    if case .rows(_, let table, _, _) = event.content { table } else { nil }
                })
            result.steps.append(.rows(maps.filter { used.contains($0.id) }.map(\.event) + rows))
            rows = []
            bytes = 0
        }
    }

    private func take(
        _ event: BinlogEvent, _ transaction: BinlogTransaction, _ state: inout State
    ) throws {
        let place = ReplayError.Place(transaction)
        switch event.content {
        case .tableMap(let id, let database, _):
            state.maps.removeAll { $0.id == id }
            guard database == self.database else { return }
            let sealed = state.hasChecksums ? event.checksummed() : event
            guard let renamed = sealed.renamed(to: target) else {
                throw ReplayError.unsupported(place, "a database's name that is too long")
            }
            state.maps.append((id, renamed))
        case .rows(_, let table, let ends, let isCompressed):
            if state.maps.contains(where: { $0.id == table }) {
                if isCompressed { throw ReplayError.unsupported(place, "compressed rows (log_bin_compress)") }
                let sealed = state.hasChecksums ? event.checksummed() : event
                state.rows.append(sealed.endingStatement(false))
                state.bytes += event.bytes.count
                if state.bytes > Self.mostBytes { state.flushRows() }
            }
            if ends {
                state.flushRows()
                state.maps = []
            }
        case .intVar, .rand, .userVariable: state.context.append(event.content)
        case .query(let query):
            try take(query, at: event.header.timestamp, transaction, &state)
            state.context = []
        case .compressedQuery: throw ReplayError.unsupported(place, "a compressed statement (log_bin_compress)")
        case .xaPrepare: throw ReplayError.unsupported(place, "an XA transaction")
        case .incident: throw ReplayError.unsupported(place, "an incident: the server itself lost events")
        case .other:
            switch event.header.type {
            case EventType.beginLoadQuery, EventType.executeLoadQuery, 9, 12:
                throw ReplayError.unsupported(place, "LOAD DATA as a statement")
            default: return
            }
        case .formatDescription, .rotate, .gtid, .anonymousGTID, .administrative, .xid, .annotation,
            .transactionPayload:
            return
        }
    }

    private func take(
        _ query: BinlogEvent.Query, at timestamp: UInt32, _ transaction: BinlogTransaction, _ state: inout State
    ) throws {
        if query.is("BEGIN") || query.is("COMMIT") { return }
        if query.is("ROLLBACK") {
            state.result.isRolledBack = true
            return
        }
        let place = ReplayError.Place(transaction)
        let status = try QueryStatus(query.statusVariables)
        var statement = ReplayStatement(
            text: query.statement, status: status, thread: query.thread, timestamp: timestamp,
            context: state.context, isDefinition: true)
        if query.begins(with: "XA ") {
            throw ReplayError.unsupported(place, "an XA transaction")
        }
        switch texts.judge(query.statement, home: query.database, mode: status.sqlMode ?? 0) {
        case .skip: return
        case .skipAccount: state.result.skippedAccounts += 1
        case .unsafe(let why): throw ReplayError.unsafe(place, beginning: statement.beginning, why: why)
        case .run(let text, let isDefinition):
            statement.text = text
            statement.isDefinition = isDefinition
            state.result.steps.append(.statement(statement))
        }
    }
}
