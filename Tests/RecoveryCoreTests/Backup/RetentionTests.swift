import Foundation
import LoopbackServers
import RecoveryCore
import Testing
import Topology

struct RetentionTests {
    private static let berlin = TimeZone(identifier: "Europe/Berlin") ?? .gmt

    private func time(_ text: String) throws -> Date {
        try Date(text, strategy: .iso8601)
    }

    /// Backups by time; a `v` after it says that it was verified, an `x` that it cannot be restored.
    private func backups(_ lines: [String], series: String = "shop") throws -> [Retention.Candidate] {
        try lines.map { line in
            let parts = line.split(separator: " ")
            let state: Retention.Candidate.State =
                parts.count < 2 ? .unverified : parts[1] == "v" ? .verified : .failed
            return try Retention.Candidate(
                id: String(parts[0]), series: series, time: time(String(parts[0])), state: state)
        }
    }

    private func verdicts(
        _ policy: RetentionPolicy, _ lines: [String], now: String = "2026-03-31T12:00:00Z", in zone: TimeZone = .gmt
    ) throws -> [String] {
        try Retention(policy, timeZone: zone).verdicts(on: backups(lines), now: time(now)).map(\.description)
    }

    @Test func anEmptyPolicyIsRefused() {
        for policy in [RetentionPolicy(), RetentionPolicy(last: 0, daily: -1, within: .seconds(-1))] {
            #expect(throws: Retention.EmptyPolicy.self) { try Retention(policy, timeZone: .gmt) }
        }
    }

    @Test func grandfatherFatherSon() throws {
        let lines = [
            "2026-03-31T03:00:00Z", "2026-03-31T01:00:00Z", "2026-03-30T03:00:00Z v", "2026-03-29T03:00:00Z",
            "2026-03-22T03:00:00Z", "2026-03-01T03:00:00Z", "2026-02-28T03:00:00Z", "2026-02-01T03:00:00Z",
            "2025-12-31T03:00:00Z", "2024-07-01T03:00:00Z",
        ]
        let policy = RetentionPolicy(last: 1, daily: 3, weekly: 2, monthly: 3, yearly: 2)
        #expect(
            try verdicts(policy, lines) == [
                "2026-03-31T03:00:00Z stays: the newest; daily 2026-03-31; weekly 2026-W14; monthly 2026-03; yearly 2026",
                "2026-03-31T01:00:00Z goes: no rule of the policy wants it",
                "2026-03-30T03:00:00Z stays: daily 2026-03-30; the newest that was verified",
                "2026-03-29T03:00:00Z stays: daily 2026-03-29; weekly 2026-W13",
                "2026-03-22T03:00:00Z goes: no rule of the policy wants it",
                "2026-03-01T03:00:00Z goes: no rule of the policy wants it",
                "2026-02-28T03:00:00Z stays: monthly 2026-02",
                "2026-02-01T03:00:00Z goes: no rule of the policy wants it",
                "2025-12-31T03:00:00Z stays: monthly 2025-12; yearly 2025",
                "2024-07-01T03:00:00Z goes: no rule of the policy wants it",
            ])
    }

    @Test func weeksAreThoseOfISO8601() throws {
        // The first days of 2027 belong to the last week of 2026, and Sunday ends a week.
        let lines = ["2027-01-04T00:00:00Z", "2027-01-03T00:00:00Z", "2026-12-28T00:00:00Z"]
        #expect(
            try verdicts(RetentionPolicy(weekly: 3), lines, now: "2027-02-01T00:00:00Z") == [
                "2027-01-04T00:00:00Z stays: weekly 2027-W01", "2027-01-03T00:00:00Z stays: weekly 2026-W53",
                "2026-12-28T00:00:00Z goes: no rule of the policy wants it",
            ])
    }

    @Test func daysAreThoseOfTheTimeZone() throws {
        let lines = ["2026-03-10T23:30:00Z", "2026-03-10T22:30:00Z", "2026-03-09T23:30:00Z"]
        let policy = RetentionPolicy(daily: 9)
        #expect(try verdicts(policy, lines).count { $0.contains("stays") } == 2)
        #expect(
            try verdicts(policy, lines, in: Self.berlin) == [
                "2026-03-10T23:30:00Z stays: daily 2026-03-11", "2026-03-10T22:30:00Z stays: daily 2026-03-10",
                "2026-03-09T23:30:00Z goes: no rule of the policy wants it",
            ])
    }

    /// On 2026-10-25 the hour from two to three comes twice in Berlin.
    @Test func theHourThatComesTwiceIsTwoHours() throws {
        let lines = ["2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T00:10:00Z"]
        #expect(
            try verdicts(RetentionPolicy(hourly: 5), lines, now: "2026-11-01T00:00:00Z", in: Self.berlin) == [
                "2026-10-25T01:30:00Z stays: hourly 2026-10-25T02+01:00",
                "2026-10-25T00:30:00Z stays: hourly 2026-10-25T02+02:00",
                "2026-10-25T00:10:00Z goes: no rule of the policy wants it",
            ])
    }

    @Test func withinCountsFromTheNewestBackup() throws {
        let lines = ["2026-01-10T00:00:00Z", "2026-01-08T00:00:00Z", "2026-01-07T23:59:59Z"]
        #expect(
            try verdicts(RetentionPolicy(within: .seconds(172_800)), lines) == [
                "2026-01-10T00:00:00Z stays: within 2d of the newest",
                "2026-01-08T00:00:00Z stays: within 2d of the newest",
                "2026-01-07T23:59:59Z goes: no rule of the policy wants it",
            ])
    }

    @Test func aBadBackupTakesNoPlace() throws {
        let lines = [
            "2026-03-04T05:00:00Z x", "2026-03-04T03:00:00Z", "2026-03-03T03:00:00Z v", "2026-03-02T03:00:00Z x",
        ]
        #expect(
            try verdicts(RetentionPolicy(last: 1, daily: 1), lines) == [
                "2026-03-04T05:00:00Z stays: cannot be restored, but no verified backup is newer",
                "2026-03-04T03:00:00Z stays: the newest; daily 2026-03-04",
                "2026-03-03T03:00:00Z stays: the newest that was verified",
                "2026-03-02T03:00:00Z goes: no rule of the policy wants it",
            ])
    }

    /// Another store may have verified one that is newer than what is known here, and cannot be asked.
    @Test func whatMayBeTheNewestVerifiedStays() throws {
        let lines = [
            "2026-03-05T03:00:00Z", "2026-03-04T03:00:00Z", "2026-03-03T03:00:00Z v", "2026-03-02T03:00:00Z",
        ]
        let verdicts = try Retention(RetentionPolicy(last: 1), timeZone: .gmt).verdicts(
            on: backups(lines), now: time("2026-03-31T12:00:00Z"), isBlind: true)
        #expect(
            verdicts.map(\.reasons) == [[.last(1)], [.perhapsVerified], [.newestVerified], []])
        let none = try Retention(RetentionPolicy(last: 1), timeZone: .gmt).verdicts(
            on: backups(["2026-03-05T03:00:00Z", "2026-03-04T03:00:00Z x", "2026-03-03T03:00:00Z"]),
            now: time("2026-03-31T12:00:00Z"), isBlind: true)
        #expect(none.map(\.reasons) == [[.last(1)], [.nothingBetter], [.perhapsVerified]])
    }

    @Test func aClockThatIsWrongCostsNothing() throws {
        let lines = ["2031-01-01T00:00:00Z v", "2026-03-31T00:00:00Z v", "2026-03-30T00:00:00Z"]
        #expect(
            try verdicts(RetentionPolicy(last: 1, within: .seconds(86_400)), lines) == [
                "2031-01-01T00:00:00Z stays: its time lies in the future: some clock is wrong",
                "2026-03-31T00:00:00Z stays: the newest; within 1d of the newest; the newest that was verified",
                "2026-03-30T00:00:00Z stays: within 1d of the newest",
            ])
    }

    @Test func seriesDoNotCountForEachOther() throws {
        let all = try backups(["2026-03-01T00:00:00Z"], series: "b") + backups(["2026-03-02T00:00:00Z"], series: "a")
        let verdicts = try Retention(RetentionPolicy(last: 1), timeZone: .gmt).verdicts(
            on: all, now: time("2026-03-31T00:00:00Z"))
        #expect(verdicts.map(\.series) == ["a", "b"])
        #expect(verdicts.allSatisfy { $0.stays })
    }

    /// Random histories under random policies.
    @Test func whatHoldsForEveryHistory() throws {
        var random = SeededGenerator(seed: 4_711)
        for _ in 0..<400 {
            let policy = RetentionPolicy(
                last: .random(in: 0...3, using: &random), hourly: .random(in: 0...4, using: &random),
                daily: .random(in: 0...5, using: &random), weekly: .random(in: 0...4, using: &random),
                monthly: .random(in: 0...3, using: &random), yearly: .random(in: 1...2, using: &random),
                within: .seconds(.random(in: 0...400_000, using: &random)))
            let now = Date(timeIntervalSince1970: 1_800_000_000)
            let history = (0..<Int.random(in: 0...60, using: &random)).map { index in
                Retention.Candidate(
                    id: "\(index)", series: ["a", "b"].randomElement(using: &random) ?? "a",
                    time: now.addingTimeInterval(-.random(in: 0...60_000_000, using: &random)),
                    state: [.unverified, .unverified, .verified, .failed].randomElement(using: &random) ?? .verified)
            }
            let retention = try Retention(policy, timeZone: Self.berlin)
            let verdicts = retention.verdicts(on: history, now: now)
            #expect(Set(verdicts.map(\.id)) == Set(history.map(\.id)))
            #expect(verdicts.count == history.count)

            let kept = Set(verdicts.filter(\.stays).map(\.id))
            for (_, series) in Dictionary(grouping: history, by: \.series) {
                let good = series.filter { $0.state != .failed }
                if let newest = good.max(by: { $0.time < $1.time }) { #expect(kept.contains(newest.id)) }
                let verified = series.filter { $0.state == .verified }
                if let newest = verified.max(by: { $0.time < $1.time }) { #expect(kept.contains(newest.id)) }
                // Good backups stay for a reason, so their number is bounded by the policy.
                let wanted =
                    policy.last + policy.hourly + policy.daily + policy.weekly + policy.monthly + policy.yearly + 1
                let young = verdicts.count {
                    $0.series == series[0].series && $0.reasons.contains(.within(policy.within))
                }
                #expect(good.count { kept.contains($0.id) } <= wanted + young)
            }
            // Asked again, everything that stayed stays; with a larger policy nothing more goes.
            let again = retention.verdicts(on: history.filter { kept.contains($0.id) }, now: now)
            #expect(again.allSatisfy { $0.stays })
            var larger = policy
            larger.daily += 2
            larger.within += .seconds(100_000)
            let more = try Retention(larger, timeZone: Self.berlin).verdicts(on: history, now: now)
            #expect(kept.isSubset(of: more.filter(\.stays).map(\.id)))
        }
    }
}
