import Foundation
import RecoveryCore
import Testing

@testable import Topology

struct JobScheduleTests {
    private typealias History = JobSchedule.History

    private static func schedule(_ cron: String, zone: String = "UTC", jitter: TimeInterval = 0) throws -> JobSchedule {
        JobSchedule(
            try CronSchedule(scalar: cron), in: try #require(TimeZone(identifier: zone)), jitter: jitter,
            seed: "shop/backup")
    }

    private static func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    private static func words(_ decision: JobSchedule.Decision) -> String {
        switch decision {
        case .run(let moment): "run \(moment.formatted(.iso8601))"
        case .wait(let until): "wait \(until.formatted(.iso8601))"
        case .never: "never"
        }
    }

    /// Every night at three; followed since noon of the first of March.
    @Test(arguments: [
        // Nothing is due before the first moment.
        (nil, "2026-03-01T13:00:00Z", "wait 2026-03-02T03:00:00Z"),
        (nil, "2026-03-02T03:00:00Z", "run 2026-03-02T03:00:00Z"),
        // Served, by a run that started a little later.
        ("2026-03-02T03:00:04Z", "2026-03-02T03:30:00Z", "wait 2026-03-03T03:00:00Z"),
        // A backup that somebody made by hand shortly before does not hold the night's data.
        ("2026-03-03T02:59:00Z", "2026-03-03T03:00:00Z", "run 2026-03-03T03:00:00Z"),
        // Three nights without power are one run, for the newest of them.
        ("2026-03-02T03:00:04Z", "2026-03-05T09:00:00Z", "run 2026-03-05T03:00:00Z"),
        // Backups that are older than the agent count: the last night is caught up.
        ("2026-02-28T03:00:00Z", "2026-03-01T12:00:01Z", "run 2026-03-01T03:00:00Z"),
        // A backup from the future (a wrong clock) does not start anything; its time comes.
        ("2026-03-09T03:00:00Z", "2026-03-05T09:00:00Z", "wait 2026-03-06T03:00:00Z"),
    ])
    func decides(_ succeeded: String?, _ now: String, _ expected: String) throws {
        let history = History(since: try Self.date("2026-03-01T12:00:00Z"), succeeded: try succeeded.map(Self.date))
        let decision = try Self.schedule("0 3 * * *").decide(history, now: try Self.date(now))
        #expect(Self.words(decision) == expected)
    }

    @Test(arguments: [
        (1, "2026-03-02T03:05:00Z", "2026-03-02T03:05:59Z", "wait 2026-03-02T03:06:00Z"),
        (1, "2026-03-02T03:05:00Z", "2026-03-02T03:06:00Z", "run 2026-03-02T03:00:00Z"),
        (3, "2026-03-02T03:05:00Z", "2026-03-02T03:06:00Z", "wait 2026-03-02T03:09:00Z"),
        // Never longer than half an hour, however often.
        (60, "2026-03-02T03:05:00Z", "2026-03-02T03:06:00Z", "wait 2026-03-02T03:35:00Z"),
        // The next moment comes before the pause is over: its run is the better one.
        (60, "2026-03-03T02:50:00Z", "2026-03-03T02:51:00Z", "wait 2026-03-03T03:00:00Z"),
        (60, "2026-03-03T02:50:00Z", "2026-03-03T03:00:00Z", "run 2026-03-03T03:00:00Z"),
    ])
    func triesAgain(_ failures: Int, _ failed: String, _ now: String, _ expected: String) throws {
        let history = History(
            since: try Self.date("2026-03-01T12:00:00Z"), failures: failures, failed: try Self.date(failed))
        let decision = try Self.schedule("0 3 * * *").decide(history, now: try Self.date(now))
        #expect(Self.words(decision) == expected)
    }

    @Test func jitterIsTheSameForAllNodesAndBounded() throws {
        let (one, other) = (try Self.schedule("0 * * * *", jitter: 600), try Self.schedule("0 * * * *", jitter: 600))
        let first = try Self.date("2026-03-01T00:00:00Z")
        var delays: Set<TimeInterval> = []
        for hour in 0..<200 {
            let moment = first + Double(hour) * 3600
            let start = one.start(for: moment)
            #expect(start == other.start(for: moment) && start >= moment && start <= moment + 600)
            delays.insert(start.timeIntervalSince(moment))
            let history = History(since: moment - 1)
            #expect(one.decide(history, now: start) == .run(moment))
            if start > moment { #expect(one.decide(history, now: moment) == .wait(until: start)) }
        }
        #expect(delays.count > 100)
    }

    /// A year of minutes is found without walking through it.
    @Test func catchesUpAfterALongTime() throws {
        let now = try Self.date("2026-03-01T12:00:30Z")
        let history = History(since: now - 400 * 86_400)
        #expect(try Self.schedule("* * * * *").decide(history, now: now) == .run(Self.date("2026-03-01T12:00:00Z")))
        let rare = try Self.schedule("0 0 29 2 *")
        #expect(
            try rare.decide(History(since: now - 3000 * 86_400), now: now) == .run(Self.date("2024-02-29T00:00:00Z")))
    }

    /// The hour that is left out and the one that comes twice have one run each.
    @Test func summerTimeHasOneRunANight() throws {
        let schedule = try Self.schedule("30 2 * * *", zone: "Europe/Berlin")
        for start in ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"] {
            var history = History(since: try Self.date(start))
            var runs = 0
            for minute in 0..<(24 * 60) {
                let now = history.since + Double(minute) * 60
                guard case .run = schedule.decide(history, now: now) else { continue }
                history.succeeded = now
                runs += 1
            }
            #expect(runs == 1, "\(start)")
        }
    }

    @Test func aMissedRunIsNoticed() throws {
        let schedule = try Self.schedule("0 3 * * *")
        let history = History(
            since: try Self.date("2026-03-01T12:00:00Z"), succeeded: try Self.date("2026-03-02T03:00:09Z"))
        func overdue(_ now: String) throws -> Date? {
            schedule.overdue(history, now: try Self.date(now), tolerance: 3600)
        }
        #expect(try overdue("2026-03-03T02:00:00Z") == nil)
        #expect(try overdue("2026-03-03T03:59:59Z") == nil)
        #expect(try overdue("2026-03-03T04:00:01Z") == Self.date("2026-03-03T03:00:00Z"))
        // Since the first that was missed, not the last.
        #expect(try overdue("2026-03-09T04:00:01Z") == Self.date("2026-03-03T03:00:00Z"))
    }
}
