internal import Binlog
internal import Foundation
internal import MySQLClient
internal import RecoveryCore

/// Does at the target what transactions of the log did at the source, over one connection.
///
/// Transactions that only change rows are committed many at a time, together with the journal's note of the last one.
struct ReplaySession {
    /// So many of the log's transactions, or bytes of events, are one at the target.
    private static let mostTransactions = 200
    private static let mostBytes = 4 << 20

    let connection: MySQLConnection
    private var settings: ReplaySettings
    private(set) var replayed: RestoreJournal.Replayed
    private var format: [UInt8] = []
    private var isOpen = false
    private var open = (transactions: 0, bytes: 0)

    init(
        _ connection: MySQLConnection, _ settings: ReplaySettings, replayed: RestoreJournal.Replayed?
    ) {
        self.connection = connection
        self.settings = settings
        self.replayed = replayed ?? .init(last: "-", committedAt: LogTime(microseconds: 0))
    }

    /// A session at the restored database. It waits for what a session of a killed restore still does.
    static func settings(of connection: MySQLConnection) async throws -> ReplaySettings {
        let family = await connection.server.family
        // In MariaDB's table the names of a collation may be null, and ids as well.
        let result = try await connection.query(
            "SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL")
        var collations: [UInt32: (collation: String, charset: String)] = [:]
        for row in result.rows.indices {
            guard let id = result.text(row, 0).flatMap({ UInt32($0) }), let name = result.text(row, 1),
                let charset = result.text(row, 2)
            else { continue }
            collations[id] = (name, charset)
        }
        var current: [String: String] = ["lc_time_names": "-"]
        for name in [
            "auto_increment_increment", "auto_increment_offset", "explicit_defaults_for_timestamp",
            "default_collation_for_utf8mb4",
        ] {
            guard let value = try? await connection.query("SELECT @@session.\(name)").text() else { continue }
            current[name] = value
        }
        return ReplaySettings(family: family, collations: collations, current: current)
    }

    /// The format that the events which follow are in. It has to be known before the first of them.
    mutating func setFormat(_ event: BinlogEvent) async throws {
        guard event.bytes != format else { return }
        try await commit()
        try await Self.give(event, to: connection)
        format = event.bytes
    }

    /// MySQL takes it for the beginning of a replica's work, and would refuse to commit without a GTID from it.
    static func give(_ format: BinlogEvent, to connection: MySQLConnection) async throws {
        _ = try await connection.query(binlog([format]))
        guard await connection.server.family == .mysql else { return }
        _ = try await connection.query("SET SESSION gtid_next = 'AUTOMATIC'")
    }

    /// Does what a transaction did.
    ///
    /// - Parameters:
    ///   - translation: What it became.
    ///   - transaction: What it was.
    ///   - definition: What an earlier attempt noted before it ended, if it was in this transaction.
    /// - Throws: `ReplayError`, `MySQLError`, `CancellationError`.
    mutating func apply(
        _ translation: ReplayTranslator.Translation, of transaction: BinlogTransaction,
        from definition: RestoreJournal.Definition?
    ) async throws {
        let isSimple = !translation.isRolledBack && !translation.steps.contains { $0.isDefinition }
        if !isSimple { try await commit() }
        do {
            if translation.isRolledBack {
                try await begin()
                for step in translation.steps { try await run(step, transaction) }
                _ = try await connection.query("ROLLBACK")
                isOpen = false
                count(translation, transaction)
            } else if isSimple {
                if !translation.steps.isEmpty { try await begin() }
                for step in translation.steps { try await run(step, transaction) }
                count(translation, transaction)
            } else {
                try await define(translation, transaction, from: definition)
            }
        } catch let error as BinlogError {
            throw ReplayError.unsupported(.init(transaction), "\(error)")
        }
        open.transactions += 1
        open.bytes += transaction.events.reduce(0) { $0 + $1.bytes.count }
        if open.transactions >= Self.mostTransactions || open.bytes >= Self.mostBytes || !isSimple {
            try await commit()
        }
    }

    /// What was done so far stays.
    mutating func commit() async throws {
        open = (0, 0)
        guard isOpen else { return }
        try await RestoreJournal.note(replayed, over: connection)
        _ = try await connection.query("COMMIT")
        isOpen = false
    }

    /// The target is reached.
    mutating func end() async throws {
        try await begin()
        try await RestoreJournal.noteReplayDone(over: connection)
        try await commit()
    }

    private mutating func begin() async throws {
        guard !isOpen else { return }
        _ = try await connection.query("START TRANSACTION")
        isOpen = true
    }

    private mutating func count(
        _ translation: ReplayTranslator.Translation, _ transaction: BinlogTransaction
    ) {
        replayed.last = transaction.gtid.description
        replayed.committedAt = LogTime(microseconds: transaction.committedAt)
        replayed.skippedAccounts += translation.skippedAccounts
        guard !translation.steps.isEmpty else { return }
        replayed.transactions += 1
        for step in translation.steps {
            switch step {
            case .rows(let events): replayed.events += events.count
            case .statement: replayed.events += 1
            }
        }
    }

    /// Statements that commit by themselves: each is noted before it runs, with what the definitions were by then.
    private mutating func define(
        _ translation: ReplayTranslator.Translation, _ transaction: BinlogTransaction,
        from definition: RestoreJournal.Definition?
    ) async throws {
        var first = 0
        if let definition, definition.gtid == transaction.gtid.description,
            translation.steps.indices.contains(definition.step),
            case .statement(let statement) = translation.steps[definition.step]
        {
            first = definition.step
            if try await SchemaFingerprint.read(over: connection) != definition.fingerprint {
                guard !Self.isOfSeveral(statement) else {
                    throw ReplayError.inDoubt(.init(transaction), beginning: statement.beginning)
                }
                // It ran to its end: a server does not end one halfway because nobody listens.
                first = statement.opensTransaction ? translation.steps.count : definition.step + 1
            }
        }
        var isAtomic = false
        for (number, step) in translation.steps.enumerated().dropFirst(first) {
            if case .statement(let statement) = step, statement.isDefinition {
                if isOpen {
                    _ = try await connection.query("COMMIT")
                    isOpen = false
                }
                let fingerprint = try await SchemaFingerprint.read(over: connection)
                try await RestoreJournal.note(
                    .init(gtid: transaction.gtid.description, step: number, fingerprint: fingerprint),
                    over: connection)
                isAtomic = statement.opensTransaction
            } else if !isAtomic {
                try await begin()
            }
            try await run(step, transaction)
        }
        if isAtomic { _ = try await connection.query("COMMIT") }
        try await begin()
        try await RestoreJournal.forgetDefinition(over: connection)
        count(translation, transaction)
    }

    /// One that is not done at once: a part of it may be done.
    private static func isOfSeveral(_ statement: ReplayStatement) -> Bool {
        let words = SQLTokens(statement.text).prefix(64).map(\.kind)
        return words.first == .word("DROP") && words.contains(.symbol(","))
    }

    private mutating func run(_ step: ReplayStep, _ transaction: BinlogTransaction) async throws {
        switch step {
        case .rows(let events):
            settings.forgetChecks()
            do {
                _ = try await connection.query(Self.binlog(events))
            } catch let error as MySQLError {
                throw ReplayError.statement(
                    .init(transaction), beginning: "changed rows of \(Self.tables(of: events))", error)
            }
        case .statement(let statement):
            do {
                _ = try await connection.query(try settings.setting(for: statement))
                _ = try await connection.query(statement.text)
            } catch let error as MySQLError {
                throw ReplayError.statement(.init(transaction), beginning: statement.beginning, error)
            }
        }
    }

    private static func tables(of events: [BinlogEvent]) -> String {
        events.compactMap { event in
            if case .tableMap(_, _, let table) = event.content { table } else { nil }
        }.joined(separator: ", ")
    }

    /// Events as clients hand them over.
    static func binlog(_ events: [BinlogEvent]) -> [UInt8] {
        var bytes = Data()
        for event in events { bytes.append(contentsOf: event.bytes) }
        return Array("BINLOG '".utf8) + bytes.base64EncodedData() + Array("'".utf8)
    }
}
