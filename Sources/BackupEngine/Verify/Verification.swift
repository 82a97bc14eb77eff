internal import Foundation
package import MySQLClient
package import RecoveryCore
internal import Topology

/// Restores a backup somewhere, to see whether it can be, and keeps a record of what came of it.
///
/// What says nothing about the backup (no server, no room, no store, the wrong key) is an error and leaves no record. A
/// record of a failure is kept as well: ``VerificationRecord/failures`` says what is wrong.
package struct Verification: Sendable {
    /// Where to restore to. Whatever it is, nothing of the backup remains there.
    package enum Place: Sendable {
        /// A server of our own, for as long as it takes.
        case scratch(ScratchOptions)
        /// A server that somebody else runs, in a new database with a name of our own. The database that the settings
        /// name, if any, is not looked at.
        case server(MySQLSettings)
    }

    let manifest: BackupManifest
    let source: any BackupSource
    let key: RestoreOptions.Key
    let place: Place
    let records: any VerificationShelf
    let threads: Int
    let software: String
    let report: @Sendable (RestoreProgress) -> Void

    /// - Parameters:
    ///   - manifest: Of the backup.
    ///   - source: The backup's folder.
    ///   - key: What opens its objects.
    ///   - place: Where to restore it.
    ///   - records: Where the record is kept.
    ///   - threads: Connections that load at once.
    ///   - software: What the record says wrote it.
    ///   - report: As of ``Restore``.
    package init(
        _ manifest: BackupManifest, source: any BackupSource, key: RestoreOptions.Key, in place: Place,
        records: any VerificationShelf, threads: Int = 2, software: String = "breakwater",
        report: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
    ) {
        self.manifest = manifest
        self.source = source
        self.key = key
        self.place = place
        self.records = records
        self.threads = threads
        self.software = software
        self.report = report
    }

    /// - Returns: The record, which is kept then.
    /// - Throws: `ScratchError`, `RestoreError`, `MySQLError`, `ObjectStoreError`, `CancellationError`: nothing is known
    ///   about the backup then.
    package func run() async throws -> VerificationRecord {
        let start = ContinuousClock.now
        let findings =
            switch place {
            case .scratch(let options):
                try await ScratchServer.with(for: manifest, options) { scratch in
                    let findings = try await restore(to: scratch.settings, scratch.server, isScratch: true)
                    if !findings.failures.isEmpty { try scratch.checkDisk() }
                    return findings
                }
            case .server(let settings): try await restoreAndDrop(settings)
            }
        let elapsed = ContinuousClock.now - start
        let record = VerificationRecord(
            id: BackupID(time: Date(), random: .random(in: 0 ... .max)), backup: manifest.id, software: software,
            family: findings.server.family, serverVersion: findings.server.text, tables: findings.tables,
            rows: findings.rows, durationMS: Int(elapsed / .milliseconds(1)), failures: findings.failures)
        try await records.keep(record)
        return record
    }

    private struct Findings: Sendable {
        var server: DatabaseServer
        var tables = 0
        var rows: UInt64 = 0
        var failures: [BackupManifest.LeftOut] = []
    }

    /// The name tells whose it is, should this process be killed before it can drop it.
    private func databaseName() -> String {
        "breakwater_verify_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    private func restoreAndDrop(_ settings: MySQLSettings) async throws -> Findings {
        var settings = settings
        settings.address.database = nil
        let name = databaseName()
        let server = try await MySQLConnection.with(settings) { [name] connection in
            // Fails when there is one of that name, which is then not dropped.
            _ = try await connection.query("CREATE DATABASE \(name.sqlIdentifier)")
            return await connection.server
        }
        func drop() async throws {
            try await Task { [settings] in
                _ = try await MySQLConnection.with(settings) {
                    try await $0.query("DROP DATABASE \(name.sqlIdentifier)")
                }
            }.value
        }
        do {
            let findings = try await restore(to: settings, server, database: name, isScratch: false)
            try await drop()
            return findings
        } catch {
            try? await drop()
            throw error
        }
    }

    private func restore(
        to settings: MySQLSettings, _ server: DatabaseServer, database: String = "verification", isScratch: Bool
    ) async throws -> Findings {
        var settings = settings
        settings.address.database = database
        var options = RestoreOptions(key: key)
        options.threads = threads
        options.isScratch = isScratch
        // Whom its programs run as is of no interest to who only looks.
        options.definers = .currentUser
        var findings = Findings(server: server)
        do {
            let restore = Restore(settings, manifest: manifest, source: source, options: options, report: report)
            let outcome = try await restore.run()
            (findings.tables, findings.rows) = (outcome.tables, outcome.rows)
            // Accounts are made nowhere, but they must be readable.
            _ = try await AccountRestore(settings, manifest: manifest, source: source, key: key).statements()
        } catch let error as RestoreError {
            guard let failures = error.failures(of: manifest.source.family, on: server) else { throw error }
            findings.failures = failures
            return findings
        }
        findings.failures = try await MySQLConnection.with(settings) { [manifest] connection in
            try await ShopReader(connection).differences(from: manifest)
        }
        return findings
    }
}
