internal import BackupEngine
internal import RecoveryCore
internal import Topology

/// What `restore` says.
struct RestoreResult {
    var outcome: RestoreOutcome
    var manifest: BackupManifest
    var target: String
    var store: String
    var duration: Duration
    var differences: [BackupManifest.LeftOut]
    var heldActions: UInt64
    var accounts: AccountRestore.Outcome
    var files: FilesRestoreJob.Restored?
    var flip: FlipJob.Flipped?
    var replayed: ReplayOutcome?

    /// What was replayed onto the backup.
    struct Replayed: Encodable {
        var transactions: Int
        /// Changes of rows and statements.
        var events: Int
        /// When the last transaction was committed.
        var until: Nullable<String>
        var lastGtid: Nullable<String>
        var coveredUntil: Nullable<String>
        /// The first transaction that was not replayed.
        var stoppedBefore: Nullable<String>
        /// Statements about accounts and the server.
        var skippedAccounts: Int

        init(_ outcome: ReplayOutcome) {
            (transactions, events, skippedAccounts) = (outcome.transactions, outcome.events, outcome.skippedAccounts)
            until = Nullable(outcome.until?.description)
            lastGtid = Nullable(outcome.lastGTID)
            coveredUntil = Nullable(outcome.coveredUntil?.description)
            stoppedBefore = Nullable(outcome.stoppedBefore)
        }
    }

    private struct Document: Encodable {
        var backup: String
        var tables: Int
        var rows: UInt64
        var durationMs: Int
        /// All of them were read again, and their digests are the backup's.
        var verified: Bool
        var target: String
        var database: String
        var server: String
        var store: String
        var resumedObjects: Int
        var peakMemoryBytes: Nullable<UInt64>
        var warnings: [String]
        /// Figures of the shop that are not the backup's.
        var differences: [BackupManifest.LeftOut]
        /// Scheduled actions of the shop that wait to be released.
        var heldActions: UInt64
        /// That were made or got privileges, and what of them was skipped.
        var accounts: [String]
        var skippedAccounts: [BackupManifest.LeftOut]
        /// Nil without `--with-files`.
        var files: FilesRestoreJob.Restored?
        /// Nil without `--flip`.
        var flip: FlipJob.Flipped?
        /// Nil without a point in time.
        var replayed: Replayed?
    }

    func present(_ console: Console) throws -> ExitStatus {
        try console.document(
            Document(
                backup: "\(manifest.id)", tables: outcome.tables, rows: outcome.rows,
                durationMs: duration.wholeMilliseconds, verified: differences.isEmpty, target: target,
                database: outcome.database, server: "\(outcome.server)", store: store,
                resumedObjects: outcome.resumedObjects, peakMemoryBytes: Nullable(PeakMemory.bytes),
                warnings: outcome.warnings, differences: differences, heldActions: heldActions,
                accounts: accounts.accounts, skippedAccounts: accounts.skipped,
                files: files, flip: flip, replayed: replayed.map(Replayed.init)))
        console.print(
            "\(outcome.database): \(Readable.count(outcome.tables, "table")), \(Readable.count(outcome.rows, "row")) of "
                + "\(manifest.id), \(Readable.duration(duration)), on \(outcome.server)")
        if outcome.resumedObjects > 0 {
            console.print(
                "\(Readable.count(outcome.resumedObjects, "object")) had been restored by an earlier run already")
        }
        console.print(
            "the digests of \(Readable.count(outcome.comparedTables, "table")), read again, are the backup's"
        )
        if let replayed {
            console.print(
                "replayed: \(Readable.count(replayed.transactions, "transaction"))"
                    + (replayed.until.map { ", until \($0)" } ?? "")
                    + (replayed.stoppedBefore.map { ", stopped before \($0)" } ?? ""))
        }
        files?.print(console)
        flip?.print(console)
        for warning in outcome.warnings { console.note("warning: \(warning)") }
        if !accounts.accounts.isEmpty { console.print("accounts: \(accounts.accounts.joined(separator: ", "))") }
        for skipped in accounts.skipped { console.note("warning: \(skipped.what) was skipped: \(skipped.why)") }
        if heldActions > 0 {
            console.note(
                "\(Readable.count(heldActions, "scheduled action")) of the shop will not run (renewals, mails) until "
                    + "`breakwater restore --release-actions --to \(target)`")
        }
        guard !differences.isEmpty else { return .done }
        for difference in differences { console.print("  \(difference.what): \(difference.why)") }
        console.note("error: the shop's figures are not the backup's [restore.figures_differ]")
        console.note("    hint: do not use what was restored before you know why")
        return .failed
    }
}
