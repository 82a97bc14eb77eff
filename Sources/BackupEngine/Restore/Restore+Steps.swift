internal import MySQLClient
internal import RecoveryCore

/// The steps of a restore, in their order. Each looks at what is there, so that it can be done again.
extension Restore {
    /// What was found at the target.
    struct Beginning {
        /// Names of objects that are there.
        var done: Set<String> = []
        var isResumed = false
        /// All is there and compared.
        var isCompared = false
        /// A log is being replayed onto it, and nothing of the backup may be made again.
        var isReplaying = false
        /// What was in the way.
        var dropped: [String] = []

        init(dropped: [String]) { self.dropped = dropped }

        init(_ journal: RestoreJournal.State) {
            (done, isResumed, isCompared) = (journal.done, true, journal.isCompared)
            isReplaying = journal.isReplaying
        }
    }

    /// Tables, rows, indexes.
    func load(
        _ content: RestoreContent, _ begun: Beginning, _ loader: SchemaLoader, _ reader: ObjectReader,
        over admin: MySQLConnection, _ connections: [MySQLConnection]
    ) async throws {
        try await loader.prepare(admin)
        for sequence in content.sequences {
            try await make(sequence, of: content.tablesObject, begun.isResumed, loader, over: admin)
        }
        for connection in connections { try await loader.prepare(connection) }
        let object = content.tablesObject
        try await each(of: content.tables.compactMap(\.self), on: connections) { table, connection in
            try await make(table, of: object, begun.isResumed, loader, over: connection)
        }
        loader.board.begin(.loading)
        // A statement builds all of its indexes or none.
        let existing = begun.isResumed ? try await ExistingKeys.indexes(over: admin) : .none
        let loading = RestoreLoading(
            selection: content.selection,
            indexes: content.indexes.map { $0.filter { !existing.have($0) } }, indexesObject: content.indexesObject,
            done: begun.done, isResumed: begun.isResumed, reader: reader, loader: loader, board: loader.board)
        try await loading.run(on: connections)
    }

    /// What is there already was made by the attempt that this one goes on from. Folders of the old server are left out
    /// where this one does not take them; a scratch server keeps everything in its own.
    private func make(
        _ statement: SchemaStatement, of object: BackupManifest.Object?, _ isResumed: Bool, _ loader: SchemaLoader,
        over connection: MySQLConnection
    ) async throws {
        let plain = statement.withoutDirectories
        do {
            let text = options.isScratch ? plain?.text : nil
            return try await loader.run(statement, as: text, of: object, over: connection)
        } catch RestoreError.statement(_, _, let error) where isResumed && error.code == 1050 {
            return
        } catch RestoreError.statement(_, _, let error) where plain != nil && !options.isScratch {
            if case (.table(let name), let plain?) = (statement.subject, plain) {
                loader.board.warn("table \(name)", "without \(plain.directories.joined(separator: ", ")): \(error)")
            }
        }
        try await loader.run(statement, as: plain?.text, of: object, over: connection)
    }

    /// Foreign keys, counters, programs.
    func finish(
        _ content: RestoreContent, _ isResumed: Bool, _ loader: SchemaLoader, over admin: MySQLConnection
    ) async throws {
        loader.board.begin(.finishing)
        let existing = isResumed ? try await ExistingKeys.foreignKeys(over: admin) : .none
        for (number, keys) in content.foreignKeys {
            let table = content.selection.tables[number].table.name
            let missing = keys.filter { !existing.has($0.name, of: table) }
            guard !missing.isEmpty else { continue }
            let text = "ALTER TABLE \(table.sqlIdentifier)\n  ADD " + missing.map(\.text).joined(separator: ",\n  ADD ")
            try await loader.run(SchemaStatement(text), of: content.indexesObject, over: admin)
        }
        try await raiseCounters(content.selection, over: admin)
        loader.board.begin(.programs)
        let definers = content.programs.isEmpty ? nil : try await DefinerMap.read(options.definers, over: admin)
        for programs in content.programs {
            for statement in programs.statements {
                try await run(statement, of: programs.object, definers, loader, over: admin)
            }
        }
    }

    /// Rows that were deleted may have had higher numbers, which must not be given again.
    private func raiseCounters(_ selection: RestoreSelection, over admin: MySQLConnection) async throws {
        let counters = try await SchemaReader(admin).listTables().reduce(into: [:]) { counters, table in
            counters[Array(table.name.utf8)] = table.autoIncrement
        }
        for table in selection.tables.map(\.table) {
            guard let wanted = table.autoIncrement, let found = counters[Array(table.name.utf8)], found < wanted else {
                continue
            }
            _ = try await admin.query("ALTER TABLE \(table.name.sqlIdentifier) AUTO_INCREMENT = \(wanted)")
        }
    }

    private func run(
        _ statement: SchemaStatement, of object: BackupManifest.Object, _ definers: DefinerMap?, _ loader: SchemaLoader,
        over admin: MySQLConnection
    ) async throws {
        guard case .program(let kind, let name) = statement.subject else {
            return try await loader.run(statement, of: object, over: admin)
        }
        if kind != .packageBody {
            _ = try await admin.query("DROP \(kind.rawValue.uppercased()) IF EXISTS \(name.sqlIdentifier)")
        }
        guard let definer = statement.definer, let owner = definers?.owner(insteadOf: definer) else {
            return try await loader.run(statement, of: object, over: admin)
        }
        if let warning = definers?.warning(for: definer) { loader.board.warn(warning) }
        try await loader.run(statement, as: statement.owned(by: owner), of: object, over: admin)
    }
}
