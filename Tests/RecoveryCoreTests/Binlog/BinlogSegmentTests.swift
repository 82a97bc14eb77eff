import Binlog
import Foundation
import RecoveryCore
import Testing

@Suite struct BinlogSegmentTests {
    private static func segment(
        from: String = "0-1-4", to: String = "0-1-9", object: String = "20260301/0000000017-7f3a.binlog.zst.age",
        transactions: Int = 5
    ) throws -> BinlogSegment {
        BinlogSegment(
            number: 17, software: "breakwater 0.5.0", database: "shop", object: object,
            sha256: String(repeating: "a", count: 64), storedBytes: 900, rawBytes: 4_000, family: .mariadb,
            serverVersion: "10.11.6-MariaDB", server: "1", from: try GTIDState(from, family: .mariadb),
            to: try GTIDState(to, family: .mariadb), transactions: transactions,
            firstCommittedAt: try #require(LogTime("2026-03-01T03:00:00Z")),
            lastCommittedAt: try #require(LogTime("2026-03-01T03:00:00.5Z")),
            coveredUntil: try #require(LogTime("2026-03-01T03:00:01Z")), recipients: ["age1x"])
    }

    @Test func isReadAsItWasWritten() throws {
        let segment = try Self.segment()
        let read = try BinlogSegment.read(try segment.json())
        #expect(read == segment)
        #expect(read.toState?.contains(try GTID("0-1-9")) == true)
        #expect(read.fromState?.contains(try GTID("0-1-5")) == false)
    }

    @Test func whatContradictsItselfIsRefused() throws {
        let bad = [
            try Self.segment(from: "0-1-9", to: "0-1-4"),
            try Self.segment(object: "20260301/0000000018-7f3a.binlog.zst.age"),
            try Self.segment(object: "../0000000017-7f3a.binlog.zst.age"), try Self.segment(transactions: 0),
        ]
        for segment in bad {
            #expect(throws: ManifestFault.self) { try BinlogSegment.read(try segment.json()) }
        }
        let text = String(decoding: try Self.segment().json(), as: UTF8.self)
        for (part, other) in [("\"0-1-9\"", "\"nothing\""), ("mariadb", "oracle"), ("03:00:00.500000Z", "soon")] {
            #expect(throws: ManifestFault.self, "\(part)") {
                try BinlogSegment.read(Data(text.replacing(part, with: other).utf8))
            }
        }
    }

    @Test func namesOfObjects() {
        #expect(BinlogLayout.folder(of: "my shop") == "_binlog/my%20shop/")
        #expect(BinlogLayout.day(of: Date(timeIntervalSince1970: 1_772_323_199)) == "20260228")
        let name = BinlogLayout.events(day: "20260301", number: 4_711, random: 0xA1)
        #expect(name == "20260301/0000004711-00a1.binlog.zst.age")
        #expect(BinlogLayout.read(name) == .init(day: "20260301", number: 4_711, isDescription: false))
        let other = BinlogLayout.description(day: "20260301", number: 12_345_678_901)
        #expect(BinlogLayout.read(other) == .init(day: "20260301", number: 12_345_678_901, isDescription: true))
        for text in [
            "", "20260301/1.json", "20260301/0000000000.json", "x/0000000001.json", "20260301/0000000001.jsonx",
            "20260301/00000000001.json", "20260301/0000000001.json/x",
        ] {
            #expect(BinlogLayout.read(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1_772_323_200_000_042, "2026-03-01T00:00:00.000042Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ])
    func timesAreExact(microseconds: Int64, text: String) {
        #expect(LogTime(microseconds: microseconds).description == text)
        #expect(LogTime(text)?.microseconds == microseconds)
    }

    @Test func timesThatAreNone() {
        for text in ["", "2026", "2026-03-01T00:00:00", "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00.1234567Z"] {
            #expect(LogTime(text) == nil, "\(text)")
        }
    }
}
