package import Foundation
package import ObjectStore
internal import RecoveryCore

extension BackupCatalogue {
    /// Removes a backup: its manifest first, so that nothing that is half gone lists as a backup. When the rest fails,
    /// what remains is an ``UnfinishedBackup``.
    package func remove(_ folder: BackupFolder) async throws {
        try await store.delete([try ObjectKey(folder.path + BackupLayout.manifest)])
        try await removeObjects(of: folder)
    }

    /// Removes a backup that will not be. One that got its manifest meanwhile stays.
    /// - Returns: Whether it is gone.
    package func remove(_ unfinished: UnfinishedBackup) async throws -> Bool {
        let manifest = try ObjectKey(unfinished.folder.path + BackupLayout.manifest)
        do {
            _ = try await store.info(of: manifest)
            return false
        } catch ObjectStoreError.notFound {
            try await removeObjects(of: unfinished.folder)
            return true
        }
    }

    private func removeObjects(of folder: BackupFolder) async throws {
        let objects = try await store.list(prefix: folder.path).objects.map(\.key)
        if !objects.isEmpty { try await store.delete(objects) }
    }

    /// Writes of backups that were begun before `limit` and neither finished nor given up, of one database or of all.
    /// What is no backup's is not ours.
    package func unfinishedUploads(before limit: Date, of database: String? = nil) async throws -> [UnfinishedUpload] {
        let folder = database.map(BackupLayout.folder(of:))
        return try await store.unfinishedUploads().filter { upload in
            guard let place = BackupFolder(of: upload.key.text) else { return false }
            return upload.started < limit && (folder == nil || place.database == folder)
        }
    }
}
