package import MySQLClient
package import RecoveryCore
internal import Topology

/// Brings a backup back into a database: the one that the target's settings name, which is made when it is not there.
package struct Restore: Sendable {
    let target: MySQLSettings
    let manifest: BackupManifest
    let source: any BackupSource
    let options: RestoreOptions
    let report: @Sendable (RestoreProgress) -> Void

    /// - Parameters:
    ///   - target: How to get to the database, which they name.
    ///   - manifest: Of the backup.
    ///   - source: The backup's folder.
    ///   - options: What to restore, and how.
    ///   - report: Called as things go on, from any thread, a few times for each megabyte.
    package init(
        _ target: MySQLSettings, manifest: BackupManifest, source: any BackupSource, options: RestoreOptions,
        report: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
    ) {
        self.target = target
        self.manifest = manifest
        self.source = source
        self.options = options
        self.report = report
    }

    /// Restores, and compares what is there then with the manifest. When it fails or the task is cancelled, what was
    /// done stays, and the same call goes on from there.
    /// - Throws: `RestoreError`, `MySQLError`, `CancellationError`.
    package func run() async throws -> RestoreOutcome { try await run {}.outcome }

    /// Does also what belongs to the restore and changes what was restored, once that is known to be whole. When it is
    /// ended before `last` is done, the same call goes on there, and does it again.
    /// - Throws: as ``run()``; what `last` throws.
    package func run<Last: Sendable>(
        last: @Sendable () async throws -> Last
    ) async throws -> (outcome: RestoreOutcome, last: Last) {
        guard let database = target.address.database, !database.isEmpty else { throw RestoreError.noDatabase }
        let selection = try select()
        let board = RestoreBoard(selection, report: report)
        board.begin(.preparing)
        let manifest = manifest
        let reader = ObjectReader(source: source, key: options.key, recipients: manifest.recipients) {
            manifest.damage(of: $0, selection)
        }
        let content = try await RestoreContent(manifest, selection, from: reader)
        for warning in content.warnings { board.warn(warning) }
        var server = target
        server.address.database = nil
        return try await MySQLConnection.with(server) { admin in
            try await admin.apply(.load)
            try await checkPackets(over: admin)
            let session = try await RestoreSession(target, options, over: admin) { board.warn($0) }
            let collations = try await CollationMap.read(over: admin)
            let target = try await RestoreTarget.open(
                database, like: manifest.source, collations, over: admin, board)
            let begun = try await target.begin(
                content, overwrite: options.overwrite, replays: options.replays)
            var outcome = RestoreOutcome(database: database, server: target.server)
            outcome.dropped = begun.dropped
            outcome.resumedObjects = begun.done.count
            let loader = SchemaLoader(
                collations: collations, modes: SQLModeMap(target.server), board: board, settings: content.settings)
            let connections = try await open(session, for: selection)
            do {
                if !begun.isReplaying {
                    try await load(content, begun, loader, reader, over: admin, connections)
                    try await finish(content, begun.isResumed, loader, over: admin)
                }
                if begun.isCompared {
                    outcome.comparedTables = selection.tables.count { $0.table.digest != nil }
                } else {
                    try await compare(selection, board, on: connections, over: admin, &outcome)
                }
            } catch {
                for connection in connections { await connection.close() }
                throw error
            }
            for connection in connections { await connection.close() }
            let last = try await last()
            try await RestoreJournal.end(over: admin)
            board.begin(.done)
            outcome.tables = selection.tables.count
            outcome.rows = selection.rows
            outcome.warnings = board.warnings
            outcome.elapsed = ContinuousClock.now - board.start
            return (outcome, last)
        }
    }

    private func select() throws -> RestoreSelection {
        let names = manifest.tables.map(\.name)
        let unknown = RestoreSelection.unknown(options.tables ?? [], in: manifest)
        guard unknown.isEmpty else {
            throw RestoreError.unknownTables(unknown.map { .init(name: $0, nearest: nearest(to: $0, among: names)) })
        }
        return RestoreSelection(manifest, names: options.tables)
    }

    /// Before anything is changed: a statement that the server refuses would end the restore somewhere in its middle.
    private func checkPackets(over admin: MySQLConnection) async throws {
        let text = try await admin.query("SELECT @@max_allowed_packet").text()
        guard let allowed = text.flatMap({ UInt64($0) }) else { return }
        let rows = manifest.objects.filter { $0.kind == .rows }
        guard let largest = rows.max(by: { $0.largestStatementBytes < $1.largestStatementBytes }),
            // A packet has a byte before the statement.
            largest.largestStatementBytes >= allowed
        else { return }
        throw RestoreError.packetLimit(
            needed: largest.largestStatementBytes + 1, allowed: allowed, object: largest.name)
    }

    private func open(_ session: RestoreSession, for selection: RestoreSelection) async throws -> [MySQLConnection] {
        let objects = selection.tables.reduce(0) { $0 + $1.objects.count }
        var connections: [MySQLConnection] = []
        do {
            for _ in 0..<min(max(1, options.threads), max(1, objects)) {
                connections.append(try await session.open())
            }
            return connections
        } catch {
            for connection in connections { await connection.close() }
            throw error
        }
    }

    private func compare(
        _ selection: RestoreSelection, _ board: RestoreBoard, on connections: [MySQLConnection],
        over admin: MySQLConnection, _ outcome: inout RestoreOutcome
    ) async throws {
        guard options.compares else { return }
        board.begin(.comparing)
        let (compared, differences) = try await RestoreComparison(selection: selection, board: board)
            .run(on: connections)
        guard differences.isEmpty else {
            try await RestoreJournal.end(over: admin)
            throw RestoreError.differs(differences)
        }
        try await RestoreJournal.noteCompared(over: admin)
        outcome.comparedTables = compared
    }
}

extension BackupManifest {
    /// What an object that cannot be read takes with it.
    func damage(of object: Object, _ selection: RestoreSelection) -> RestoreError.DamagedPart {
        let tables = selection.tables.map(\.table.name)
        return switch object.kind {
        case .rows:
            .init(
                what: "rows of the table \(object.table ?? "")", restorable: tables.filter { $0 != object.table },
                isBegun: true)
        case .tables: .init(what: "the definitions of all tables", restorable: [])
        case .indexes: .init(what: "the indexes and foreign keys of all tables", restorable: [])
        // With a choice of tables these are not asked for.
        case .routines, .views, .triggers, .events, .grants:
            .init(what: "all \(object.kind.rawValue)", restorable: tables)
        }
    }
}
