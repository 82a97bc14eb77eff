internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// One run of `restore`.
struct RestoreJob: Sendable {
    var request: BackupRequest
    var settings: MySQLSettings
    var options: RestoreOptions

    private struct Document: Encodable {
        var backup: String
        var tables: Int
        var rows: UInt64
        var durationMs: Int
        /// The server has computed the digests of all of them, and they are the backup's.
        var verified: Bool
        var target: String
        var database: String
        var server: String
        var store: String
        var resumedObjects: Int
        var peakMemoryBytes: Nullable<UInt64>
        var warnings: [String]
    }

    func run(_ stores: [OpenStore], _ console: Console) async throws -> ExitStatus {
        let start = ContinuousClock.now
        let (backup, store) = try await request.find(in: stores, console)
        guard let manifest = backup.manifest else { preconditionFailure("what is found can be read") }
        var settings = settings
        settings.address.database = settings.address.database ?? Self.newDatabase(for: manifest)
        console.note("restoring \(manifest.id) from \(store.name) to \(settings.address)")
        let progress = ProgressLine(console)
        defer { progress.clear() }
        let source = StoreFolder(backup.folder.path, in: store.store)
        let restore = Restore(settings, manifest: manifest, source: source, options: options) {
            progress.show(Self.line($0))
        }
        let outcome = try await restore.run()
        progress.clear()
        return try present(outcome, manifest, settings, store.name, ContinuousClock.now - start, console)
    }

    private func present(
        _ outcome: RestoreOutcome, _ manifest: BackupManifest, _ settings: MySQLSettings, _ store: String,
        _ duration: Duration, _ console: Console
    ) throws -> ExitStatus {
        let isVerified = options.compares
        try console.document(
            Document(
                backup: "\(manifest.id)", tables: outcome.tables, rows: outcome.rows,
                durationMs: duration.wholeMilliseconds, verified: isVerified, target: "\(settings.address)",
                database: outcome.database, server: "\(outcome.server)", store: store,
                resumedObjects: outcome.resumedObjects, peakMemoryBytes: Nullable(PeakMemory.bytes),
                warnings: outcome.warnings))
        console.print(
            "\(outcome.database): \(Readable.count(outcome.tables, "table")), \(Readable.count(outcome.rows, "row")) of "
                + "\(manifest.id), \(Readable.duration(duration)), on \(outcome.server)")
        if outcome.resumedObjects > 0 {
            console.print(
                "\(Readable.count(outcome.resumedObjects, "object")) had been restored by an earlier run already")
        }
        console.print(
            "the digests of \(Readable.count(outcome.comparedTables, "table")), computed by the server, are the backup's"
        )
        for warning in outcome.warnings { console.note("warning: \(warning)") }
        return .done
    }

    /// Named after the backup, so that the same restore goes on when it is run again.
    static func newDatabase(for manifest: BackupManifest) -> String {
        let suffix = "_\(manifest.id)".lowercased().replacing("-", with: "_")
        return manifest.source.database.prefix(64 - suffix.count) + suffix
    }

    private static func line(_ progress: RestoreProgress) -> String {
        let done = Double(progress.rawBytes) / Double(max(1, progress.expectedRawBytes))
        let seconds = max(0.001, progress.elapsed / .seconds(1))
        switch progress.phase {
        case .preparing: return "preparing"
        case .loading:
            var line = "\(Int(min(0.99, done) * 100)) %  \(Readable.count(progress.rows)) rows"
            line += "  \(Readable.bytes(UInt64(Double(progress.rawBytes) / seconds)))/s"
            if done > 0.01, done < 1 { line += "  \(Readable.duration(progress.elapsed * ((1 - done) / done))) left" }
            return line
        case .finishing: return "indexes: \(progress.indexedTables) of \(progress.expectedTables) tables"
        case .programs: return "views, routines, triggers and events"
        case .comparing: return "comparing: \(progress.comparedTables) of \(progress.expectedTables) tables"
        case .done: return "done"
        }
    }
}
