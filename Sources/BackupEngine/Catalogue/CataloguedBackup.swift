package import RecoveryCore

/// A backup as a store has it: whatever has a manifest is listed, also when the manifest cannot be used.
package struct CataloguedBackup: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case manifest(BackupManifest)
        /// It is damaged, contradicts itself, or comes from a newer Breakwater; says which.
        case unreadable(String)
    }

    package var folder: BackupFolder
    package var content: Content
    /// In the order of their times.
    package var records: [VerificationRecord]
    /// Records that cannot be used, and why; in the order of their names.
    package var unreadableRecords: [UnreadableRecord]

    package struct UnreadableRecord: Sendable, Equatable {
        package var id: BackupID
        package var reason: String
    }

    package init(
        folder: BackupFolder, content: Content, records: [VerificationRecord] = [],
        unreadableRecords: [UnreadableRecord] = []
    ) {
        self.folder = folder
        self.content = content
        self.records = records
        self.unreadableRecords = unreadableRecords
    }

    package var id: BackupID { folder.id }

    package var manifest: BackupManifest? {
        if case .manifest(let manifest) = content { manifest } else { nil }
    }

    package var unreadable: String? {
        if case .unreadable(let reason) = content { reason } else { nil }
    }

    /// The verification that counts: the latest of this backup. Nil as well when a later one cannot be read: nobody
    /// knows what it says.
    package var verification: VerificationRecord? {
        guard let latest = records.last(where: { $0.backup == id }) else { return nil }
        return unreadableRecords.contains { "\($0.id)" > "\(latest.id)" } ? nil : latest
    }

    /// What retention decides from; nil for a backup that it must leave alone.
    package var candidate: Retention.Candidate? {
        manifest.map { Retention.Candidate($0, verification.map { [$0] } ?? []) }
    }
}
