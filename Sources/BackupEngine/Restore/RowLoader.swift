internal import MySQLClient
internal import NIOCore
internal import RecoveryCore

/// Loads the rows of one object, in one transaction with its row in the journal if the table's engine has transactions.
struct RowLoader: Sendable {
    let object: BackupManifest.Object
    let table: BackupManifest.Table
    /// Nobody else loads into the table meanwhile.
    let isAlone: Bool
    /// An earlier attempt may have left rows of it, if the table has no transactions.
    let isResumed: Bool
    let board: RestoreBoard

    private static let start = Array("START TRANSACTION".utf8)
    private static let commit = Array("COMMIT".utf8)
    private static let set = Array("SET ".utf8)
    private static let comment = Array("/*".utf8)

    /// Engines that a transaction takes back; of others it is not certain.
    private var hasTransactions: Bool { ["innodb", "rocksdb", "ndbcluster"].contains(table.engine.lowercased()) }

    /// Statements come from `feed`, which ends when the object is known to be whole: only then is anything committed.
    /// - Throws: `RestoreError.statement`, `RestoreError.damaged`, `MySQLError`, what the feed throws.
    func load(_ feed: PieceChannel, over connection: MySQLConnection, _ damage: RestoreError.DamagedPart) async throws {
        if hasTransactions {
            _ = try await connection.query("START TRANSACTION")
            guard try await RestoreJournal.note(object, over: connection) else {
                // A session of a killed restore has got that far after all.
                _ = try await connection.query("ROLLBACK")
                feed.close()
                return
            }
            try await run(feed, over: connection, damage)
            _ = try await connection.query("COMMIT")
        } else {
            // Not in a transaction with the journal: servers with GTIDs refuse to mix the two.
            if isResumed {
                _ = try await connection.query("DELETE FROM " + ChunkSQL.source(table.name, object.part(of: table)))
            }
            try await run(feed, over: connection, damage)
            _ = try await RestoreJournal.note(object, over: connection)
        }
    }

    private func run(
        _ feed: PieceChannel, over connection: MySQLConnection, _ damage: RestoreError.DamagedPart
    ) async throws {
        let insert = Array("INSERT INTO \(table.name.sqlIdentifier) ".utf8)
        for try await piece in feed {
            let statement = Array(piece.readableBytesView)
            if statement.starts(with: insert) {
                try await run(statement, over: connection)
            } else if statement.starts(with: Self.set) {
                // Of the session: what the text was written for.
                try await run(statement, over: connection)
            } else if statement == Self.start {
                try await prepare(connection)
            } else if !statement.starts(with: Self.comment), statement != Self.commit {
                // What is in a comment is of the session as well, for one family; ``RestoreSession`` has seen to it.
                throw RestoreError.damaged(
                    object: object.name, reason: "no backup has a statement such as \(Self.beginning(statement))",
                    damage)
            }
        }
    }

    /// Without checks of unique keys, MariaDB (10.6) locks a table that is empty for the first who loads into it, and
    /// two of them in a deadlock. All that it gains are those of unique keys beside the primary one, which come later.
    private func prepare(_ connection: MySQLConnection) async throws {
        guard !isAlone, await connection.server.family == .mariadb else { return }
        _ = try await connection.query("SET SESSION unique_checks = 1")
    }

    private func run(_ statement: [UInt8], over connection: MySQLConnection) async throws {
        do {
            let result = try await connection.query(statement)
            if result.warnings > 0 { try await note(result, over: connection) }
        } catch let error as MySQLError where error.kind != .connectionLost && error.kind != .timedOut {
            throw RestoreError.statement(object: object.name, beginning: Self.beginning(statement), error)
        }
        board.update { $0.rawBytes += UInt64(statement.count) + 2 }
    }

    /// A server that changes a value says so in a warning, and only there.
    private func note(_ result: MySQLResult, over connection: MySQLConnection) async throws {
        guard let first = try await connection.warnings().first(where: \.isOfInterest) else { return }
        board.warn("rows of \(table.name)", "the server warned: \(first.message)")
    }

    /// Nothing of the rows' values, which are nobody's business.
    private static func beginning(_ statement: [UInt8]) -> String {
        String(decoding: statement.prefix(4_096), as: UTF8.self).beginning
    }
}

extension BackupManifest.Object {
    /// Which rows of its table it holds.
    func part(of table: BackupManifest.Table) -> ChunkSQL.Part {
        if let partition { return .partition(partition) }
        if let keys, case .ranges(let column) = table.cut { return .keys(keys, of: column) }
        return .whole
    }
}
