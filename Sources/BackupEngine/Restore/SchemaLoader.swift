internal import MySQLClient
internal import RecoveryCore

/// Runs the statements that define things: mapped to what the server knows, with its warnings kept.
struct SchemaLoader: Sendable {
    let collations: CollationMap
    let modes: SQLModeMap
    let board: RestoreBoard
    /// What the texts of the backup want to be read under.
    let settings: [SchemaStatement]

    /// Sets a session up for statements of the backup; what was loaded before has left it otherwise.
    func prepare(_ connection: MySQLConnection) async throws {
        for setting in settings { try await run(setting, of: nil, over: connection) }
    }

    /// - Throws: `RestoreError.statement`, `MySQLError` for a connection that is lost.
    func run(
        _ statement: SchemaStatement, as text: String? = nil, of object: BackupManifest.Object?,
        over connection: MySQLConnection
    ) async throws {
        // Of the session, for one family; ``RestoreSession`` has seen to it, and to the other it is no statement.
        guard !statement.text.hasPrefix("/*") else { return }
        let isSetting = statement.subject == .setting
        let (known, lost) = isSetting ? modes.mapped(statement.text) : (text ?? statement.text, [])
        for mode in lost {
            board.warn("the server does not know the sql_mode \(mode): programs that were written under it go without")
        }
        let (mapped, changes) = collations.mapped(known, isSetting: isSetting)
        for (old, new) in changes.sorted(by: { $0.key < $1.key }) {
            board.warn("the server does not know the collation \(old): \(new) took its place")
        }
        do {
            let result = try await connection.query(mapped)
            if result.warnings > 0 { try await note(statement, over: connection) }
        } catch let error as MySQLError where error.kind != .connectionLost && error.kind != .timedOut {
            throw RestoreError.statement(object: object?.name ?? "session", beginning: mapped.beginning, error)
        }
    }

    private func note(_ statement: SchemaStatement, over connection: MySQLConnection) async throws {
        for warning in try await connection.warnings() where warning.isOfInterest {
            board.warn("\(statement.what): the server warned: \(warning.message)")
        }
    }
}

extension MySQLWarning {
    /// What is old-fashioned was so before, as was a spatial index that is of no use (3674); a table that is rebuilt for
    /// its FULLTEXT index (124) is none of the reader's concern.
    var isOfInterest: Bool {
        level != "Note" && !message.contains("deprecated") && ![124, 1287, 1681, 3674].contains(code)
    }
}

extension SchemaStatement {
    /// For messages.
    fileprivate var what: String {
        switch subject {
        case .table(let name): "table \(name)"
        case .sequence(let name), .sequenceState(let name): "sequence \(name)"
        case .indexes(let table, _, _): "indexes of \(table)"
        case .foreignKeys(let table, _): "foreign keys of \(table)"
        case .program(let kind, let name): "\(kind.rawValue) \(name)"
        case .setting, .unknown: text.beginning
        }
    }
}

/// Does something for each of the items on several connections at once, each of which takes the next when it is free.
func each<Item: Sendable>(
    of items: [Item], on connections: [MySQLConnection],
    _ body: @escaping @Sendable (Item, MySQLConnection) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: MySQLConnection.self) { group in
        var rest = items[...]
        for connection in connections {
            guard let item = rest.popFirst() else { break }
            group.addTask {
                try await body(item, connection)
                return connection
            }
        }
        while let connection = try await group.next() {
            guard let item = rest.popFirst() else { continue }
            group.addTask {
                try await body(item, connection)
                return connection
            }
        }
    }
}
