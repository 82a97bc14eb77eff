import Foundation
import Testing
import Topology

@testable import BackupEngine

struct FileSnapshotTests {
    private static func snapshot(_ name: String, at seconds: Double, id: String = "") -> FileSnapshot {
        FileSnapshot(
            id: id.isEmpty ? String(repeating: String(name.suffix(1)), count: 64) : id,
            time: Date(timeIntervalSince1970: seconds), paths: ["/w"], host: "web-1",
            tags: ["breakwater", "store:shop", "id:\(name)"])
    }

    @Test func resticsOwnWordsAreRead() throws {
        let text = """
            [{"time":"2026-11-26T07:37:01.700371412+01:00","tree":"20","paths":["/var/www"],"hostname":"web-1",
              "tags":["breakwater","store:shop","id:20261126T063701Z-7f3a"],
              "id":"655cd1a846f2b7175443a0c25740e4ec048ff691e7c2ff3d1c9cebf060effd2f","short_id":"655cd1a8"},
             {"time":"2026-11-26T06:37:01Z","paths":null,"hostname":"web-1","id":"755cd1a846f2b7175443a0c2"}]
            """
        let snapshots = try JSONDecoder().decode([FileSnapshot].self, from: Data(text.utf8))
        let first = try #require(snapshots.first)
        #expect(abs(first.time.timeIntervalSince1970 - 1_795_675_021.7) < 0.001)
        #expect(first.name == "20261126T063701Z-7f3a" && first.store == "shop" && first.isOurs)
        #expect(snapshots[1].name == "755cd1a8" && !snapshots[1].isOurs && snapshots[1].backup == nil)
        for bad in ["{}", #"{"id":"x","time":"y"}"#, #"{"id":"655cd1a8","time":"2026-11-26T07:37"}"#] {
            #expect(throws: (any Error).self) { try JSONDecoder().decode(FileSnapshot.self, from: Data(bad.utf8)) }
        }
    }

    @Test func theOneThatIsMeant() throws {
        let all = [
            Self.snapshot("20261126T000003Z-000c", at: 3), Self.snapshot("20261126T000001Z-000a", at: 1),
            Self.snapshot("20261126T000002Z-000b", at: 2),
        ]
        #expect(try all.snapshot("latest").name == "20261126T000003Z-000c")
        #expect(try all.snapshot("20261126T000002").name == "20261126T000002Z-000b")
        #expect(try all.snapshot("aaaa").name == "20261126T000001Z-000a")
        #expect(throws: ResticError.ambiguous("20261126")) { try all.snapshot("20261126") }
        #expect(throws: ResticError.noSuchSnapshot("x")) { try all.snapshot("x") }
        #expect(throws: ResticError.noSuchSnapshot("latest")) { try [FileSnapshot]().snapshot("latest") }
    }

    /// Pictures that the database names were there before it named them.
    @Test(arguments: [(0.5, nil), (1, "20261126T000001Z-000a"), (2.9, "20261126T000002Z-000b")])
    func theNearestBefore(_ moment: Double, _ name: String?) {
        let all = [Self.snapshot("20261126T000002Z-000b", at: 2), Self.snapshot("20261126T000001Z-000a", at: 1)]
        #expect(all.nearest(before: Date(timeIntervalSince1970: moment))?.name == name)
    }

    /// As restic 0.14 and 0.18 tell it.
    @Test func whatCouldNotBeRead() {
        let item =
            #"{"message_type":"error","error":{"message":"open /w/b: permission denied"},"during":"archival","item":"/w/b"}"#
        let end = "at least one source file could not be read"
        #expect(FileVault.unreadable(in: [item, "Warning: \(end)"]) == ["/w/b"])
        let exit = #"{"message_type":"exit_error","code":3,"message":"Warning: at least one …"}"#
        #expect(FileVault.unreadable(in: [item, exit]) == ["/w/b"])
        #expect(FileVault.unreadable(in: [exit]) == ["Warning: at least one …"])
        #expect(FileVault.unreadable(in: []).count == 1)
        #expect(Restic.words(#"{"message_type":"exit_error","code":1,"message":"Fatal: no"}"#) == "Fatal: no")
        #expect(Restic.words("Fatal: no") == "Fatal: no")
    }

    @Test func whereRepositoriesAre() throws {
        #expect(FileRepository(try BackupLocation("dir:/var/backups")).url == "/var/backups/files")
        let spaces = FileRepository(try BackupLocation("s3://b-1/shop?region=nyc3"))
        #expect(spaces.url == "s3:https://nyc3.digitaloceanspaces.com/b-1/shop/files")
        #expect(spaces.options == ["-o", "s3.region=nyc3", "-o", "s3.bucket-lookup=auto"])
        let own = FileRepository(
            try BackupLocation("s3://b-1?endpoint=https://s3.example:9000&path_style=true&ca=/ca.pem"))
        #expect(own.url == "s3:https://s3.example:9000/b-1/files")
        #expect(own.options.suffix(3) == ["s3.bucket-lookup=path", "--cacert", "/ca.pem"])
    }
}
