internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// One run of `restore`.
struct RestoreJob: Sendable {
    var request: BackupRequest
    /// Up to where the shipped log is replayed; nil for the backup alone.
    var target: ReplayTarget?
    var settings: MySQLSettings
    var options: RestoreOptions
    /// Whether the shop's scheduled actions wait until somebody releases them.
    var holdsActions = true
    /// Whether the backup's accounts are made again.
    var makesAccounts = false
    /// Restores the files of the same moment.
    var files: FilesRestoreJob?
    /// Points the shop at what was restored.
    var flip: FlipJob?

    func run(_ stores: [OpenStore], _ console: Console) async throws -> ExitStatus {
        let start = ContinuousClock.now
        let (backup, store, choice) = try await find(in: stores, console)
        guard let manifest = backup.manifest else { preconditionFailure("what is found can be read") }
        let moment = FilesSurvey.Choice.before(choice?.moment?.date ?? manifest.startedAt)
        if let snapshot = try await files?.rehearse(moment, stores) {
            console.note("the files will be those of \(snapshot.name)")
        }
        var settings = settings
        settings.address.database = settings.address.database ?? Self.newDatabase(for: manifest)
        console.note("restoring \(manifest.id) from \(store.name) to \(settings.address)")
        if let plan = choice?.plan {
            console.note("then \(Readable.count(plan.segments.count, "segment")) of the log, until \(plan.target)")
        }
        let progress = ProgressLine(console)
        defer { progress.clear() }
        let source = StoreFolder(backup.folder.path, in: store.store)
        let restore = Restore(settings, manifest: manifest, source: source, options: options) {
            progress.show($0.line)
        }
        var (outcome, last): (RestoreOutcome, Last)
        do {
            (outcome, last) = try await settings.address.naming { [settings] in
                try await restore.run {
                    try await finish(settings, manifest, source, choice) { progress.show($0.line) }
                }
            }
        } catch let error as CancellationError {
            console.note(
                "what was restored stays in \(settings.address.database ?? ""); the same command goes on from there")
            throw error
        }
        progress.clear()
        if !makesAccounts, isWhole, manifest.objects.contains(where: { $0.kind == .grants }) {
            outcome.warnings.append("the backup has accounts, which were not made: --accounts makes them")
        }
        outcome.warnings +=
            (last.replayed?.skippedAccounts).map { skipped in
                skipped == 0
                    ? [] : ["\(Readable.count(skipped, "statement")) about accounts or the server were not replayed"]
            } ?? []
        let restoredFiles = try await files?.run(moment, stores, console)
        let flipped = last.differences.isEmpty ? try await switchShop(settings, console) : nil
        let result = RestoreResult(
            outcome: outcome, manifest: manifest, target: "\(settings.address)", store: store.name,
            duration: ContinuousClock.now - start, differences: last.differences,
            heldActions: last.held.reduce(0) { $0 &+ $1.actions }, accounts: last.accounts,
            files: restoredFiles, flip: flipped, replayed: last.replayed)
        return try result.present(console)
    }

    private func find(
        in stores: [OpenStore], _ console: Console
    ) async throws -> (CataloguedBackup, OpenStore, ReplayChoice?) {
        guard let target else {
            let (backup, store) = try await request.find(in: stores, console)
            return (backup, store, nil)
        }
        let choice = try await settings.address.naming {
            try await ReplayChoice.find(target, request, in: stores, settings, options, console)
        }
        return (choice.backup, choice.store, choice)
    }

    private func switchShop(_ settings: MySQLSettings, _ console: Console) async throws -> FlipJob.Flipped? {
        do {
            return try await flip?.run(settings, console)
        } catch {
            console.note("the database is restored all the same: \(settings.address)")
            throw error
        }
    }

    /// What is done with a restored shop before the restore is said to be over.
    private struct Last: Sendable {
        var differences: [BackupManifest.LeftOut] = []
        var held: [ActionSchedulerHold.Held] = []
        var accounts = AccountRestore.Outcome()
        var replayed: ReplayOutcome?
    }

    /// A part of a shop has other figures than the whole.
    private var isWhole: Bool { options.tables == nil }

    private func finish(
        _ settings: MySQLSettings, _ manifest: BackupManifest, _ source: StoreFolder, _ choice: ReplayChoice?,
        _ report: @escaping @Sendable (ReplayProgress) -> Void
    ) async throws -> Last {
        var last = Last()
        let replay = choice.map { Replay($0.plan, $0.log, options, report: report) }
        // The figures are those of the backup: once something was replayed onto it they say nothing.
        let isBegun = try await replay?.isBegun(on: settings) ?? false
        if isWhole, !isBegun { last.differences = try await ShopComparison(settings).differences(from: manifest) }
        last.replayed = try await replay?.run(on: settings)
        if isWhole, holdsActions { last.held = try await ActionSchedulerHold(settings).hold() }
        if makesAccounts {
            last.accounts = try await AccountRestore(
                settings, manifest: manifest, source: source, key: options.key
            ).run()
        }
        return last
    }

    /// Named after the backup, so that the same restore goes on when it is run again.
    static func newDatabase(for manifest: BackupManifest) -> String {
        let suffix = "_\(manifest.id)".lowercased().replacing("-", with: "_")
        return manifest.source.database.prefix(64 - suffix.count) + suffix
    }
}

extension ReplayProgress {
    /// For the line of a terminal.
    var line: String {
        "replaying: segment \(segments + 1) of \(expectedSegments), \(Readable.count(transactions, "transaction")), "
            + "until \(committedAt)"
    }
}

extension RestoreProgress {
    /// For the line of a terminal.
    var line: String {
        let done = Double(rawBytes) / Double(max(1, expectedRawBytes))
        let seconds = max(0.001, elapsed / .seconds(1))
        switch phase {
        case .preparing: return "preparing"
        case .loading:
            var line = "\(Int(min(0.99, done) * 100)) %  \(Readable.count(rows)) rows"
            line += "  \(Readable.bytes(UInt64(Double(rawBytes) / seconds)))/s"
            if done > 0.01, done < 1 { line += "  \(Readable.duration(elapsed * ((1 - done) / done))) left" }
            return line
        case .finishing: return "indexes: \(indexedTables) of \(expectedTables) tables"
        case .programs: return "views, routines, triggers and events"
        case .comparing: return "comparing: \(comparedTables) of \(expectedTables) tables"
        case .done: return "done"
        }
    }
}
