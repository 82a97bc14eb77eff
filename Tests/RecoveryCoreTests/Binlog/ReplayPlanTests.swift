import Binlog
import Foundation
import RecoveryCore
import Testing

@Suite struct ReplayPlanTests {
    private static let start = 1_772_334_000

    private static func time(_ seconds: Double) -> LogTime {
        LogTime(microseconds: Int64((Double(start) + seconds) * 1_000_000))
    }

    /// `at`: seconds after the first one.
    private static func backup(
        _ number: UInt16, at seconds: Double, gtid: String?, consistent: Bool = true
    ) -> BackupManifest {
        var manifest = exampleManifest()
        let date = Date(timeIntervalSince1970: Double(start) + seconds)
        manifest.id = BackupID(time: date, random: number)
        manifest.startedAt = date
        manifest.finishedAt = date.addingTimeInterval(60)
        manifest.snapshot.consistent = consistent
        manifest.snapshot.position = .init(file: "binlog.000007", offset: 4_711, gtid: gtid)
        return manifest
    }

    /// Ten transactions in ten seconds, from sequence and second `from` on.
    private static func segment(
        _ number: UInt64, _ from: UInt64, to: UInt64? = nil, server: Int = 1
    ) throws -> BinlogSegment {
        let to = to ?? from + 10
        return BinlogSegment(
            number: number, software: "breakwater 0.5.0", database: "shop",
            object: BinlogLayout.events(day: "20260301", number: number), sha256: String(repeating: "a", count: 64),
            storedBytes: 900, rawBytes: 4_000, family: .mariadb, serverVersion: "10.11.6-MariaDB", server: "1",
            from: try GTIDState("0-\(server)-\(from)", family: .mariadb),
            to: try GTIDState("0-\(server)-\(to)", family: .mariadb), transactions: 10,
            firstCommittedAt: time(Double(from) + 1), lastCommittedAt: time(Double(to)),
            coveredUntil: time(Double(to) + 0.5), recipients: ["age1x"])
    }

    private static func log() throws -> [BinlogSegment] {
        try (0..<6).map { try segment($0 + 1, $0 * 10) }
    }

    private static func numbers(
        _ backups: [BackupManifest], _ segments: [BinlogSegment], _ target: ReplayTarget
    ) throws -> [UInt64] {
        try ReplayPlan(backups: backups, segments: segments, target: target).segments.map(\.number)
    }

    @Test func readsWhatFollowsTheBackupUpToTheTarget() throws {
        let backup = Self.backup(1, at: 15, gtid: "0-1-15")
        let log = try Self.log()
        let cases: [(ReplayTarget, [UInt64])] = [
            (.latest, [2, 3, 4, 5, 6]), (.time(Self.time(35)), [2, 3, 4]), (.time(Self.time(40)), [2, 3, 4]),
            (.time(Self.time(20.5)), [2]), (.time(Self.time(16)), [2]), (.through(try GTID("0-1-16")), [2]),
            (.through(try GTID("0-1-31")), [2, 3, 4]), (.before(try GTID("0-1-31")), [2, 3, 4]),
        ]
        for (target, numbers) in cases {
            #expect(try Self.numbers([backup], log, target) == numbers, "\(target)")
        }
        // A second that is said without its parts may go on in the next segment.
        var second = log
        second[3].firstCommittedAt = Self.time(30)
        #expect(try Self.numbers([backup], second, .time(Self.time(30))) == [2, 3, 4])
    }

    @Test func takesTheNewestBackupThatIsNotBeyondTheTarget() throws {
        let log = try Self.log()
        let backups = [
            Self.backup(1, at: 5, gtid: "0-1-5"), Self.backup(2, at: 25, gtid: "0-1-25"),
            Self.backup(3, at: 45, gtid: "0-1-45"), Self.backup(4, at: 46, gtid: nil),
            Self.backup(5, at: 47, gtid: "0-1-47", consistent: false), Self.backup(6, at: 48, gtid: "; DROP"),
        ]
        let cases: [(ReplayTarget, Int, [UInt64])] = [
            (.latest, 2, [5, 6]), (.time(Self.time(44)), 1, [3, 4, 5]), (.time(Self.time(24)), 0, [1, 2, 3]),
            (.before(try GTID("0-1-25")), 0, [1, 2, 3]), (.through(try GTID("0-1-26")), 1, [3]),
        ]
        for (target, index, numbers) in cases {
            let plan = try ReplayPlan(backups: backups, segments: log, target: target)
            #expect(plan.backup == backups[index].id, "\(target)")
            #expect(plan.segments.map(\.number) == numbers, "\(target)")
        }
        let early = ReplayTarget.time(Self.time(1))
        #expect(throws: ReplayFault.newer(backups[0].id, early)) { try Self.numbers([backups[0]], log, early) }
        #expect(throws: ReplayFault.noBackupBefore(early)) { try Self.numbers(Array(backups[0...2]), log, early) }
        #expect(throws: ReplayFault.noPosition(backups[3].id)) { try Self.numbers([backups[3]], log, .latest) }
        #expect(throws: ReplayFault.noBackupBefore(.latest)) { try Self.numbers([], log, .latest) }
    }

    @Test func gapsAreNamedAndPassedByALaterBackup() throws {
        var log = try Self.log()
        log.remove(at: 3)
        let early = Self.backup(1, at: 5, gtid: "0-1-5")
        let fault = ReplayFault.gap(
            .init(
                backup: early.id, after: "0-1-30", since: Self.time(30.5), number: 5, from: "0-1-40",
                begins: Self.time(41)))
        #expect(throws: fault) { try Self.numbers([early], log, .latest) }
        #expect(throws: fault) { try Self.numbers([early], log, .time(Self.time(45))) }
        #expect(try Self.numbers([early], log, .time(Self.time(30))) == [1, 2, 3])
        let late = Self.backup(2, at: 42, gtid: "0-1-42")
        #expect(try Self.numbers([early, late], log, .latest) == [5, 6])
        // It lies in the gap, and the next segment begins with what it does not have.
        let inGap = Self.backup(3, at: 35, gtid: "0-1-35")
        #expect(throws: ReplayFault.self) { try Self.numbers([inGap], log, .latest) }
        // Another server wrote on in the same domain: not what followed.
        log = try Self.log()
        log[3] = try Self.segment(4, 30, server: 2)
        #expect(throws: ReplayFault.self) { try Self.numbers([early], log, .latest) }
    }

    @Test func whatIsNotShippedIsNotPromised() throws {
        let backup = Self.backup(1, at: 5, gtid: "0-1-5")
        let late = ReplayTarget.time(Self.time(61))
        #expect(throws: ReplayFault.notCovered(late, until: Self.time(60.5))) {
            try Self.numbers([backup], Self.log(), late)
        }
        #expect(throws: ReplayFault.noLog) { try Self.numbers([backup], [], .latest) }
        for text in ["0-1-61", "3e11fa47-71ca-11e1-9e33-c80aa9429562:23"] {
            let gtid = try GTID(text)
            #expect(throws: ReplayFault.unknownGTID(gtid, until: Self.time(60.5))) {
                try Self.numbers([backup], Self.log(), .before(gtid))
            }
        }
    }

    @Test func nothingToReplayIsAPlanToo() throws {
        let log = try Self.log()
        let backup = Self.backup(1, at: 60, gtid: "0-1-60")
        #expect(try Self.numbers([backup], log, .latest).isEmpty)
        #expect(try Self.numbers([backup], log, .time(Self.time(60.2))).isEmpty)
    }

    @Test func coverageOfALogWithAGap() throws {
        var log = try Self.log()
        log.remove(at: 3)
        let coverage = LogCoverage(
            backups: [
                Self.backup(1, at: 5, gtid: "0-1-5"), Self.backup(2, at: 15, gtid: "0-1-15"),
                Self.backup(3, at: 42, gtid: "0-1-42"),
            ], segments: log)
        #expect(coverage.stretches.map(\.first) == [1, 5])
        #expect(coverage.stretches.map(\.last) == [3, 6])
        #expect(coverage.stretches.map(\.restorableFrom) == [Self.time(5), Self.time(42)])
        #expect(coverage.stretches.map(\.restorableUntil) == [Self.time(30.5), Self.time(60.5)])
        #expect(coverage.stretches.map(\.backups.count) == [2, 1])
        #expect(
            coverage.gaps == [.init(after: 3, before: 5, from: Self.time(30.5), until: Self.time(41))])
        #expect(LogCoverage(backups: [], segments: log).stretches.allSatisfy { $0.restorableFrom == nil })
    }
}
