import BackupEngine
import Crypto
import Foundation
import LoopbackServers
import NIOCore
import Synchronization

/// A backup's folder in memory.
final class MemoryDestination: BackupDestination {
    private let state = Mutex<[String: ByteBuffer]>([:])
    /// Called before an object's pieces are read.
    private let before: @Sendable (String) async throws -> Void

    init(before: @escaping @Sendable (String) async throws -> Void = { _ in }) {
        self.before = before
    }

    var objects: [String: ByteBuffer] { state.withLock { $0 } }

    func upload<Pieces: AsyncSequence & Sendable>(_ pieces: Pieces, as name: String) async throws -> StoredObject
    where Pieces.Element == ByteBuffer {
        try await before(name)
        var bytes = ByteBuffer()
        for try await piece in pieces { bytes.writeImmutableBuffer(piece) }
        state.withLock { [bytes] in $0[name] = bytes }
        let hash = SHA256.hash(data: Array(bytes.readableBytesView))
        return StoredObject(
            bytes: UInt64(bytes.readableBytes), sha256: hash.map { String(format: "%02x", $0) }.joined())
    }

    func commit(_ manifest: ByteBuffer) throws {
        try state.withLock { state in
            guard state.updateValue(manifest, forKey: "manifest.json") == nil else {
                throw LoopbackError("there is a manifest already")
            }
        }
    }

    func discard(_ names: [String]) {
        state.withLock { state in
            for name in names { state.removeValue(forKey: name) }
        }
    }
}
