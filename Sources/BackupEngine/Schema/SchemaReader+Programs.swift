internal import MySQLClient
internal import RecoveryCore

extension SchemaReader {
    func readViews(_ names: [String], into schema: inout DatabaseSchema) async throws {
        guard !names.isEmpty else { return }
        let (result, rows) = try await rows(
            "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS"
                + " WHERE TABLE_SCHEMA = DATABASE()")
        var definitions = Dictionary(names.map { ($0.exact, "") }) { first, _ in first }
        for row in rows {
            guard let name = result.text(row, 1)?.exact, definitions[name] != nil else { continue }
            definitions[name] = result.text(row, 2) ?? ""
        }
        for name in ViewOrder.sorted(definitions, in: database).map(\.text) {
            let what = "view \(name)"
            var doubt: String?
            let shown: MySQLResult
            do {
                shown = try await connection.query("SHOW CREATE VIEW \(name.sqlIdentifier)")
                doubt = try await whyUnreadable(name)
            } catch let error as MySQLError where error.isOfTheView {
                schema.leftOut.append(
                    .init(what, why: "\(error); its definition: \(definitions[name.exact] ?? "")"))
                continue
            }
            schema.views.append(
                StoredProgram(
                    kind: .view, name: name,
                    create: OwnDatabase.removed(database, from: try text(shown, 0, 1, of: what)),
                    collationConnection: try text(shown, 0, 3, of: what), doubt: doubt))
        }
    }

    /// A view of a table that is gone is still listed; it cannot be made anywhere, and the server's error is thrown. One
    /// whose definer is gone, or lacks a right, can.
    private func whyUnreadable(_ view: String) async throws -> String? {
        do {
            _ = try await connection.query("SELECT 1 FROM \(view.sqlIdentifier) LIMIT 0")
            return nil
        } catch let error as MySQLError where error.isOfTheDefiner {
            return "its definer is gone, or may not read what it shows: \(error)"
        }
    }

    func readRoutines(into schema: inout DatabaseSchema) async throws {
        let (result, rows) = try await rows(
            "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES"
                + " WHERE ROUTINE_SCHEMA = DATABASE()")
        for kind in [StoredProgram.Kind.function, .procedure, .package, .packageBody] {
            let ofKind = rows.filter { result.text($0, 2) == kind.rawValue.uppercased() }
            for name in ofKind.compactMap({ result.text($0, 1) }).sorted() {
                try await readProgram(kind, name, at: 2, into: &schema.routines, &schema.leftOut)
            }
        }
    }

    func readTriggers(of tables: [String], into schema: inout DatabaseSchema) async throws {
        let (result, rows) = try await rows(
            """
            SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER
            FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
            """)
        let tables = Set(tables.map(\.exact))
        let triggers = rows.compactMap { row in
            guard let name = result.text(row, 1), let table = result.text(row, 2), tables.contains(table.exact) else {
                return nil as (place: String, order: Int, name: String, table: String)?
            }
            let place = "\(table)\u{0}\(result.text(row, 3) ?? "")\u{0}\(result.text(row, 4) ?? "")"
            return (place, result.text(row, 5).flatMap { Int($0) } ?? 0, name, table)
        }
        for trigger in triggers.sorted(by: { ($0.place, $0.order, $0.name) < ($1.place, $1.order, $1.name) }) {
            let before = schema.triggers.count
            try await readProgram(.trigger, trigger.name, at: 2, into: &schema.triggers, &schema.leftOut)
            guard schema.triggers.count > before else { continue }
            schema.triggers[before].create = TriggerText.unqualified(
                schema.triggers[before].create, name: trigger.name, table: trigger.table)
        }
    }

    func readEvents(into schema: inout DatabaseSchema) async throws {
        let (result, rows) = try await rows(
            "SELECT EVENT_SCHEMA, EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()")
        for (name, status) in rows.map({ (result.text($0, 1) ?? "", result.text($0, 2)) }).sorted(by: { $0.0 < $1.0 }) {
            let before = schema.events.count
            try await readProgram(.event, name, at: 3, into: &schema.events, &schema.leftOut)
            guard schema.events.count > before else { continue }
            schema.events[before].isEnabled = status == "ENABLED"
        }
    }

    /// Appends a program, or why it cannot be read. `column` is where `SHOW CREATE` has the statement; before it are
    /// the `sql_mode` and, of events, the time zone; behind it the collations.
    private func readProgram(
        _ kind: StoredProgram.Kind, _ name: String, at column: Int, into programs: inout [StoredProgram],
        _ leftOut: inout [DatabaseSchema.Omission]
    ) async throws {
        let what = "\(kind.rawValue) \(name)"
        let shown = try await connection.query("SHOW CREATE \(kind.rawValue.uppercased()) \(name.sqlIdentifier)")
        // The server shows the body only to the definer and to who may read all routines.
        guard shown.text(0, column) != nil else {
            leftOut.append(.init(what, why: "the user may not read it"))
            return
        }
        programs.append(
            StoredProgram(
                kind: kind, name: name, create: try text(shown, 0, column, of: what),
                sqlMode: try text(shown, 0, 1, of: what), collationConnection: try text(shown, 0, column + 2, of: what),
                databaseCollation: try text(shown, 0, column + 3, of: what),
                timeZone: kind == .event ? try text(shown, 0, 2, of: what) : nil))
    }
}

extension MySQLError {
    /// What `SHOW CREATE VIEW` and a reading of the view say when the view is at fault, and nothing else is: it refers to
    /// what is gone (1356, 1146, 1054, 1305), or to itself in a circle (1462), or compares what cannot be compared (1267,
    /// 1271).
    fileprivate var isOfTheView: Bool { [1356, 1146, 1054, 1305, 1462, 1267, 1271].contains(code) }

    /// What a reading of a view says of its definer, or of the user who reads it: there is none (1449; to a user without
    /// SUPER the servers say 1045, as if his own login were wrong), or it may not read a table, a column, or call a
    /// routine (1142, 1143, 1370).
    fileprivate var isOfTheDefiner: Bool { [1449, 1045, 1142, 1143, 1370].contains(code) }
}

/// The statement of a trigger, which servers show as it was written.
enum TriggerText {
    /// Without the name of a database: at a restore into another one it would reach into the first.
    static func unqualified(_ text: String, name: String, table: String) -> String {
        let tokens = Array(SQLTokens(text))
        func index(of words: Set<String>, from start: Int) -> Int? {
            tokens.indices.dropFirst(start).first { index in
                if case .word(let word) = tokens[index].kind { words.contains(word) } else { false }
            }
        }
        guard let trigger = index(of: ["TRIGGER"], from: 0),
            let moment = index(of: ["BEFORE", "AFTER"], from: trigger),
            let on = index(of: ["ON"], from: moment), let each = index(of: ["FOR"], from: on)
        else { return text }
        return text[bytes: 0..<tokens[trigger].range.upperBound] + " \(name.sqlIdentifier) "
            + text[bytes: tokens[moment].range.lowerBound..<tokens[on].range.upperBound]
            + " \(table.sqlIdentifier) " + text[bytes: tokens[each].range.lowerBound..<text.utf8.count]
    }
}
