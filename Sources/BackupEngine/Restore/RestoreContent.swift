internal import RecoveryCore

/// What a backup holds beside rows, read before anything is changed at the target: a wrong key and a damaged definition
/// show here.
struct RestoreContent: Sendable {
    /// The statements of objects that are run as they are, in order.
    struct Programs: Sendable {
        var object: BackupManifest.Object
        var statements: [SchemaStatement]
    }

    var selection: RestoreSelection
    /// Object and statements; those that make a sequence come before those that set it.
    var tablesObject: BackupManifest.Object?
    var settings: [SchemaStatement] = []
    var sequences: [SchemaStatement] = []
    /// One for each table of the selection.
    var tables: [SchemaStatement?]
    var indexesObject: BackupManifest.Object?
    /// By the number of the table.
    var indexes: [[SchemaStatement]]
    var foreignKeys: [(table: Int, keys: [SchemaStatement.ForeignKey])] = []
    var programs: [Programs] = []
    /// Why something that belongs to the selection does not come.
    var warnings: [String] = []

    /// - Throws: `RestoreError`, `CancellationError`.
    init(_ manifest: BackupManifest, _ selection: RestoreSelection, from reader: ObjectReader) async throws {
        self.selection = selection
        tables = selection.tables.map { _ in nil }
        indexes = selection.tables.map { _ in [] }
        for object in manifest.objects where object.kind != .rows {
            switch object.kind {
            case .tables: try takeTables(object, try await reader.statements(of: object), reader)
            case .indexes: try takeIndexes(object, try await reader.statements(of: object), reader)
            case .routines, .views, .triggers, .events:
                guard selection.isWhole else { continue }
                let statements = try await reader.statements(of: object).map { SchemaStatement($0) }
                for statement in statements {
                    if case .program = statement.subject { continue }
                    guard statement.subject == .setting else { throw unknown(statement, object, reader) }
                }
                programs.append(Programs(object: object, statements: statements))
            // Accounts belong to the server: ``AccountRestore`` makes them when it is asked to.
            case .grants, .rows: break
            }
        }
        // The first FULLTEXT index has the table rebuilt, with all indexes that it has by then.
        indexes = indexes.map { statements in
            let (fullText, others) = statements.partitioned(\.isFullText)
            return fullText + others
        }
        for (number, table) in selection.tables.enumerated() where tables[number] == nil {
            guard let object = tablesObject ?? manifest.objects.first else { continue }
            throw RestoreError.damaged(
                object: object.name, reason: "it does not define the table \(table.table.name)", reader.damage(object))
        }
    }

    private mutating func takeTables(
        _ object: BackupManifest.Object, _ texts: [String], _ reader: ObjectReader
    ) throws {
        tablesObject = object
        for statement in texts.map({ SchemaStatement($0) }) {
            switch statement.subject {
            case .setting: settings.append(statement)
            case .sequence, .sequenceState: if selection.isWhole { sequences.append(statement) }
            case .table(let name): if let number = selection.number(of: name) { tables[number] = statement }
            default: throw unknown(statement, object, reader)
            }
        }
    }

    private mutating func takeIndexes(
        _ object: BackupManifest.Object, _ texts: [String], _ reader: ObjectReader
    ) throws {
        indexesObject = object
        for statement in texts.map({ SchemaStatement($0) }) {
            switch statement.subject {
            case .setting: settings.append(statement)
            case .indexes(let table, _, _):
                if let number = selection.number(of: table) { indexes[number].append(statement) }
            case .foreignKeys(let table, let keys):
                guard let number = selection.number(of: table) else { continue }
                let (kept, left) = keys.partitioned { key in
                    selection.isWhole || key.references.count != 1 || selection.number(of: key.references[0]) != nil
                }
                if !kept.isEmpty { foreignKeys.append((number, kept)) }
                for key in left {
                    warnings.append(
                        "the foreign key \(key.name) of \(table) was left out: it refers to"
                            + " \(key.references.joined(separator: ".")), which was not restored")
                }
            default: throw unknown(statement, object, reader)
            }
        }
    }

    private func unknown(
        _ statement: SchemaStatement, _ object: BackupManifest.Object, _ reader: ObjectReader
    ) -> RestoreError {
        .damaged(
            object: object.name, reason: "no backup has a statement such as \(statement.text.beginning)",
            reader.damage(object))
    }

    /// Names of all tables, sequences and views that come: one of these at the target is in the way.
    var relationNames: [String] {
        let sequences = sequences.compactMap { statement in
            if case .sequence(let name) = statement.subject { name } else { nil as String? }
        }
        let views = programNames.filter { $0.kind == .view }.map(\.name)
        return selection.tables.map(\.table.name) + sequences + views
    }

    var programNames: [(kind: StoredProgram.Kind, name: String)] {
        programs.flatMap(\.statements).compactMap { statement in
            if case .program(let kind, let name) = statement.subject { (kind, name) } else { nil }
        }
    }
}

extension Array {
    /// Those that fulfil the condition, and the others.
    func partitioned(_ isFirst: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}

extension String {
    /// Enough of a statement to know it by, in one line. Of an INSERT only what is before its values.
    var beginning: String {
        let line = prefix(while: { $0 != "\n" }).prefix(120)
        return line.utf8.count < utf8.count ? line + " …" : String(line)
    }
}
