package import NIOCore
internal import ObjectStore

/// Where the objects of one backup come from: its folder in a store, or in one of several.
package protocol BackupSource: Sendable {
    /// Opens an object, by its name in the manifest, from this byte on. The pieces end with the object's last byte, or
    /// with an error.
    /// - Throws: `ObjectStoreError`; `notFound` for an object that is not there.
    func read(_ name: String, from offset: UInt64) async throws -> any AsyncSequence<ByteBuffer, any Error> & Sendable
}

extension StoreFolder: BackupSource {
    package func read(
        _ name: String, from offset: UInt64
    ) async throws -> any AsyncSequence<ByteBuffer, any Error> & Sendable {
        try await store.read(try key(name), range: offset == 0 ? nil : Int64(clamping: offset)..<Int64.max)
    }
}
