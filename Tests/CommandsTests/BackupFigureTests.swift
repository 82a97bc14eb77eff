import ArgumentParser
import Foundation
import RecoveryCore
import Testing
import Topology

@testable import Commands

/// What people read, and the names that commands choose.
@Suite struct BackupFigureTests {
    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
            (45_397_264, "45.4 MB"), (UInt64.max, "18446.7 PB"),
        ] as [(UInt64, String)])
    func bytes(number: UInt64, text: String) { #expect(Readable.bytes(number) == text) }

    @Test(
        arguments: [
            (0, "0"), (999, "999"), (1000, "1,000"), (4_391_873, "4,391,873"), (-12_345, "-12,345"), (Int.min, nil),
        ] as [(Int, String?)])
    func counts(number: Int, text: String?) {
        #expect(text.map { Readable.count(number) == $0 } ?? Readable.count(number).hasPrefix("-9,223,"))
        #expect(Readable.count(1, "table") == "1 table" && Readable.count(0, "table") == "0 tables")
    }

    @Test(arguments: [
        (Duration.zero, "0.0 s"), (.milliseconds(-5), "0.0 s"), (.milliseconds(6_120), "6.1 s"),
        (.seconds(60), "1 min 0 s"), (.seconds(123), "2 min 3 s"), (.seconds(12_000), "3 h 20 min"),
    ])
    func durations(duration: Duration, text: String) { #expect(Readable.duration(duration) == text) }

    @Test(arguments: [
        (-120.0, "in the future"), (0, "0 min"), (7_199, "119 min"), (7_200, "2 h"), (172_799, "47 h"),
        (172_800, "2 d"),
    ])
    func ages(seconds: Double, text: String) {
        let now = Date(timeIntervalSince1970: 1_772_334_000)
        #expect(Readable.age(now.addingTimeInterval(-seconds), now: now) == text)
        #expect(Readable.time(now) == "2026-03-01 03:00 UTC")
    }

    @Test func columnsAreAsWideAsWhatStandsInThem() {
        var table = TextTable(["NAME", "ROWS", "NOTE"], rightAligned: [1])
        table.add(["wp_posts", "3", ""])
        table.add(["ä", "12,345", "x"])
        #expect(table.lines == ["NAME        ROWS  NOTE", "wp_posts       3", "ä         12,345  x"])
    }

    /// The server takes 64 characters; the backup's name is what tells two apart.
    @Test(arguments: ["shop", String(repeating: "s", count: 64), "Zoë's shop"])
    func aNewDatabaseIsNamedAfterTheBackup(database: String) {
        let id = BackupID(time: Date(timeIntervalSince1970: 1_772_334_000), random: 0x7f3a)
        let manifest = BackupManifest(
            id: id, software: "test", startedAt: id.time, finishedAt: id.time,
            source: .init(
                family: .mysql, version: "9.7.0", database: database, characterSet: "utf8mb4", collation: "utf8mb4_bin"
            ), snapshot: .init(method: .tableLocks, consistent: true, position: nil), compression: .init(level: 1),
            recipients: ["age1"], tables: [], objects: [])
        let name = RestoreJob.newDatabase(for: manifest)
        #expect(name.count <= 64 && name.hasSuffix("_20260301t030000z_7f3a"))
        #expect(name.hasPrefix(database.prefix(42)))
    }

    @Test func keepOptionsAreAPolicyOnlyWhenOneIsThere() throws {
        #expect(try KeepOptions.parse([]).policy == nil)
        #expect(
            try KeepOptions.parse(["--keep-last", "0"]).policy != nil, "an empty policy is refused, not passed over")
        let policy = try #require(try KeepOptions.parse(["--keep-daily", "7", "--keep-within", "14d"]).policy)
        #expect(policy.daily == 7 && policy.last == 0 && policy.within == .seconds(14 * 86_400))
        for wrong in [["--keep-last", "-1"], ["--keep-last", "10001"], ["--keep-within", "soon"]] {
            #expect(throws: (any Error).self) { try KeepOptions.parse(wrong) }
        }
    }
}
