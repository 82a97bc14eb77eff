package import NIOCore

/// Where the objects of one backup go: a folder in one store, or in several at once.
package protocol BackupDestination: Sendable {
    /// Writes an object as its pieces come. When it fails, or the task is cancelled, nothing of it remains.
    func upload<Pieces: AsyncSequence & Sendable>(_ pieces: Pieces, as name: String) async throws -> StoredObject
    where Pieces.Element == ByteBuffer

    /// Writes `manifest.json`, which makes a backup of the objects, unless there is one.
    func commit(_ manifest: ByteBuffer) async throws

    /// Removes what was uploaded for a backup that will not be.
    func discard(_ names: [String]) async throws
}

/// What a store says that it has.
package struct StoredObject: Sendable, Hashable {
    package var bytes: UInt64
    /// In hexadecimal.
    package var sha256: String

    package init(bytes: UInt64, sha256: String) {
        self.bytes = bytes
        self.sha256 = sha256
    }
}
