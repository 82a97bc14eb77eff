internal import BackupEngine
internal import Foundation
internal import RecoveryCore

/// What `backup log` says of one database.
struct LogListing: Sendable {
    let database: String
    let coverage: LogCoverage
    let segments: Int
    let unreadable: [BackupManifest.LeftOut]
    /// Nil when the log was not opened.
    var transactions: [LoggedTransaction]?

    init(_ log: ShippedLog, _ backups: [BackupManifest]) {
        database = log.database
        coverage = LogCoverage(backups: backups, segments: log.segments)
        segments = log.segments.count
        unreadable = log.unreadable
    }

    struct Document: Encodable {
        struct Log: Encodable {
            struct Stretch: Encodable {
                var restorableFrom: Nullable<LogTime>
                var restorableUntil: LogTime
                var backups: [String]
                var firstSegment: UInt64
                var lastSegment: UInt64
                var transactions: Int
                var storedBytes: UInt64
                var newestTransaction: LogTime
                var position: String
            }

            struct Gap: Encodable {
                var from: LogTime
                var until: LogTime
                var afterSegment: UInt64
                var beforeSegment: UInt64
            }

            struct Statement: Encodable {
                var gtid: String
                var committedAt: LogTime
                var segment: UInt64
                var database: String
                var statement: String
            }

            struct Transaction: Encodable {
                struct Change: Encodable {
                    var kind: String
                    var database: String
                    var table: String
                    var events: Int
                }

                var gtid: String
                var committedAt: LogTime
                var segment: UInt64
                var statements: [String]
                var changes: [Change]
            }

            struct Unreadable: Encodable {
                var what: String
                var why: String
            }

            var database: String
            var segments: Int
            var stretches: [Stretch]
            var gaps: [Gap]
            var unreadable: [Unreadable]
            var statements: [Statement]?
            var transactions: [Transaction]?
        }

        var logs: [Log]
    }

    func document(rows: Bool) -> Document.Log {
        var document = Document.Log(
            database: database, segments: segments,
            stretches: coverage.stretches.map { stretch in
                .init(
                    restorableFrom: Nullable(stretch.restorableFrom), restorableUntil: stretch.restorableUntil,
                    backups: stretch.backups.map(\.description), firstSegment: stretch.first,
                    lastSegment: stretch.last, transactions: stretch.transactions, storedBytes: stretch.storedBytes,
                    newestTransaction: stretch.newestTransaction, position: stretch.position)
            },
            gaps: coverage.gaps.map {
                .init(from: $0.from, until: $0.until, afterSegment: $0.after, beforeSegment: $0.before)
            },
            unreadable: unreadable.map { .init(what: $0.what, why: $0.why) })
        document.statements = transactions?.flatMap { transaction in
            transaction.statements.map { statement in
                .init(
                    gtid: "\(transaction.gtid)", committedAt: transaction.committedAt, segment: transaction.segment,
                    database: statement.database, statement: statement.text)
            }
        }
        if rows {
            document.transactions = transactions?.map { transaction in
                .init(
                    gtid: "\(transaction.gtid)", committedAt: transaction.committedAt, segment: transaction.segment,
                    statements: transaction.statements.map(\.text),
                    changes: transaction.changes.map {
                        .init(kind: $0.kind, database: $0.database, table: $0.table, events: $0.events)
                    })
            }
        }
        return document
    }

    func show(_ console: Console, rows: Bool) {
        console.print("\(database): \(Readable.count(segments, "segment")) of its log")
        for (index, stretch) in coverage.stretches.enumerated() {
            if index > 0, coverage.gaps.indices.contains(index - 1) {
                let gap = coverage.gaps[index - 1]
                console.print("  gap         \(gap.from) to \(gap.until): no restore gets over it")
            }
            let from = stretch.restorableFrom.map { "\($0)" } ?? "nowhere (no backup leads into it)"
            console.print("  any moment  from \(from)")
            console.print("              to   \(stretch.restorableUntil)")
            console.print(
                "              \(Readable.count(stretch.transactions, "transaction")), "
                    + "\(Readable.bytes(stretch.storedBytes)) stored, up to \(stretch.position)")
            if !stretch.backups.isEmpty {
                console.print("  onto        \(stretch.backups.map(\.description).joined(separator: ", "))")
            }
        }
        for fault in unreadable { console.print("  unreadable  \(fault.what): \(fault.why)") }
        guard let transactions else { return }
        console.print()
        if transactions.isEmpty { console.print("  nothing was found") }
        for transaction in transactions {
            for statement in transaction.statements {
                console.print("  \(transaction.committedAt)  \(transaction.gtid)  \(Self.line(statement.text))")
            }
            guard rows, !transaction.changes.isEmpty else { continue }
            let changes = transaction.changes.map { "\($0.kind) \($0.database).\($0.table) (\($0.events))" }
            console.print("  \(transaction.committedAt)  \(transaction.gtid)  \(changes.joined(separator: ", "))")
        }
    }

    /// On one line, and no longer than a screen is wide.
    private static func line(_ text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let safe = String(words.unicodeScalars.map { $0.properties.generalCategory == .control ? "�" : Character($0) })
        return safe.count > 160 ? "\(safe.prefix(159))…" : safe
    }
}
