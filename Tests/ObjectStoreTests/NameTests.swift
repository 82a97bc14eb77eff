import CloudHTTP
import FoundationEssentials
import NIOCore
import Testing
import Topology

@testable import ObjectStore

struct NameTests {
    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b", "a\nb", "a\0b", "a\u{7F}",
        "\u{FFFF}",
        "a/\u{301}../b" + "/..", "..\u{2F}\u{301}x/..", String(repeating: "é", count: 513),
    ])
    func noKeys(_ text: String) {
        #expect(throws: ObjectStoreError.self) { try ObjectKey(text) }
        #expect(ObjectKey(found: text) == nil)
    }

    @Test(arguments: ["a", "a/b", "...", "a b", ".hidden", "é", String(repeating: "é", count: 512)])
    func keys(_ text: String) throws {
        #expect(try ObjectKey(text).text == text)
    }

    /// A slash with an accent is one character to Swift, and a slash to a file system.
    @Test func componentsAreCutAtBytes() throws {
        #expect(try ObjectKey("a/\u{301}b").components == ["a", "\u{301}b"])
        #expect(throws: ObjectStoreError.self) { try ObjectKey("a/../\u{301}b") }
    }

    @Test func keysAreEqualByTheirBytes() throws {
        let composed = try ObjectKey("\u{E9}")
        let decomposed = try ObjectKey("e\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
    }

    @Test func pagesOfAListing() throws {
        func object(_ name: String) throws -> ObjectInfo {
            ObjectInfo(key: try ObjectKey(name), size: 1, modified: Date(timeIntervalSince1970: 0), etag: nil)
        }
        let objects = try ["b/2", "a", "c", "b/1", "b-", "b/3/x", "d/e"].map(object)
        func pages(_ prefix: String, _ foldersOnly: Bool) -> [[String]] {
            var pages: [[String]] = []
            var cursor: ObjectPage.Cursor?
            repeat {
                let page = ObjectPage(
                    of: objects, prefix: prefix, foldersOnly: foldersOnly, after: cursor, length: 2)
                pages.append(page.objects.map(\.key.text) + page.folders)
                cursor = page.next
            } while cursor != nil
            return pages
        }
        #expect(pages("", false) == [["a", "b-"], ["b/1", "b/2"], ["b/3/x", "c"], ["d/e"]])
        #expect(pages("", true) == [["a", "b-"], ["c", "b/"], ["d/"]])
        #expect(pages("b", false) == [["b-", "b/1"], ["b/2", "b/3/x"]])
        #expect(pages("b/", true) == [["b/1", "b/2"], ["b/3/"]])
        #expect(pages("x", true) == [[]])
    }

    private static let spaces = "endpoint=https://nyc3.digitaloceanspaces.com"

    @Test(arguments: [
        ("s3://bucket?\(spaces)", "s3://bucket/ at https://nyc3.digitaloceanspaces.com, region nyc3", false),
        ("s3://bucket/a/b/?region=sfo3", "s3://bucket/a/b/ at https://sfo3.digitaloceanspaces.com, region sfo3", false),
        (
            "s3://my.bucket?endpoint=https://s3.eu-west-1.amazonaws.com&region=eu-west-1",
            "s3://my.bucket/ at https://s3.eu-west-1.amazonaws.com, region eu-west-1", true
        ),
        (
            "s3://bucket?endpoint=http%3A%2F%2F127.0.0.1%3A81", "s3://bucket/ at http://127.0.0.1:81, region us-east-1",
            true
        ),
        (
            "s3://bucket?endpoint=http://s3.localhost:81", "s3://bucket/ at http://s3.localhost:81, region us-east-1",
            false
        ),
        (
            "s3://bucket?endpoint=https://minio.example:9000&path_style=true",
            "s3://bucket/ at https://minio.example:9000, region us-east-1", true
        ),
    ])
    func buckets(_ text: String, expected: String, usesPathStyle: Bool) throws {
        guard case .s3(let location) = try StoreLocation(BackupLocation(text)) else {
            Issue.record("no bucket")
            return
        }
        #expect(location.description == expected)
        #expect(location.usesPathStyle == usesPathStyle)
        let (endpoint, path) = location.address
        #expect(usesPathStyle == (path == "/\(location.bucket)"))
        #expect(usesPathStyle == (endpoint == location.endpoint))
        #expect(usesPathStyle || endpoint.host == "\(location.bucket).\(location.endpoint.host)")
    }

    @Test(
        arguments: [
            // What no text is comes to no location at all (TopologyTests); these are well written.
            "s3://bu..cket?region=a", "s3://bucket?endpoint=http://example.com",
            "s3://bucket?endpoint=https://bucket.nyc3.digitaloceanspaces.com&region=bucket.nyc3",
        ])
    func noStores(_ text: String) {
        #expect(throws: (any Error).self) { try StoreLocation(BackupLocation(text)) }
    }

    @Test func directories() throws {
        #expect(try StoreLocation(BackupLocation("dir:/var/backups/a shop")) == .directory("/var/backups/a shop"))
    }
}
