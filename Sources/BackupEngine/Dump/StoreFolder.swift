package import NIOCore
package import ObjectStore
package import RecoveryCore

/// The folder of a backup in a store.
package struct StoreFolder: BackupDestination {
    let store: any ObjectStore
    private let folder: String

    /// The folder below the store's prefix, with or without a slash at its end.
    package init(_ folder: String, in store: any ObjectStore) {
        self.store = store
        self.folder = folder.hasSuffix("/") || folder.isEmpty ? folder : folder + "/"
    }

    package init(_ id: BackupID, of database: String, in store: any ObjectStore) {
        self.init(BackupLayout.folder(of: id, in: database), in: store)
    }

    func key(_ name: String) throws(ObjectStoreError) -> ObjectKey { try ObjectKey(folder + name) }

    package func upload<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, as name: String
    ) async throws -> StoredObject where Pieces.Element == ByteBuffer {
        do {
            let written = try await store.upload(pieces, to: try key(name))
            return StoredObject(bytes: UInt64(clamping: written.size), sha256: written.sha256)
        } catch let error as ObjectStoreError {
            throw DumpError.store(object: name, error)
        }
    }

    package func commit(_ manifest: ByteBuffer) async throws {
        do {
            _ = try await store.put(manifest, at: try key(BackupLayout.manifest), ifAbsent: true)
        } catch let error as ObjectStoreError {
            throw DumpError.store(object: BackupLayout.manifest, error)
        }
    }

    /// A manifest of which nobody knows whether it was written goes first: nothing that is half gone lists as a backup.
    package func discard(_ names: [String]) async throws {
        try await store.delete([try key(BackupLayout.manifest)])
        try await store.delete(try names.map(key))
    }
}
