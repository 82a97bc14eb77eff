import Foundation
import Testing

@testable import Topology

struct CronScheduleTests {
    /// Due moments, one after the other, in UTC.
    private static func due(_ fields: String, _ zone: String, from start: String, _ count: Int) throws -> [String] {
        let schedule = try CronSchedule(scalar: fields)
        let zone = try #require(TimeZone(identifier: zone))
        var time = try Date(start, strategy: .iso8601)
        return try (0..<count).map { _ in
            time = try #require(schedule.next(after: time, in: zone))
            return time.formatted(.iso8601)
        }
    }

    @Test(arguments: [
        ("0 3 * * *", "UTC", "2026-03-01T02:59:59Z", ["2026-03-01T03:00:00Z", "2026-03-02T03:00:00Z"]),
        // The moment itself is past.
        ("0 3 * * *", "UTC", "2026-03-01T03:00:00Z", ["2026-03-02T03:00:00Z"]),
        ("*/20 22,23 31 12 *", "UTC", "2026-12-31T22:30:00Z", ["2026-12-31T22:40:00Z", "2026-12-31T23:00:00Z"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        // A leap day on a Monday.
        ("0 0 29 2 1", "UTC", "2026-03-01T00:00:00Z", ["2027-02-01T00:00:00Z"]),
        ("0 0 */31 * mon", "UTC", "2026-03-02T00:00:00Z", ["2026-06-01T00:00:00Z"]),
        // Either day field, when both restrict.
        ("0 6 13 * fri", "UTC", "2026-03-12T00:00:00Z", ["2026-03-13T06:00:00Z", "2026-03-20T06:00:00Z"]),
        ("30 4 * * 1-5", "Asia/Kolkata", "2026-03-06T00:00:00Z", ["2026-03-08T23:00:00Z"]),
        ("0 12 * * *", "Pacific/Kiritimati", "2026-03-01T00:00:00Z", ["2026-03-01T22:00:00Z"]),
        ("0 12 * * *", "Pacific/Honolulu", "2026-03-01T21:00:00Z", ["2026-03-01T22:00:00Z"]),
    ])
    func isDueNext(_ fields: String, _ zone: String, _ start: String, _ expected: [String]) throws {
        #expect(try Self.due(fields, zone, from: start, expected.count) == expected)
    }

    /// In Berlin clocks went from 02:00 to 03:00 on 29 March 2026 (01:00 UTC), and back from 03:00 to 02:00 on
    /// 25 October (01:00 UTC).
    @Test(arguments: [
        // The hour that is left out: at its beginning, and once only.
        (
            "30 2 * * *", "2026-03-28T00:00:00Z",
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        ),
        ("*/30 2 * * *", "2026-03-28T23:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
        (
            "0 * * * *", "2026-03-28T23:30:00Z",
            ["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]
        ),
        // The hour that comes twice: the first time.
        ("30 2 * * *", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        // Every hour is every hour.
        (
            "30 * * * *", "2026-10-24T23:00:00Z",
            ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
        ),
        ("0 4 * * sun", "2026-10-19T00:00:00Z", ["2026-10-25T03:00:00Z", "2026-11-01T03:00:00Z"]),
    ])
    func summerTime(_ fields: String, _ start: String, _ expected: [String]) throws {
        #expect(try Self.due(fields, "Europe/Berlin", from: start, expected.count) == expected)
    }
}
