package import FoundationEssentials
package import NIOCore

/// A place for objects: S3, a local directory, memory. Every one of them behaves as the contract suite says.
///
/// An object is there whole or not at all: what reads a key sees the old object or the new one, never a part. When a
/// write fails or its task is cancelled, the key is as it was before. All errors are ``ObjectStoreError`` or
/// `CancellationError`, but for those of the caller's own bytes.
package protocol ObjectStore: Sendable, CustomStringConvertible {
    /// Writes a small object. With `ifAbsent` only when there is none of that name: of several who try, one succeeds.
    /// - Throws: `alreadyExists`.
    func put(_ bytes: ByteBuffer, at key: ObjectKey, ifAbsent: Bool) async throws -> WrittenObject

    /// Writes an object of any length, as its bytes come, with bounded memory and no temporary file elsewhere.
    /// An error of `pieces` ends it and is thrown on. The sequence is read by one task, once.
    func upload<Pieces: AsyncSequence & Sendable>(_ pieces: Pieces, to key: ObjectKey) async throws -> WrittenObject
    where Pieces.Element == ByteBuffer

    /// - Throws: `notFound`.
    func info(of key: ObjectKey) async throws -> ObjectInfo

    /// Opens an object; `range` may end behind its end, and is nil for all of it.
    /// - Throws: `notFound`, `rangeOutside`.
    func read(_ key: ObjectKey, range: Range<Int64>?) async throws -> ObjectBody

    /// One page of the keys that begin with `prefix`, in order; nil begins. With `foldersOnly` what follows the first
    /// slash behind the prefix is left out, and counts as one folder.
    func page(prefix: String, foldersOnly: Bool, after cursor: ObjectPage.Cursor?) async throws -> ObjectPage

    /// Deletes objects; one that is not there counts as deleted.
    /// - Throws: `notDeleted`, which names those that stayed.
    func delete(_ keys: [ObjectKey]) async throws

    /// Writes that were begun and neither finished nor given up: in progress, or left behind by a process that was
    /// killed. They take room and are in no listing. Which of them are old enough is the caller's matter.
    func unfinishedUploads() async throws -> [UnfinishedUpload]

    /// Removes what such a write has stored. One that is gone counts as removed; one that is in progress fails.
    func abort(_ upload: UnfinishedUpload) async throws

    /// Whether what is deleted or replaced stays as an older version, which takes room until it expires.
    func keepsVersions() async throws -> Bool
}

/// What a write has stored.
package struct WrittenObject: Sendable, Hashable {
    package let key: ObjectKey
    /// In bytes.
    package let size: Int64
    /// SHA-256 of the bytes as they were handed over, in hexadecimal.
    package let sha256: String
}

package struct ObjectInfo: Sendable, Hashable {
    package let key: ObjectKey
    /// In bytes.
    package let size: Int64
    package let modified: Date
    /// Names this version of the object, where a store does; it is no hash of the contents.
    package let etag: String?
}

package struct ObjectPage: Sendable, Hashable {
    /// Where a listing goes on. Only the store that gave it can read it.
    package struct Cursor: Sendable, Hashable {
        let text: String
    }

    package let objects: [ObjectInfo]
    /// Each with its slash at the end.
    package let folders: [String]
    /// Nil when this is the last page.
    package let next: Cursor?
}

package struct UnfinishedUpload: Sendable, Hashable {
    package let key: ObjectKey
    /// The store's own name of it.
    package let id: String
    package let started: Date
}

extension ObjectStore {
    package func keepsVersions() async throws -> Bool { false }

    package func read(_ key: ObjectKey) async throws -> ObjectBody { try await read(key, range: nil) }

    package func put(_ bytes: ByteBuffer, at key: ObjectKey) async throws -> WrittenObject {
        try await put(bytes, at: key, ifAbsent: false)
    }

    /// All pages in one. A store with more than `limit` entries is refused: no backup needs so many.
    /// - Throws: `listingTooLong`.
    package func list(
        prefix: String = "", foldersOnly: Bool = false, limit: Int = 1_000_000
    ) async throws -> ObjectPage {
        var objects: [ObjectInfo] = []
        var folders: [String] = []
        var cursor: ObjectPage.Cursor?
        repeat {
            let page = try await page(prefix: prefix, foldersOnly: foldersOnly, after: cursor)
            objects += page.objects
            folders += page.folders
            // A server that repeats itself, or has no end, must not fill the memory.
            guard objects.count + folders.count <= limit, page.next == nil || page.next != cursor else {
                throw ObjectStoreError.listingTooLong(limit: limit)
            }
            cursor = page.next
        } while cursor != nil
        return ObjectPage(objects: objects, folders: folders, next: nil)
    }
}
