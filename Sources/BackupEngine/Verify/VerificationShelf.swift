internal import NIOCore
internal import ObjectStore
package import RecoveryCore

/// Where the records of a backup's verifications are kept: beside its manifest.
package protocol VerificationShelf: Sendable {
    func keep(_ record: VerificationRecord) async throws
}

extension StoreFolder: VerificationShelf {
    /// - Throws: `ObjectStoreError`.
    package func keep(_ record: VerificationRecord) async throws {
        let bytes = ByteBuffer(bytes: try record.json())
        _ = try await store.put(bytes, at: try key(BackupLayout.verification(record.id)), ifAbsent: true)
    }
}
