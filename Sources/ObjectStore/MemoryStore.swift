internal import CloudHTTP
internal import Crypto
internal import FoundationEssentials
package import NIOCore
internal import Synchronization

/// Objects in memory, for tests.
package final class MemoryStore: ObjectStore {
    private struct Entry {
        let bytes: ByteBuffer
        let info: ObjectInfo
    }

    private struct State {
        var entries: [ObjectKey: Entry] = [:]
        var unfinished: [String: UnfinishedUpload] = [:]
        var writes = 0

        mutating func write(_ bytes: ByteBuffer, at key: ObjectKey) -> WrittenObject {
            writes += 1
            let size = Int64(bytes.readableBytes)
            entries[key] = Entry(
                bytes: bytes, info: ObjectInfo(key: key, size: size, modified: Date(), etag: "\(writes)"))
            let hash = bytes.withUnsafeReadableBytes { SHA256.hash(data: $0) }
            return WrittenObject(key: key, size: size, sha256: hash.hexadecimal)
        }
    }

    private let state = Mutex(State())

    package init() {}

    package var description: String { "memory" }

    package func put(_ bytes: ByteBuffer, at key: ObjectKey, ifAbsent: Bool) throws -> WrittenObject {
        try state.withLock { state in
            if ifAbsent, state.entries[key] != nil { throw ObjectStoreError.alreadyExists(key) }
            return state.write(bytes, at: key)
        }
    }

    package func upload<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, to key: ObjectKey
    ) async throws -> WrittenObject where Pieces.Element == ByteBuffer {
        let id = state.withLock { state in
            state.writes += 1
            let id = "\(state.writes)"
            state.unfinished[id] = UnfinishedUpload(key: key, id: id, started: Date())
            return id
        }
        defer { _ = state.withLock { $0.unfinished.removeValue(forKey: id) } }
        var bytes = ByteBuffer()
        for try await piece in pieces { bytes.writeImmutableBuffer(piece) }
        try Task.checkCancellation()
        return try state.withLock { [bytes] state in
            guard state.unfinished[id] != nil else { throw ObjectStoreError.uploadGone(key) }
            return state.write(bytes, at: key)
        }
    }

    package func info(of key: ObjectKey) throws -> ObjectInfo { try entry(key).info }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> ObjectBody {
        let entry = try entry(key)
        let asked = try Range.asked(range, of: key, size: entry.info.size)
        let bytes = entry.bytes.getSlice(at: entry.bytes.readerIndex + Int(asked.lowerBound), length: asked.count)
        return ObjectBody(entry.info, asked) { OnePiece(bytes ?? ByteBuffer()) }
    }

    package func page(prefix: String, foldersOnly: Bool, after cursor: ObjectPage.Cursor?) -> ObjectPage {
        let objects = state.withLock { $0.entries.values.map(\.info) }
        return ObjectPage(of: objects, prefix: prefix, foldersOnly: foldersOnly, after: cursor)
    }

    package func delete(_ keys: [ObjectKey]) {
        state.withLock { state in
            for key in keys { state.entries.removeValue(forKey: key) }
        }
    }

    package func unfinishedUploads() -> [UnfinishedUpload] {
        state.withLock { Array($0.unfinished.values) }
    }

    package func abort(_ upload: UnfinishedUpload) {
        _ = state.withLock { $0.unfinished.removeValue(forKey: upload.id) }
    }

    private func entry(_ key: ObjectKey) throws -> Entry {
        guard let entry = state.withLock({ $0.entries[key] }) else { throw ObjectStoreError.notFound(key) }
        return entry
    }
}
