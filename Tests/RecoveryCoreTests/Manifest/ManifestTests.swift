import Foundation
import LoopbackServers
import RecoveryCore
import Testing

struct ManifestTests {
    private func json(_ change: (inout [String: Any]) -> Void) throws -> Data {
        let whole = try JSONSerialization.jsonObject(with: exampleManifest().json())
        var object = try #require(whole as? [String: Any])
        change(&object)
        return try JSONSerialization.data(withJSONObject: object)
    }

    @Test func whatIsReadIsWhatWasWritten() throws {
        let manifest = exampleManifest()
        #expect(manifest.faults == [])
        let data = try manifest.json()
        let read = try BackupManifest.read(data)
        #expect(read == manifest)
        #expect(try read.json() == data)
        #expect(read.rows == 35)
        #expect(read.rawBytes == 10_000)
        #expect(read.storedBytes == 1_900)
    }

    /// Renaming a key would make files unreadable: the text is fixed here.
    @Test func theFormIsFixed() throws {
        let text = try String(decoding: exampleManifest().json(), as: UTF8.self)
        #expect(text.hasPrefix("{\n  \"checks\" : {\n    \"orders\" : \"17\"\n  },\n  \"compression\" : {"))
        #expect(text.hasSuffix("}\n"))
        for line in [
            "\"format\" : \"breakwater-backup\",", "\"format_version\" : 1,", "\"id\" : \"20260301T030000Z-7f3a\",",
            "\"started_at\" : \"2026-03-01T03:00:00Z\",", "\"finished_at\" : \"2026-03-01T03:00:06Z\",",
            "\"character_set\" : \"utf8mb4\",", "\"method\" : \"backup_stages\",", "\"gtid\" : \"0-1-42\",",
            "\"name\" : \"2-rows/00001-wp_posts.sql.zst.age\",", "\"below\" : \"-5\"", "\"from\" : \"-5\"",
            "\"digest\" : \"000000000000000100000000000000020000000000000003ffffffffffffffff\",",
            "\"by\" : \"ranges\",", "\"column\" : \"ID\"", "\"auto_increment\" : 31,", "\"by\" : \"schema_only\"",
            "\"largest_statement_bytes\" : 900,", "\"raw_bytes\" : 1000,", "\"stored_bytes\" : 200,",
            "\"what\" : \"wp_sessions\",",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func keysOfLaterVersionsArePassedOver() throws {
        let data = try json { $0["colour"] = ["blue"] }
        #expect(try BackupManifest.read(data) == exampleManifest())
    }

    @Test func anotherVersionIsNamed() throws {
        let newer = try json {
            $0["format_version"] = 2
            $0["software"] = "breakwater 9.1.0"
            $0["tables"] = "of another form"
        }
        let fault = try #require(throws: ManifestFault.self) { try BackupManifest.read(newer) }
        #expect(fault == .newer(version: 2, known: 1, software: "breakwater 9.1.0"))
        #expect("\(fault)" == "it is of format version 2, written by breakwater 9.1.0; this one reads 1")
        let older = try json { $0["format_version"] = 0 }
        #expect(throws: ManifestFault.older(version: 0, known: 1)) { try BackupManifest.read(older) }
    }

    @Test func whatIsNoManifestIsNone() throws {
        let record = try json { $0["format"] = "breakwater-verification" }
        let texts = ["", "{", "[]", "null", "17", "{}", "{\"format\": \"breakwater-backup\"}"]
        for data in texts.map({ Data($0.utf8) }) + [record, Data([0xff, 0xfe])] {
            #expect(throws: ManifestFault.notThisFormat("breakwater-backup")) { try BackupManifest.read(data) }
        }
    }

    @Test(arguments: [
        ("id", "20260301T030000Z" as any Sendable, "id: must be a backup's name such as 20260301T030000Z-7f3a"),
        ("tables", "none", "tables is no "), ("source", 1, "source is no "),
        ("started_at", "yesterday", "started_at: "),
    ])
    func whatIsMalformedIsNamedWithItsPlace(_ key: String, _ value: any Sendable, _ message: String) throws {
        let data = try json { $0[key] = value }
        let fault = try #require(throws: ManifestFault.self) { try BackupManifest.read(data) }
        #expect("\(fault)".hasPrefix(message), "\(fault)")
        let missing = try json { $0[key] = nil }
        #expect(throws: ManifestFault.malformed("\(key) is missing")) { try BackupManifest.read(missing) }
    }

    @Test func contradictionsAreNamed() throws {
        func faults(_ change: (inout BackupManifest) -> Void) -> [String] {
            var manifest = exampleManifest()
            change(&manifest)
            return manifest.faults
        }
        #expect(faults { $0.recipients = [] }.count == 1)
        #expect(faults { $0.compression.kind = "lz4" } == ["the compression lz4 is not known"])
        #expect(faults { $0.finishedAt = .distantPast } == ["it ended before it began"])
        #expect(faults { $0.tables[0].rows = 31 } == ["wp_posts: its objects hold 30 rows, not 31"])
        #expect(faults { $0.tables[1].digest = nil } == ["x-schema: it has no digest"])
        #expect(faults { $0.objects[1].rows = .max }.count == 1)
        // A chunk that is missing, even one without rows, or one that is there twice.
        #expect(
            faults {
                $0.objects.remove(at: 1)
                $0.tables[0].rows = 20
            } == ["wp_posts: its objects leave out keys, or have some twice"])
        #expect(
            faults { $0.objects[2].keys?.lower = -4 } == ["wp_posts: its objects leave out keys, or have some twice"])
        #expect(faults { $0.objects[2].keys = nil } == ["wp_posts: its objects leave out keys, or have some twice"])
        #expect(faults { $0.objects[5].partition = "p0" }.count == 1)
        #expect(faults { $0.objects[3].keys = .everything } == ["x-schema: a part of it stands for the whole"])
        #expect(faults { $0.objects[3].table = "wp_sessions" }.contains { $0.contains("a rule left out") })
        #expect(faults { $0.objects[3].table = "y" }.contains("rows of y, which is no table of the backup"))
        #expect(faults { $0.objects[0].table = "y" }.count == 1)
        #expect(faults { $0.objects[0].sha256 = "00" } == ["1-tables/00001.sql.zst.age has no SHA-256"])
        #expect(faults { $0.objects[0].name = $0.objects[1].name }.count == 1)
        #expect(faults { $0.tables.append($0.tables[3]) } == ["the table wp_sessions is listed twice"])
        for name in ["../secret", "/etc/passwd", "a//b", "", "manifest.json", "a/./b", "a b", "a\u{0}", "ü"] {
            #expect(faults { $0.objects[0].name = name } == ["\(name) is no name of an object"])
        }
        let data = try json {
            var tables = $0["tables"] as? [[String: Any]] ?? []
            tables[0]["rows"] = 1
            $0["tables"] = tables
        }
        #expect(throws: ManifestFault.inconsistent(["wp_posts: its objects hold 30 rows, not 1"])) {
            try BackupManifest.read(data)
        }
    }

    /// Damaged files are answered, and never taken for the original.
    /// To a server these are two tables, two partitions; to Swift two equal texts.
    @Test func namesAreComparedByteByByte() throws {
        var manifest = exampleManifest()
        let names = ["\u{e9}", "e\u{301}"]
        manifest.tables = names.map {
            .init(name: $0, engine: "InnoDB", rows: 2, digest: TableDigest(), columns: ["a"], cut: .partitions(names))
        }
        manifest.objects = names.flatMap { table in names.map { (table, $0) } }.enumerated().map { index, part in
            let name = BackupLayout.object(.rows, number: index + 1, table: part.0)
            return .init(
                name: name, kind: .rows, table: part.0, partition: part.1, rows: 1, rawBytes: 1, storedBytes: 1,
                sha256: String(repeating: "0", count: 64), largestStatementBytes: 1)
        }
        #expect(manifest.faults == [])
        #expect(try BackupManifest.read(manifest.json()).tables.map(\.name.exact) == names.map(\.exact))
        manifest.objects[1].partition = names[0]
        #expect(manifest.faults.count == 1)
        manifest.tables[1].name = names[0]
        #expect(manifest.faults.contains("the table \(names[0]) is listed twice"))
    }

    @Test func damagedManifestsNeverTrap() throws {
        let original = try exampleManifest().json()
        var random = SeededGenerator(seed: 5)
        for _ in 0..<1_500 {
            var data = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<data.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: data[index] = UInt8.random(in: 0...255, using: &random)
                case 1: data.remove(at: index)
                default: data.insert(UInt8.random(in: 32...126, using: &random), at: index)
                }
            }
            if let read = try? BackupManifest.read(data) { #expect(read.faults == []) }
        }
    }

    @Test func verifications() throws {
        let manifest = exampleManifest()
        func record(_ seconds: Double, _ failures: [BackupManifest.LeftOut], of backup: BackupID) -> VerificationRecord
        {
            VerificationRecord(
                id: BackupID(time: manifest.startedAt.addingTimeInterval(seconds), random: 1), backup: backup,
                software: "breakwater 0.5.0", family: .mariadb, serverVersion: "10.11.6-MariaDB", tables: 4, rows: 35,
                durationMS: 1_200, failures: failures)
        }
        let good = record(100, [], of: manifest.id)
        let bad = record(200, [.init("log", why: "digest")], of: manifest.id)
        let data = try bad.json()
        #expect(try VerificationRecord.read(data) == bad)
        #expect(String(decoding: data, as: UTF8.self).contains("\"format\" : \"breakwater-verification\""))
        #expect(throws: ManifestFault.self) { try VerificationRecord.read(manifest.json()) }

        #expect(Retention.Candidate(manifest, []).state == .unverified)
        #expect(Retention.Candidate(manifest, [good]).state == .verified)
        #expect(Retention.Candidate(manifest, [bad, good]).state == .failed)
        #expect(Retention.Candidate(manifest, [good, record(300, [], of: manifest.id), bad]).state == .verified)
        let other = BackupID(time: manifest.startedAt, random: 9)
        #expect(Retention.Candidate(manifest, [record(400, [], of: other)]).state == .unverified)
    }
}

struct BackupNameTests {
    @Test func identifiers() throws {
        let id = try #require(BackupID("20260301T030000Z-7f3a"))
        #expect(id.time == Date(timeIntervalSince1970: 1_772_334_000))
        #expect("\(id)" == "20260301T030000Z-7f3a")
        #expect("\(BackupID(time: id.time.addingTimeInterval(0.9), random: 5))" == "20260301T030000Z-0005")
        for text in [
            "", "20260301T030000Z", "20260301T030000Z-7F3A", "20260301T030000Z-7f3", "20260231T030000Z-7f3a",
            "2026-03-01T03:00:00Z-7f3a", "20260301T030000Z-+f3a", "20260301T030000Z-7f3a-", "x-7f3a",
        ] {
            #expect(BackupID(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("wp_posts", "2-rows/00012-wp_posts.sql.zst.age"), ("a b", "2-rows/00012-a%20b.sql.zst.age"),
        ("../x", "2-rows/00012-%2E.%2Fx.sql.zst.age"), ("ü", "2-rows/00012-%C3%BC.sql.zst.age"),
        ("x-schema", "2-rows/00012-x-schema.sql.zst.age"), ("\u{1}", "2-rows/00012-%01.sql.zst.age"),
    ])
    func objects(_ table: String, _ name: String) {
        #expect(BackupLayout.object(.rows, number: 12, table: table) == name)
    }

    /// In the order of a restore, whatever the numbers.
    @Test func namesSortAsARestoreTakesThem() {
        let names = BackupManifest.Object.Kind.allCases.map { BackupLayout.object($0, number: 1) }
        #expect(names == names.sorted())
        #expect(names.first == "1-tables/00001.sql.zst.age")
        #expect(
            BackupLayout.folder(of: BackupID(time: .init(timeIntervalSince1970: 0), random: 0), in: "my/shop")
                == "my%2Fshop/19700101T000000Z-0000/")
        #expect(BackupLayout.folder(of: "..") == "%2E./")
        #expect(BackupLayout.verificationID(of: "verified-20260301T030000Z-7f3a.json")?.suffix == "7f3a")
        #expect(BackupLayout.verificationID(of: "verified-.json") == nil)
    }
}

struct TableDigestTests {
    @Test func sumsAreTheSameInAnyOrderAndSplit() throws {
        var random = SeededGenerator(seed: 3)
        let hashes = (0..<50).map { _ in
            SIMD4<UInt64>(random.next(), random.next(), random.next(), random.next())
        }
        func digest(_ hashes: some Sequence<SIMD4<UInt64>>) -> TableDigest {
            var digest = TableDigest()
            for hash in hashes { digest.add(hash) }
            return digest
        }
        let whole = digest(hashes)
        #expect(digest(hashes.shuffled(using: &random)) == whole)
        #expect(digest(hashes[..<20]) + digest(hashes[20...]) == whole)
        // A row that is there twice, or one too few.
        #expect(digest(hashes + [hashes[0]]) != whole)
        #expect(digest(hashes + [hashes[0], hashes[0]]) != whole)
        #expect(digest(hashes.dropLast()) != whole)
        #expect(TableDigest("\(whole)") == whole)
        #expect("\(TableDigest())" == String(repeating: "0", count: 64))
        for text in ["", "0", String(repeating: "g", count: 64), String(repeating: "A", count: 64)] {
            #expect(TableDigest(text) == nil)
        }
    }
}
