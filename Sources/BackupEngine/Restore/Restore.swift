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
    package func run() async throws -> RestoreOutcome {
        throw MySQLError(.other, message: "not written yet")
    }
}
