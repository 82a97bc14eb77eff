package import MySQLClient
internal import RecoveryCore

/// Reads a ``DatabaseSchema`` over one connection, whose default database it is.
///
/// What the user may not see is not listed by servers: that nothing is missing is the matter of the snapshot's plan,
/// which looks at the grants.
package struct SchemaReader {
    let connection: MySQLConnection
    let server: DatabaseServer
    /// As the server spells it.
    let database: String
    private let characterSet: String
    private let collation: String

    /// - Throws: `SchemaError.noDatabase`, `MySQLError`.
    package init(_ connection: MySQLConnection) async throws {
        self.connection = connection
        server = await connection.server
        for statement in Self.settings(for: server) { _ = try await connection.query(statement) }
        let found = try await connection.query(
            "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, DATABASE()"
                + " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()")
        // `information_schema` may compare without case, and find two.
        let names = found.rows.indices.map { found.text($0, 0) }
        let exact = names.firstIndex { $0.map { Array($0.utf8) } == found.text(0, 3).map { Array($0.utf8) } }
        guard let row = exact ?? (names.count == 1 ? 0 : nil), let name = names[row],
            let characterSet = found.text(row, 1), let collation = found.text(row, 2)
        else { throw SchemaError.noDatabase }
        database = name
        self.characterSet = characterSet
        self.collation = collation
    }

    /// How servers are made to write what they have, whatever their configuration.
    private static func settings(for server: DatabaseServer) -> [String] {
        var statements = ["SET SESSION sql_quote_show_create = 1"]
        if server.family == .mysql {
            // Otherwise estimates and counters may be a day old.
            if server.version >= .init(8, 0) {
                statements.append("SET SESSION information_schema_stats_expiry = 0")
            }
            // MySQL 9 explains in prose otherwise, in which no estimate can be read.
            if server.version >= .init(8, 0, 32) {
                statements.append("SET SESSION explain_format = 'TRADITIONAL'")
            }
            if server.version >= .init(8, 0, 30) {
                statements.append("SET SESSION show_gipk_in_create_table_and_information_schema = ON")
            }
        }
        return statements
    }

    /// Reads all of it; tables that `excludes` names are passed over as if they did not exist, with their triggers.
    ///
    /// - Throws: `SchemaError`, `MySQLError`.
    package func read(excluding excludes: (String) -> Bool = { _ in false }) async throws -> DatabaseSchema {
        let listed = try await listTables().filter { !excludes($0.name) }
        var schema = DatabaseSchema(
            name: database, characterSet: characterSet, collation: collation, tables: [], sequences: [], views: [],
            routines: [], triggers: [], events: [], leftOut: [])
        let columns = try await columns()
        let partitions = try await partitions()
        for table in listed {
            let key = Array(table.name.utf8)
            switch table.type {
            case "VIEW": continue
            case "SEQUENCE":
                let text = try await show("SEQUENCE", table.name, column: 1)
                schema.sequences.append(.init(name: table.name, create: text))
            case "BASE TABLE", "SYSTEM VERSIONED":
                schema.tables.append(
                    try await read(table, columns: columns[key] ?? [], partitions: partitions[key] ?? []))
            default:
                schema.leftOut.append(.init("table \(table.name)", why: "its type is \(table.type)"))
            }
        }
        try await readViews(listed.filter { $0.type == "VIEW" }.map(\.name), into: &schema)
        try await readRoutines(into: &schema)
        try await readTriggers(of: schema.tables.map(\.name), into: &schema)
        try await readEvents(into: &schema)
        return schema
    }

    private func read(
        _ listed: ListedTable, columns: [TableSchema.Column], partitions: [String]
    ) async throws -> TableSchema {
        guard !columns.isEmpty, let engine = listed.engine else {
            throw SchemaError.unreadable("table \(listed.name)", reason: listed.comment)
        }
        let isVersioned = listed.type == "SYSTEM VERSIONED"
        let facts = TableFacts(
            name: listed.name, engine: engine, rows: listed.rows, bytes: listed.bytes,
            uniqueKeys: try await uniqueKeys(of: listed.name, columns: columns),
            // History has partitions of its own.
            partitions: isVersioned ? [] : partitions)
        return TableSchema(
            facts: facts, columns: columns,
            create: OwnDatabase.removed(database, from: try await show("TABLE", listed.name, column: 1)),
            autoIncrement: listed.autoIncrement, isSystemVersioned: isVersioned, createdAt: listed.createdAt)
    }

    /// One text of a `SHOW CREATE`.
    func show(_ kind: String, _ name: String, column: Int) async throws -> String {
        let what = "\(kind.lowercased()) \(name)"
        let result = try await connection.query("SHOW CREATE \(kind) \(name.sqlIdentifier)")
        return try text(result, 0, column, of: what)
    }

    /// A value that must be there and be text: what was damaged in being decoded would be damaged in the backup.
    func text(_ result: MySQLResult, _ row: Int, _ column: Int, of what: String) throws -> String {
        guard result.rows.indices.contains(row), result.rows[row].indices.contains(column),
            let bytes = result.rows[row][column]
        else { throw SchemaError.unreadable(what, reason: "the server does not show it") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SchemaError.unreadable(what, reason: "its definition is not UTF-8")
        }
        return text
    }
}

/// Why a database cannot be backed up as it is.
package enum SchemaError: Error, Equatable, CustomStringConvertible {
    case noDatabase
    /// What, and why: a table whose engine is not loaded, or that is damaged.
    case unreadable(String, reason: String)

    package var description: String {
        switch self {
        case .noDatabase: "the database does not exist, or the user may not see it"
        case .unreadable(let what, let reason): "\(what) cannot be read: \(reason)"
        }
    }
}
