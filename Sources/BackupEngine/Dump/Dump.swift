internal import Foundation
package import MySQLClient
internal import NIOCore
package import RecoveryCore
internal import Synchronization
internal import Topology

/// Backs one database up: one state of it, read by several connections at once, as compressed and encrypted SQL text.
///
/// The manifest is written last and makes a backup of what was uploaded. When anything fails before, or the task is
/// cancelled, what was uploaded is removed again; when this process is killed, objects without a manifest remain, which
/// are no backup to anybody.
package struct Dump: Sendable {
    let settings: MySQLSettings
    let options: DumpOptions
    let id: BackupID
    let destination: any BackupDestination
    let report: @Sendable (DumpProgress) -> Void

    /// - Parameters:
    ///   - settings: How to get to the database, which they name.
    ///   - options: What to dump, and how.
    ///   - id: Of the backup that is to be.
    ///   - destination: The backup's folder.
    ///   - report: Called as things go on, from any thread, a few times for each megabyte.
    package init(
        _ settings: MySQLSettings, options: DumpOptions, id: BackupID, destination: any BackupDestination,
        report: @escaping @Sendable (DumpProgress) -> Void = { _ in }
    ) {
        self.settings = settings
        self.options = options
        self.id = id
        self.destination = destination
        self.report = report
    }

    /// Makes the backup and returns its manifest, which is stored then.
    /// - Throws: `DumpError`, `SchemaError`, `MySQLError`, `CancellationError`.
    package func run() async throws -> BackupManifest {
        guard !options.recipients.isEmpty else { throw DumpError.noRecipients }
        let uploaded = UploadedObjects()
        do {
            let manifest = try await MySQLConnection.with(settings) { connection in
                try await connection.apply(.dump)
                return try await run(over: connection, uploaded)
            }
            return manifest
        } catch {
            let names = uploaded.names
            let destination = destination
            // Also when this task is cancelled, which would end every request at once.
            if !names.isEmpty { await Task { try? await destination.discard(names) }.value }
            throw error
        }
    }

    private func run(over connection: MySQLConnection, _ uploaded: UploadedObjects) async throws -> BackupManifest {
        let start = Date()
        let reader = try await SchemaReader(connection)
        let excludes: @Sendable (String) -> Bool = { table in options.exclude.contains { $0.matches(table) } }
        let schema = try await reader.read(excluding: excludes)
        let plan = try await plan(for: schema, over: connection)
        let accounts =
            options.keepsAccounts
            ? try await AccountReader(connection: connection).read(database: schema.name) : AccountText()
        let cutter = ChunkCutter(connection: connection, chunkBytes: options.chunkBytes)
        var layout = DumpLayout()
        for table in schema.tables {
            if let why = whyWithoutRows(table) {
                layout.leaveOut(table, why: why)
            } else {
                let (chunks, cut) = try await cutter.cut(table)
                layout.add(table, chunks, cut)
            }
        }
        let opener = SnapshotOpener(
            settings: settings, plan: plan, tables: layout.chunks.map(\.table.name).uniqued,
            workers: min(max(1, options.threads), max(1, layout.chunks.count)))
        let snapshot = try await opener.open()
        do {
            let states = try await sequenceStates(of: schema, over: snapshot.workers[0])
            let shop = try await ShopReader(snapshot.workers[0]).read(layout.carriedColumns, within: 10)
            let progress = ProgressBoard(
                expectedRows: layout.chunks.map(\.table).reduce(into: [:]) { $0[$1.name.exact] = $1.facts.rows }.values
                    .reduce(0, &+), report: report)
            let upload = ObjectUpload(
                destination: destination, recipients: options.recipients, level: options.level)
            var objects = try await store(
                SchemaText(schema: schema, sequenceStates: states, accounts: accounts), by: upload, uploaded, progress,
                chunks: layout.chunks.count)
            let rows = try await ChunkWorkers(upload: upload, uploaded: uploaded, progress: progress)
                .run(layout.chunks, on: snapshot.workers)
            let changes = try await reader.read(excluding: excludes).changes(since: schema)
            guard changes.isEmpty else { throw DumpError.changed(changes) }
            await snapshot.close()
            objects += rows.map(\.object)
            let manifest = manifest(
                start: start, schema: schema, plan: plan, snapshot: snapshot, layout: layout, shop: shop,
                accounts: accounts,
                rows: rows, objects: objects, server: await connection.server)
            try await commit(manifest)
            return manifest
        } catch {
            await snapshot.close()
            throw error
        }
    }

    private func plan(for schema: DatabaseSchema, over connection: MySQLConnection) async throws -> SnapshotPlan {
        let server = await connection.server
        let shown = try await connection.query("SHOW GRANTS")
        let grants = Grants(shown.rows.indices.compactMap { shown.text($0, 0) })
        let hasLog = try await connection.query("SELECT @@GLOBAL.log_bin").text() == "1"
        let subject = SnapshotPlan.Subject(
            server: server, database: schema.name, tables: schema.tables.map(\.facts),
            hasBinaryLog: hasLog)
        do throws(SnapshotRefusal) {
            return try SnapshotPlan(for: subject, grants: grants)
        } catch {
            throw DumpError.refused(error)
        }
    }

    private func whyWithoutRows(_ table: TableSchema) -> String? {
        if let rule = options.schemaOnly.first(where: { $0.matches(table.name) }) { return "schema_only: \(rule)" }
        let engine = table.facts.engine.lowercased()
        return ["mrg_myisam", "blackhole", "federated"].contains(engine)
            ? "its engine \(table.facts.engine) keeps no rows of its own" : nil
    }

    private func sequenceStates(of schema: DatabaseSchema, over worker: MySQLConnection) async throws -> [String] {
        var states: [String] = []
        for sequence in schema.sequences {
            let name = sequence.name.sqlIdentifier
            let next = try await worker.query("SELECT next_not_cached_value FROM \(name)").text() ?? "1"
            states.append("DO SETVAL(\(name), \(next), 0)")
        }
        return states
    }

    private func store(
        _ text: SchemaText, by upload: ObjectUpload, _ uploaded: UploadedObjects, _ progress: ProgressBoard, chunks: Int
    ) async throws -> [BackupManifest.Object] {
        let texts: [(BackupManifest.Object.Kind, String?)] = [
            (.tables, text.tables), (.indexes, text.indexes), (.routines, text.routines), (.views, text.views),
            (.triggers, text.triggers), (.events, text.events), (.grants, text.grants),
        ]
        let present = texts.compactMap { kind, text in text.map { (kind, $0) } }
        progress.expect(objects: present.count + chunks)
        var objects: [BackupManifest.Object] = []
        for (kind, text) in present {
            let name = BackupLayout.object(kind, number: 1)
            uploaded.add(name)
            let packed = try await upload.store(text, as: name)
            progress.finishObject(storedBytes: packed.storedBytes, rawBytes: packed.rawBytes)
            objects.append(
                BackupManifest.Object(
                    name: name, kind: kind, rawBytes: packed.rawBytes, storedBytes: packed.storedBytes,
                    sha256: packed.sha256, largestStatementBytes: UInt64(text.utf8.count)))
        }
        return objects
    }

    private func commit(_ manifest: BackupManifest) async throws {
        let faults = manifest.faults
        guard faults.isEmpty else { throw DumpError.inconsistent(faults) }
        try Task.checkCancellation()
        try await destination.commit(ByteBuffer(bytes: try manifest.json()))
    }
}

/// Every object that was begun, to remove them if there will be no backup.
final class UploadedObjects: Sendable {
    private let state = Mutex<[String]>([])

    var names: [String] { state.withLock { $0 } }

    func add(_ name: String) { state.withLock { $0.append(name) } }
}

extension [String] {
    fileprivate var uniqued: [String] {
        var seen: Set<[UInt8]> = []
        return filter { seen.insert([UInt8]($0.utf8)).inserted }
    }
}
