package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `breakwater files prune`
package struct FilesPruneCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Show which backups of files are no longer kept, and with --apply delete them.",
        discussion: """
            By the policy of the backups of the database: the topology's `backup.keep`, or the --keep options, for each \
            store by itself. The newest of each machine and set of paths always stays. Nothing is deleted without \
            --apply.

            Exit codes: 0 done, or nothing was to be done; 1 failed; 2 bad usage; 3 an empty policy, which would \
            delete everything; 4 some stores could not be pruned.

            Examples:

              breakwater files prune
              breakwater files prune --keep-daily 7 --keep-weekly 8 --apply
            """
    )

    @Flag(help: "Delete; without it nothing is changed.")
    package var apply = false
    @OptionGroup package var keep: KeepOptions
    @OptionGroup package var identity: IdentityOptions
    @OptionGroup package var place: StoreOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    private struct Document: Encodable {
        struct Backup: Encodable {
            var id: String
            var snapshot: String
            var stays: Bool
            var reasons: [String]
            var removed: Bool
        }

        struct Store: Encodable {
            var store: String
            var backups: [Backup] = []
            var error: String?
        }

        var applied: Bool
        var stores: [Store]
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let key = try FilesKey(place.topology, file: self.place.file, identity, console)
        let retention = try keep.retention(place.topology?.backup)
        return try await Interruption.cancelling {
            try await place.withStores(console, pruning: true) { stores in
                try await Restic.with { restic in
                    let survey = try await FilesSurvey(stores, key, restic)
                    return try await prune(survey, retention, console)
                }
            }
        }
    }

    private func prune(
        _ survey: FilesSurvey, _ retention: Retention?, _ console: Console
    ) async throws -> ExitStatus {
        _ = survey.complain(console)
        var documents: [Document.Store] = []
        for reading in survey.readings {
            var document = Document.Store(store: reading.store.name, error: reading.error?.summary)
            if let vault = reading.vault, reading.error == nil {
                console.print("\(reading.store.name):")
                do {
                    document.backups = try await prune(reading.snapshots, vault, retention, console)
                } catch let error as CancellationError {
                    throw error
                } catch {
                    let shown = UserFacingError(presenting: error)
                    document.error = shown.summary
                    console.note("error: \(reading.store.name): \(shown.summary) [\(shown.code)]")
                    if let hint = shown.hint { console.note("    hint: \(hint)") }
                }
            }
            documents.append(document)
        }
        if retention == nil { console.note("no backup goes: there is no policy (`backup.keep`, or --keep options)") }
        if !apply, documents.contains(where: { $0.backups.contains { !$0.stays } }) {
            console.note("nothing was deleted; --apply does it")
        }
        try console.document(Document(applied: apply, stores: documents))
        guard documents.contains(where: { $0.error != nil }) else { return .done }
        return documents.allSatisfy { $0.error != nil } ? .failed : .degraded
    }

    private func prune(
        _ snapshots: [FileSnapshot], _ vault: FileVault, _ retention: Retention?, _ console: Console
    ) async throws -> [Document.Backup] {
        let verdicts = Dictionary(
            (retention?.verdicts(on: snapshots.map(Retention.Candidate.init), now: Date()) ?? []).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first })
        let going = snapshots.filter { verdicts[$0.id]?.stays == false }
        if apply { try await vault.forget(going) }
        return snapshots.map { snapshot in
            let reasons = verdicts[snapshot.id]?.reasons.map(\.description) ?? ["there is no policy"]
            let entry = Document.Backup(
                id: snapshot.name, snapshot: snapshot.id, stays: !reasons.isEmpty, reasons: reasons,
                removed: reasons.isEmpty && apply)
            let words =
                entry.stays
                ? "stays: \(reasons.joined(separator: "; "))"
                : apply ? "removed" : "goes: no rule of the policy wants it"
            console.print("  \(snapshot.name) \(words)")
            return entry
        }
    }
}

extension Retention.Candidate {
    /// Those of one machine and one set of paths stand in for each other.
    fileprivate init(_ snapshot: FileSnapshot) {
        self.init(
            id: snapshot.id, series: ([snapshot.host] + snapshot.paths.sorted()).joined(separator: "\n"),
            time: snapshot.time)
    }
}
