internal import Age
internal import Foundation
internal import RecoveryCore

extension Dump {
    /// What was dumped, for those who restore it.
    func manifest(
        start: Date, schema: DatabaseSchema, plan: SnapshotPlan, snapshot: SnapshotOpener.Snapshot, layout: DumpLayout,
        shop: ShopReader.Reading, accounts: AccountText, rows: [DumpedChunk], objects: [BackupManifest.Object],
        server: DatabaseServer
    ) -> BackupManifest {
        let byTable = Dictionary(grouping: rows) { ($0.object.table ?? "").exact }
        let tables = layout.parts.map { part in
            let dumped = byTable[part.table.name.exact] ?? []
            let hasRows = part.why == nil
            return BackupManifest.Table(
                name: part.table.name, engine: part.table.facts.engine, rows: dumped.reduce(0) { $0 + $1.object.rows },
                digest: hasRows ? dumped.reduce(TableDigest()) { $0 + $1.digest } : nil,
                columns: hasRows ? part.table.storedColumns.map(\.name) : [], cut: part.cut,
                autoIncrement: part.table.autoIncrement)
        }
        let consistent = layout.parts.allSatisfy { $0.why != nil || $0.table.facts.isTransactional }
        return BackupManifest(
            id: id, software: options.software, startedAt: start, finishedAt: Date(),
            source: .init(
                family: server.family, version: server.text, database: schema.name, characterSet: schema.characterSet,
                collation: schema.collation),
            snapshot: .init(
                method: snapshot.method, consistent: consistent, position: snapshot.position, reasons: plan.reasons,
                warnings: plan.warnings + snapshot.warnings + shop.warnings),
            compression: .init(level: options.level), recipients: options.recipients.map(\.description), tables: tables,
            objects: objects.sorted { ($0.kind.digit, $0.name) < ($1.kind.digit, $1.name) },
            leftOut: leftOut(schema, layout) + accounts.leftOut.map { .init($0.what, why: $0.why) },
            checks: shop.figures)
    }

    private func leftOut(_ schema: DatabaseSchema, _ layout: DumpLayout) -> [BackupManifest.LeftOut] {
        var leftOut = schema.leftOut.map { BackupManifest.LeftOut($0.what, why: $0.why) }
        for part in layout.parts {
            if let why = part.why { leftOut.append(.init("rows of \(part.table.name)", why: why)) }
            if part.table.isSystemVersioned {
                leftOut.append(
                    .init("old versions of the rows of \(part.table.name)", why: "only the rows of the moment are kept")
                )
            }
        }
        for event in schema.events where event.isEnabled {
            leftOut.append(
                .init("event \(event.name)", why: "is made disabled; ALTER EVENT … ENABLE starts it"))
        }
        for view in schema.views {
            guard let why = view.doubt else { continue }
            leftOut.append(.init("what view \(view.name) shows", why: why))
        }
        for program in schema.routines + schema.triggers + schema.events {
            if OwnDatabase.isNamed(schema.name, in: program.create) {
                leftOut.append(
                    .init(
                        "\(program.kind.rawValue) \(program.name)",
                        why: "its text names the database \(schema.name), and goes on to mean that one wherever it is"
                            + " restored"))
            }
            guard let collation = program.databaseCollation, collation != schema.collation else { continue }
            leftOut.append(
                .init(
                    "\(program.kind.rawValue) \(program.name)",
                    why: "was made when the database's collation was \(collation); what in it names no character set"
                        + " gets \(schema.collation)"))
        }
        return leftOut
    }
}
