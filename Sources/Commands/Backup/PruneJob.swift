internal import BackupEngine
internal import Foundation
internal import ObjectStore
internal import RecoveryCore
internal import Topology

/// One run of `backup prune`.
struct PruneJob: Sendable {
    /// Nil: no backup goes.
    var retention: Retention?
    var database: String?
    /// What was changed last before this moment and is not finished goes.
    var limit: Date
    var applies: Bool

    fileprivate struct Document: Encodable {
        struct Backup: Encodable {
            var id: String
            var database: String
            var stays: Bool
            var reasons: [String]
            var storedBytes: UInt64?
            var removed: Bool
        }

        struct Unfinished: Encodable {
            var name: String
            var bytes: Int64?
            var lastChange: Date
            var removed: Bool
        }

        struct Log: Encodable {
            var database: String
            var segments: Int
            var goes: Int
            var storedBytes: UInt64
            var removed: Bool
        }

        struct Store: Encodable {
            var store: String
            var backups: [Backup] = []
            var unfinishedBackups: [Unfinished] = []
            var unfinishedUploads: [Unfinished] = []
            /// The shipped binary logs.
            var logs: [Log] = []
            /// Whether what is deleted stays as an older version; null when the store does not say.
            var keepsVersions: Nullable<Bool> = Nullable(nil)
            var error: String?
        }

        var applied: Bool
        var stores: [Store]
    }

    func run(_ stores: [OpenStore], _ console: Console) async throws -> ExitStatus {
        let survey = try await StoreSurvey(stores, of: database)
        var failed = survey.complain(console)
        var documents: [Document.Store] = []
        for reading in survey.readings {
            var document = Document.Store(store: reading.store.name)
            if let inventory = reading.inventory {
                console.print("\(reading.store.name):")
                do {
                    let keepsVersions = try? await reading.store.store.keepsVersions()
                    document.keepsVersions = Nullable(keepsVersions)
                    if keepsVersions == true { console.note(Self.versions(reading.store)) }
                    try await prune(reading.store, inventory, survey, &document, console)
                } catch let error as CancellationError {
                    throw error
                } catch {
                    let shown = UserFacingError(presenting: error)
                    document.error = shown.summary
                    console.note("error: \(reading.store.name): \(shown.summary) [\(shown.code)]")
                    if let hint = shown.hint { console.note("    hint: \(hint)") }
                    failed = true
                }
            } else {
                document.error = reading.error.map { UserFacingError(presenting: $0).summary }
            }
            documents.append(document)
        }
        if retention == nil { console.note("no backup goes: there is no policy (`backup.keep`, or --keep options)") }
        if !applies, documents.contains(where: \.hasWork) { console.note("nothing was deleted; --apply does it") }
        try console.document(Document(applied: applies, stores: documents))
        guard failed else { return .done }
        return documents.allSatisfy { $0.error != nil } ? .failed : .degraded
    }

    private static func versions(_ store: OpenStore) -> String {
        "\(store.name) keeps older versions: what is deleted stays there, and takes room, until a rule of the bucket lets "
            + "them expire (docs/object-storage.md)"
    }

    private func prune(
        _ store: OpenStore, _ inventory: BackupInventory, _ survey: StoreSurvey, _ document: inout Document.Store,
        _ console: Console
    ) async throws {
        // The verifications of a store that cannot be read are not known.
        let isBlind = survey.readings.contains { $0.inventory == nil }
        let candidates = inventory.backups.compactMap { candidate($0, survey) }
        let decided = retention?.verdicts(on: candidates, now: Date(), isBlind: isBlind) ?? []
        let verdicts = Dictionary(
            decided.map { ("\($0.series)/\($0.id)", $0) }, uniquingKeysWith: { first, _ in first })
        for backup in inventory.backups {
            let name = backup.manifest?.source.database ?? String(backup.folder.database.dropLast())
            let verdict = verdicts["\(name)/\(backup.id)"]
            let reasons =
                backup.unreadable.map { ["its manifest cannot be used: \($0)"] }
                ?? verdict?.reasons.map(\.description) ?? ["there is no policy"]
            var entry = Document.Backup(
                id: "\(backup.id)", database: name, stays: !reasons.isEmpty, reasons: reasons,
                storedBytes: backup.manifest?.storedBytes, removed: false)
            if !entry.stays, applies {
                try await store.catalogue.remove(backup.folder)
                entry.removed = true
            }
            document.backups.append(entry)
            console.print("  \(name) \(backup.id) \(entry.words)")
        }
        try await removeUnfinished(store, inventory, &document, console)
        // What the backups need that a store has which cannot be read is not known.
        if !isBlind { try await removeSegments(store, survey, &document, console) }
    }

    /// What every backup that stays holds already. A backup that another store has stays until it is gone there, too.
    private func removeSegments(
        _ store: OpenStore, _ survey: StoreSurvey, _ document: inout Document.Store, _ console: Console
    ) async throws {
        let gone = Set(document.backups.filter { !$0.stays }.map { "\($0.database)/\($0.id)" })
        var backups: [String: [BackupManifest?]] = [:]
        for reading in survey.readings {
            for backup in reading.inventory?.backups ?? [] {
                let name = backup.manifest?.source.database ?? String(backup.folder.database.dropLast())
                guard reading.store.name != store.name || !gone.contains("\(name)/\(backup.id)") else { continue }
                backups[name, default: []].append(backup.manifest)
            }
        }
        for (name, manifests) in backups.sorted(by: { $0.key < $1.key }) {
            let removal = try await LogRemoval(of: name, in: store.store, backups: manifests)
            guard !removal.segments.isEmpty else { continue }
            if applies { try await removal.remove() }
            document.logs.append(
                .init(
                    database: name, segments: removal.segments.count, goes: removal.count,
                    storedBytes: removal.storedBytes, removed: applies && removal.count > 0))
            console.print(
                "  \(name)'s log: \(Readable.count(removal.count)) of \(Readable.count(removal.segments.count)) segments"
                    + " (\(Readable.bytes(removal.storedBytes))) are older than every backup: "
                    + (removal.count == 0 ? "nothing goes" : applies ? "removed" : "they go"))
        }
    }

    /// Another store has the same bytes: that they could be restored from there is good news of this copy, too. That
    /// they could not says nothing about it.
    private func candidate(_ backup: CataloguedBackup, _ survey: StoreSurvey) -> Retention.Candidate? {
        guard var candidate = backup.candidate, candidate.state == .unverified else { return backup.candidate }
        let others = survey.readings.flatMap { $0.inventory?.backups ?? [] }.filter { $0.folder == backup.folder }
        if others.contains(where: { $0.candidate?.state == .verified }) { candidate.state = .verified }
        return candidate
    }

    private func removeUnfinished(
        _ store: OpenStore, _ inventory: BackupInventory, _ document: inout Document.Store, _ console: Console
    ) async throws {
        for unfinished in inventory.unfinished where unfinished.lastChange < limit {
            let removed = applies ? try await store.catalogue.remove(unfinished) : false
            document.unfinishedBackups.append(
                .init(
                    name: unfinished.folder.path, bytes: unfinished.bytes, lastChange: unfinished.lastChange,
                    removed: removed))
            console.print(
                "  \(unfinished.folder.path) was never finished (\(Readable.bytes(unfinished.bytes))): "
                    + (removed ? "removed" : "goes"))
        }
        for upload in try await store.catalogue.unfinishedUploads(before: limit, of: database) {
            if applies { try await store.store.abort(upload) }
            document.unfinishedUploads.append(
                .init(name: upload.key.text, bytes: nil, lastChange: upload.started, removed: applies))
            console.print("  the upload of \(upload.key) was never finished: \(applies ? "removed" : "goes")")
        }
    }
}

extension PruneJob.Document.Store {
    fileprivate var hasWork: Bool {
        backups.contains { !$0.stays } || !unfinishedBackups.isEmpty || !unfinishedUploads.isEmpty
            || logs.contains { $0.goes > 0 }
    }
}

extension PruneJob.Document.Backup {
    fileprivate var words: String {
        stays
            ? "stays: \(reasons.joined(separator: "; "))" : removed ? "removed" : "goes: no rule of the policy wants it"
    }
}
