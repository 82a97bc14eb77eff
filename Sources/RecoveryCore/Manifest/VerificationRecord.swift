package import Foundation

/// What came of restoring a backup to see whether it can be: an object beside the manifest, which itself never changes.
package struct VerificationRecord: Sendable, Equatable, Codable {
    package static let format = "breakwater-verification"
    package static let version = 1

    /// Of this record; its time is the end of the verification.
    package var id: BackupID
    package var backup: BackupID
    package var software: String
    /// The server it was restored on.
    package var family: DatabaseServer.Family
    package var serverVersion: String
    package var tables: Int
    package var rows: UInt64
    package var durationMS: Int
    /// What was not as the manifest says: a table and how it differs. Empty: the backup is verified.
    package var failures: [BackupManifest.LeftOut]

    package init(
        id: BackupID, backup: BackupID, software: String, family: DatabaseServer.Family, serverVersion: String,
        tables: Int, rows: UInt64, durationMS: Int, failures: [BackupManifest.LeftOut]
    ) {
        self.id = id
        self.backup = backup
        self.software = software
        self.family = family
        self.serverVersion = serverVersion
        self.tables = tables
        self.rows = rows
        self.durationMS = durationMS
        self.failures = failures
    }

    enum CodingKeys: String, CodingKey {
        case id, backup, software, family, tables, rows, failures
        case serverVersion = "server_version"
        case durationMS = "duration_ms"
    }

    package func json() throws -> Data {
        try ManifestFile.write(self, format: Self.format, version: Self.version)
    }

    /// - Throws: `ManifestFault`.
    package static func read(_ data: Data) throws(ManifestFault) -> VerificationRecord {
        try ManifestFile.read(data, as: Self.self, format: format, version: version)
    }
}

extension Retention.Candidate {
    /// What retention needs of a backup, from its manifest and the records beside it: the latest one counts, and those
    /// of other backups do not.
    package init(_ manifest: BackupManifest, _ records: [VerificationRecord]) {
        let latest = records.filter { $0.backup == manifest.id }.max {
            ($0.id.time, $0.id.suffix) < ($1.id.time, $1.id.suffix)
        }
        self.init(
            id: "\(manifest.id)", series: manifest.source.database, time: manifest.startedAt,
            state: latest.map { $0.failures.isEmpty ? .verified : .failed } ?? .unverified)
    }
}
