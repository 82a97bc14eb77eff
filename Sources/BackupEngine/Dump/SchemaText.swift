internal import RecoveryCore

/// What a database is made of, as SQL text for the stock clients: one text for each kind of object.
struct SchemaText {
    let schema: DatabaseSchema
    /// Sequences' states, by their names in order: what `SETVAL` takes.
    var sequenceStates: [String] = []
    var accounts = AccountText()

    /// Sets a session up so that text means the same whatever the server is configured to.
    ///
    /// No version of a server is asked for: what differs between them is not here.
    static let preamble = """
        SET NAMES utf8mb4;
        SET SESSION time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', \
        foreign_key_checks = 0, unique_checks = 0;

        """

    /// `CREATE SEQUENCE` and `CREATE TABLE`; nil when there is neither.
    var tables: String? {
        let statements =
            zip(schema.sequences, sequenceStates).flatMap { [$0.create, $1] }
            + schema.tables.map(\.definition.table)
        return Self.text(statements)
    }

    /// The indexes and foreign keys that are better built when the rows are there.
    var indexes: String? {
        func alter(_ table: TableSchema, _ parts: [String]) -> String {
            "ALTER TABLE \(table.name.sqlIdentifier)\n  ADD " + parts.joined(separator: ",\n  ADD ")
        }
        let definitions = schema.tables.map { ($0, $0.definition) }
        let indexes = definitions.flatMap { table, definition in
            (definition.indexes.isEmpty ? [] : [alter(table, definition.indexes)])
                + definition.fullTextIndexes.map { alter(table, [$0]) }
        }
        let keys = definitions.filter { !$1.foreignKeys.isEmpty }.map { alter($0, $1.foreignKeys) }
        return Self.text(indexes + (hasLooseForeignKeys ? [Self.looseForeignKeys] : []) + keys)
    }

    /// MySQL 8.4 refuses foreign keys to what is no whole unique key, unless told not to, which needs a privilege: only
    /// said when there are some. Other servers pass over the comment.
    private static let looseForeignKeys = "/*!80400 SET SESSION restrict_fk_on_non_standard_key = OFF */"

    private var hasLooseForeignKeys: Bool {
        let unique = Dictionary(schema.tables.map { ($0.name.exact, $0.facts.uniqueKeys) }) { first, _ in first }
        return schema.tables.flatMap(\.definition.foreignKeys).compactMap(ForeignKeyTarget.init).contains { target in
            guard let keys = unique[target.table] else { return false }
            return !keys.contains { Set($0.parts.map { $0.column?.exact }) == Set(target.columns) }
        }
    }

    private static func text(_ statements: [String]) -> String? {
        statements.isEmpty ? nil : preamble + statements.map { "\($0);\n" }.joined()
    }

    var routines: String? { Self.text(schema.routines) }
    var views: String? { Self.text(schema.views) }
    var triggers: String? { Self.text(schema.triggers) }
    /// All are made disabled: an event must not run before somebody has seen to it that it should.
    var events: String? {
        Self.text(
            schema.events.map { event in
                var event = event
                event.create = EventText.disabled(event.create)
                return event
            })
    }

    /// Who may do what. MariaDB makes an account without a password where one is granted something and was not made.
    var grants: String? {
        guard !accounts.statements.isEmpty else { return nil }
        return "SET NAMES utf8mb4;\nSET SESSION sql_mode = '\(accounts.sqlMode)';\n"
            + accounts.statements.map { "\($0);\n" }.joined()
    }

    private static func text(_ programs: [StoredProgram]) -> String? {
        guard !programs.isEmpty else { return nil }
        return preamble + programs.map(text).joined()
    }

    private static func text(_ program: StoredProgram) -> String {
        let delimiter = delimiter(absentFrom: program.create)
        var settings = ["collation_connection = \(literal(program.collationConnection))"]
        if let mode = program.sqlMode { settings.append("sql_mode = \(literal(mode))") }
        if let zone = program.timeZone { settings.append("time_zone = \(literal(zone))") }
        return """
            SET SESSION \(settings.joined(separator: ", "));
            DELIMITER \(delimiter)
            \(program.create)\(delimiter)
            DELIMITER ;

            """
    }

    private static func literal(_ text: String) -> String {
        // Only names of collations, modes and zones come here. They are quoted all the same.
        "'\(text.replacing("\\", with: "").replacing("'", with: "''"))'"
    }

    /// Clients end a statement where they see it, also inside a body.
    static func delimiter(absentFrom text: String) -> String {
        var delimiter = ";;"
        var number = 0
        while text.contains(delimiter) {
            number += 1
            delimiter = "$$\(number)$$"
        }
        return delimiter
    }
}

/// What a foreign key refers to.
struct ForeignKeyTarget: Hashable {
    var table: ExactName
    var columns: [ExactName?]

    /// Reads `… REFERENCES `table` (`column`, …) …`; nil for a table of another database.
    init?(_ text: String) {
        var tokens = Array(SQLTokens(text))[...]
        guard let start = tokens.firstIndex(where: { $0.kind == .word("REFERENCES") }) else { return nil }
        tokens = tokens[(start + 1)...]
        guard case .name(let table) = tokens.popFirst()?.kind, tokens.popFirst()?.kind == .symbol("(") else {
            return nil
        }
        self.table = table.exact
        columns = tokens.prefix { $0.kind != .symbol(")") }.compactMap { token in
            if case .name(let name) = token.kind { name.exact } else { nil }
        }
    }
}

/// The statement of an event.
enum EventText {
    /// As `SHOW CREATE EVENT` writes it, `… ON COMPLETION [NOT] PRESERVE ENABLE …`, with `DISABLE` instead.
    static func disabled(_ text: String) -> String {
        let tokens = Array(SQLTokens(text))
        for (index, token) in tokens.enumerated().dropFirst() where token.kind == .word("ENABLE") {
            guard tokens[index - 1].kind == .word("PRESERVE") else { continue }
            return text[bytes: 0..<token.range.lowerBound] + "DISABLE"
                + text[bytes: token.range.upperBound..<text.utf8.count]
        }
        return text
    }
}
