internal import CloudHTTP
internal import Crypto
internal import FoundationEssentials
internal import Glibc
package import NIOCore
internal import NIOPosix

/// Objects as files of a local directory, each under its key; made with its first object, for its owner alone.
///
/// A file is written under another name beside its place, made durable, and renamed. What a killed process left
/// behind is found by ``unfinishedUploads()``.
package struct DirectoryStore: ObjectStore {
    private let tree: DirectoryTree

    /// - Parameter path: An absolute path. Its parent is there; the last folder is made when it is missing.
    package init(path: String) {
        tree = DirectoryTree(root: path)
    }

    package var description: String { "dir:\(tree.root)" }

    package func put(_ bytes: ByteBuffer, at key: ObjectKey, ifAbsent: Bool) async throws -> WrittenObject {
        try await upload(OnePiece(bytes), to: key, ifAbsent: ifAbsent)
    }

    package func upload<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, to key: ObjectKey
    ) async throws -> WrittenObject where Pieces.Element == ByteBuffer {
        try await upload(pieces, to: key, ifAbsent: false)
    }

    private func upload<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, to key: ObjectKey, ifAbsent: Bool
    ) async throws -> WrittenObject where Pieces.Element == ByteBuffer {
        let part: PartFile
        do {
            part = try await blocking(key) { tree in try PartFile(key, in: tree) }
        } catch ObjectStoreError.notFound {
            // Folders below it are made, and it itself, but no more: a mistyped path, or a disk that is not mounted.
            throw ObjectStoreError.file(path: tree.root, reason: "the folder that it would be made in does not exist")
        }
        var hash = SHA256()
        var size: Int64 = 0
        do {
            for try await piece in pieces {
                piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
                size += Int64(piece.readableBytes)
                try await blocking(key) { _ in try part.write(piece) }
            }
            // A sequence whose task is cancelled may just end.
            try Task.checkCancellation()
            do {
                try await blocking(key) { _ in try part.finish(ifAbsent: ifAbsent) }
            } catch ObjectStoreError.notFound {
                throw ObjectStoreError.uploadGone(key)
            }
        } catch {
            // One system call; not worth a thread, and it must happen in a cancelled task, too.
            part.discard()
            throw error
        }
        return WrittenObject(key: key, size: size, sha256: hash.finalize().hexadecimal)
    }

    package func info(of key: ObjectKey) async throws -> ObjectInfo { try await open(key).info }

    package func read(_ key: ObjectKey, range: Range<Int64>?) async throws -> ObjectBody {
        let (file, info) = try await open(key)
        let asked = try Range.asked(range, of: key, size: info.size)
        return ObjectBody(info, asked) { Source(store: self, key: key, file: file, rest: asked) }
    }

    private func open(_ key: ObjectKey) async throws -> (file: Descriptor, info: ObjectInfo) {
        try await blocking(key) { tree in
            let (file, status) = try tree.openFile(key)
            return (
                file, ObjectInfo(key: key, size: Int64(status.st_size), modified: status.modified, etag: nil)
            )
        }
    }

    /// Reads an open file: whoever replaces or deletes it meanwhile changes nothing here.
    private struct Source: ObjectSource {
        let store: DirectoryStore
        let key: ObjectKey
        let file: Descriptor
        var rest: Range<Int64>

        private static let pieceLength = 256 * 1024

        mutating func next() async throws -> ByteBuffer? {
            guard !rest.isEmpty else { return nil }
            let (offset, length) = (rest.lowerBound, min(Self.pieceLength, rest.count))
            let piece = try await store.blocking(key) { [file] _ in
                var piece = ByteBuffer()
                _ = try piece.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { pointer in
                    try retrying { pread(file.number, pointer.baseAddress, length, off_t(offset)) }
                }
                return piece
            }
            guard piece.readableBytes > 0 else { throw ObjectStoreError.truncated(key, at: offset) }
            rest = (offset + Int64(piece.readableBytes))..<rest.upperBound
            return piece
        }
    }

    package func page(prefix: String, foldersOnly: Bool, after cursor: ObjectPage.Cursor?) async throws -> ObjectPage {
        let objects = try await files { path, status -> ObjectInfo? in
            guard let name = path.last, DirectoryTree.finalName(ofPart: name) == nil,
                let key = ObjectKey(found: path.joined(separator: "/"))
            else { return nil }
            return ObjectInfo(key: key, size: Int64(status.st_size), modified: status.modified, etag: nil)
        }
        return ObjectPage(of: objects, prefix: prefix, foldersOnly: foldersOnly, after: cursor)
    }

    package func delete(_ keys: [ObjectKey]) async throws {
        var failed: [ObjectKey: String] = [:]
        for key in keys {
            do {
                try await blocking(key) { tree in try tree.remove(key.components) }
            } catch ObjectStoreError.notFound {
                continue
            } catch let error as ObjectStoreError {
                failed[key] = error.description
            }
        }
        if !failed.isEmpty { throw ObjectStoreError.notDeleted(failed) }
    }

    /// The id of such a write is its file's path.
    package func unfinishedUploads() async throws -> [UnfinishedUpload] {
        try await files { path, status in
            guard let name = path.last.flatMap(DirectoryTree.finalName(ofPart:)),
                let key = ObjectKey(found: (path.dropLast() + [name]).joined(separator: "/"))
            else { return nil }
            return UnfinishedUpload(key: key, id: path.joined(separator: "/"), started: status.modified)
        }
    }

    package func abort(_ upload: UnfinishedUpload) async throws {
        let path = try ObjectKey(upload.id).components
        guard let name = path.last, DirectoryTree.finalName(ofPart: name) != nil else {
            throw ObjectStoreError.invalidKey(upload.id, "it is no write in progress")
        }
        do {
            try await blocking(upload.key) { tree in try tree.remove(path) }
        } catch ObjectStoreError.notFound {
            // Finished or removed meanwhile.
        }
    }

    private func files<Entry: Sendable>(
        _ entry: @escaping @Sendable (_ path: [String], _ status: stat) -> Entry?
    ) async throws -> [Entry] {
        try await blocking(nil) { tree in
            var entries: [Entry] = []
            try tree.walk { path, status in entry(path, status).map { entries.append($0) } }
            return entries
        }
    }

    /// Runs what blocks on a thread that may, and puts its failure into words.
    private func blocking<Result: Sendable>(
        _ key: ObjectKey?, _ body: @escaping @Sendable (DirectoryTree) throws -> Result
    ) async throws -> Result {
        do {
            return try await NIOThreadPool.singleton.runIfActive { [tree] in try body(tree) }
        } catch let fault as SystemFault {
            throw translated(fault, key)
        }
    }

    private func translated(_ fault: SystemFault, _ key: ObjectKey?) -> ObjectStoreError {
        let path = key.map { "\(tree.root)/\($0)" } ?? tree.root
        return switch (fault.number, key) {
        case (ENOENT, let key?): .notFound(key)
        case (EEXIST, let key?): .alreadyExists(key)
        case (ENOTDIR, let key?), (EISDIR, let key?), (ENOTEMPTY, let key?), (ELOOP, let key?): .nameTaken(key)
        case (ENAMETOOLONG, let key?): .invalidKey(key.text, "a component is too long for a file's name")
        case (SystemFault.reservedName.number, let key?):
            .invalidKey(key.text, "its last component looks like a write in progress")
        case (ENOSPC, _), (EDQUOT, _): .storageFull(place: path)
        case (EACCES, _), (EPERM, _), (EROFS, _): .accessDenied(action: path)
        default: .file(path: path, reason: fault.reason)
        }
    }
}
