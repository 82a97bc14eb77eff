import Foundation
import LoopbackServers
import NIOCore
import Testing

@testable import ObjectStore

/// What a directory has that other stores have not: other programs, links, permissions, a disk.
struct DirectoryStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "breakwater-\(UUID().uuidString)")

    private func withStore(_ body: (DirectoryStore, URL) async throws -> Void) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let root = folder.appending(path: "store")
        try await body(DirectoryStore(path: root.path), root)
    }

    private func names(_ root: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
    }

    @Test func filesAreForTheirOwnerAndFoldersGoWithTheirLastFile() async throws {
        try await withStore { store, root in
            let key = try ObjectKey("a/b/c")
            _ = try await store.put(ByteBuffer(string: "x"), at: key)
            _ = try await store.put(ByteBuffer(string: "x"), at: try ObjectKey("a/d"))
            func mode(_ path: String) throws -> Int? {
                let attributes = try FileManager.default.attributesOfItem(atPath: root.appending(path: path).path)
                return (attributes[.posixPermissions] as? NSNumber)?.intValue
            }
            #expect(try mode("a/b/c") == 0o600)
            #expect(try mode("a/b") == 0o700)
            #expect(try mode("") == 0o700)
            try await store.delete([key])
            #expect(try names(root) == ["a", "a/d"])
            try await store.delete([try ObjectKey("a/d")])
            #expect(try names(root) == [])
        }
    }

    /// A link within the store leads nowhere, wherever it points.
    @Test func linksAreNotFollowed() async throws {
        try await withStore { store, root in
            let outside = folder.appending(path: "outside")
            try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
            try "secret".write(to: outside.appending(path: "file"), atomically: true, encoding: .utf8)
            _ = try await store.put(ByteBuffer(string: "x"), at: try ObjectKey("inside"))
            let manager = FileManager.default
            try manager.createSymbolicLink(at: root.appending(path: "folder"), withDestinationURL: outside)
            let link = root.appending(path: "link")
            try manager.createSymbolicLink(at: link, withDestinationURL: outside.appending(path: "file"))
            for name in ["folder/file", "folder/new", "link"] {
                let key = try ObjectKey(name)
                await #expect(throws: ObjectStoreError.self) { try await store.read(key) }
                if name != "link" {
                    await #expect(throws: ObjectStoreError.nameTaken(key)) {
                        try await store.put(ByteBuffer(string: "y"), at: key)
                    }
                    await #expect(throws: ObjectStoreError.self) { try await store.delete([key]) }
                }
            }
            #expect(try await store.list().objects.map(\.key.text) == ["inside"])
            // A link in an object's place is replaced, not followed.
            _ = try await store.put(ByteBuffer(string: "y"), at: try ObjectKey("link"))
            #expect(try String(contentsOf: outside.appending(path: "file"), encoding: .utf8) == "secret")
            #expect(try names(outside) == ["file"])
        }
    }

    @Test func anObjectIsNoFolder() async throws {
        try await withStore { store, _ in
            let outer = try ObjectKey("a")
            let inner = try ObjectKey("a/b")
            _ = try await store.put(ByteBuffer(string: "x"), at: outer)
            await #expect(throws: ObjectStoreError.nameTaken(inner)) { try await store.put(ByteBuffer(), at: inner) }
            try await store.delete([outer])
            _ = try await store.put(ByteBuffer(string: "x"), at: inner)
            await #expect(throws: ObjectStoreError.nameTaken(outer)) { try await store.put(ByteBuffer(), at: outer) }
            await #expect(throws: ObjectStoreError.notFound(outer)) { try await store.read(outer) }
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    @Test func namesThatNoFileCanHave() async throws {
        try await withStore { store, _ in
            let long = try ObjectKey(String(repeating: "x", count: 300))
            await #expect(throws: ObjectStoreError.self) { try await store.put(ByteBuffer(), at: long) }
            let part = try ObjectKey("folder/.~0123456789abcdef~name")
            await #expect(throws: ObjectStoreError.self) { try await store.put(ByteBuffer(), at: part) }
            await #expect(throws: ObjectStoreError.self) { try await store.read(part) }
        }
    }

    /// What a killed process leaves: a part of an object beside its place.
    @Test func leftoversAreFoundAndRemoved() async throws {
        try await withStore { store, root in
            let tree = DirectoryTree(root: root.path)
            let key = try ObjectKey("folder/object")
            try PartFile(key, in: tree).write(ByteBuffer(string: "half"))
            #expect(try await store.list().objects.isEmpty)
            let found = try await store.unfinishedUploads()
            #expect(found.map(\.key) == [key])
            for upload in found { try await store.abort(upload) }
            #expect(try names(root) == [])
            // Nothing else is removed in its name.
            _ = try await store.put(ByteBuffer(string: "x"), at: key)
            await #expect(throws: ObjectStoreError.self) {
                try await store.abort(UnfinishedUpload(key: key, id: "folder/object", started: Date()))
            }
            await #expect(throws: ObjectStoreError.self) {
                try await store.abort(UnfinishedUpload(key: key, id: "../.~0123456789abcdef~x", started: Date()))
            }
            #expect(try await store.list().objects.map(\.key) == [key])
        }
    }

    @Test func aFileThatIsCutWhileItIsRead() async throws {
        try await withStore { store, root in
            let key = try ObjectKey("object")
            _ = try await store.put(ByteBuffer(repeating: 1, count: 1_000_000), at: key)
            let body = try await store.read(key)
            let file = try FileHandle(forWritingTo: root.appending(path: "object"))
            try file.truncate(atOffset: 300_000)
            await #expect(throws: ObjectStoreError.truncated(key, at: 300_000)) {
                try await body.collected(upTo: 1_000_000)
            }
        }
    }

    @Test func theParentMustBeThere() async throws {
        let store = DirectoryStore(path: "/nowhere/at/all")
        await #expect(throws: ObjectStoreError.self) { try await store.put(ByteBuffer(), at: try ObjectKey("a")) }
        #expect(try await store.list().objects.isEmpty)
    }

    /// A file system of one megabyte. Making one needs root, as CI has it.
    @Test func aFullDisk() async throws {
        try await withStore { _, root in
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
            let mounted = try? output(of: ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root.path])
            try #require(mounted != nil, "needs the right to mount a file system: run the tests as root")
            defer { _ = try? output(of: ["umount", root.path]) }
            let store = DirectoryStore(path: root.path)
            let key = try ObjectKey("folder/object")
            _ = try await store.put(ByteBuffer(string: "before"), at: key)
            let error = await #expect(throws: ObjectStoreError.self) {
                try await store.put(ByteBuffer(repeating: 1, count: 2_000_000), at: key)
            }
            #expect(error == .storageFull(place: "\(root.path)/folder/object"))
            #expect(error?.hint != nil)
            // What was there is there, what was written is gone, and there is room again.
            #expect(try await store.read(key).collected(upTo: 100) == ByteBuffer(string: "before"))
            #expect(try await store.unfinishedUploads().isEmpty)
            _ = try await store.put(ByteBuffer(repeating: 1, count: 700_000), at: key)
        }
    }
}
