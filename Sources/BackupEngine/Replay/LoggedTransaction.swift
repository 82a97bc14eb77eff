package import Binlog
package import RecoveryCore

/// A transaction of the shipped log, for people who look for one.
package struct LoggedTransaction: Sendable, Equatable {
    /// A statement that the server logged as text: one that changes tables, or under `binlog_format` STATEMENT or MIXED
    /// also one that changes rows.
    package struct Statement: Sendable, Equatable {
        /// The database that was in use; empty for none.
        package var database: String
        /// What is not UTF-8 replaced, and cut after ``longest`` bytes.
        package var text: String
    }

    /// Rows that were changed in one table.
    package struct Change: Sendable, Equatable {
        package var kind: String
        package var database: String
        package var table: String
        /// Events, each with one row or several.
        package var events: Int
    }

    package static let longest = 4_096

    package var gtid: GTID
    package var committedAt: LogTime
    /// The number of the segment that it is in.
    package var segment: UInt64
    package var statements: [Statement]
    package var changes: [Change]

    /// The databases that it names.
    package var databases: Set<String> {
        Set(statements.map(\.database) + changes.map(\.database)).subtracting([""])
    }

    /// Whether the text of a statement, or the name of a table whose rows it changed, holds this, in upper or lower case.
    package func mentions(_ text: String) -> Bool {
        let wanted = text.lowercased()
        return statements.contains { $0.text.lowercased().contains(wanted) }
            || changes.contains { "\($0.database).\($0.table)".lowercased().contains(wanted) }
    }

    /// - Throws: `BinlogError`.
    init(_ transaction: BinlogTransaction, _ parser: BinlogParser, segment: UInt64) throws {
        gtid = transaction.gtid
        committedAt = LogTime(microseconds: transaction.committedAt)
        self.segment = segment
        (statements, changes) = ([], [])
        var tables: [UInt64: (database: String, table: String)] = [:]
        for event in transaction.events {
            if case .transactionPayload = event.content {
                for inner in try parser.unpacked(event) { note(inner, &tables) }
            } else {
                note(try parser.decompressed(event), &tables)
            }
        }
    }

    private mutating func note(_ event: BinlogEvent, _ tables: inout [UInt64: (database: String, table: String)]) {
        switch event.content {
        case .query(let query) where !query.is("BEGIN") && !query.is("COMMIT") && !query.begins(with: "SAVEPOINT"):
            let text = String(decoding: query.statement.prefix(Self.longest), as: UTF8.self)
            statements.append(Statement(database: query.database, text: text))
        case .tableMap(let id, let database, let table): tables[id] = (database, table)
        case .rows(let kind, let id, _, _):
            let (database, table) = tables[id] ?? ("", "?")
            let name = Self.name(kind)
            let place = changes.firstIndex { ($0.kind, $0.database, $0.table) == (name, database, table) }
            if let place {
                changes[place].events += 1
            } else {
                changes.append(Change(kind: name, database: database, table: table, events: 1))
            }
        default: break
        }
    }

    private static func name(_ kind: BinlogEvent.RowsKind) -> String {
        switch kind {
        case .write: "insert"
        case .update: "update"
        case .delete: "delete"
        }
    }
}

extension ShippedLog {
    /// The transactions of a segment, in the order of the log.
    /// - Throws: `ReplayError`, `CancellationError`.
    package func transactions(
        of segment: BinlogSegment, key: RestoreOptions.Key
    ) async throws -> [LoggedTransaction] {
        let bytes = try await read(segment, key: key)
        do {
            var events = try BinlogFile.Events(bytes)
            var assembler = TransactionAssembler()
            var transactions: [LoggedTransaction] = []
            while let event = try events.next() {
                guard let transaction = try assembler.add(event) else { continue }
                transactions.append(try LoggedTransaction(transaction, events.parser, segment: segment.number))
            }
            return transactions
        } catch let error as BinlogError {
            throw ReplayError.log(segment.number, error)
        }
    }
}
