package import Foundation
package import Topology

/// When a job runs that has a cron schedule.
///
/// Everything follows from when it last succeeded, so that an agent that was restarted, or another node, decides the
/// same:
/// 1. A moment that passed while nobody was there to run the job is caught up, and several of them by one run.
/// 2. A run that failed is tried again with growing pauses, until the next moment takes its place.
/// 3. Runs start a while after their moment, up to `jitter`; how long depends on the moment and `seed` alone.
package struct JobSchedule: Sendable {
    /// What is known of a job's runs.
    package struct History: Sendable, Equatable {
        /// Since when the schedule is followed. Moments before that are nobody's fault.
        package var since: Date
        /// When the newest run that succeeded was started, by whomever.
        package var succeeded: Date?
        /// Runs that failed after it, and the end of the last one.
        package var failures: Int
        package var failed: Date?

        package init(since: Date, succeeded: Date? = nil, failures: Int = 0, failed: Date? = nil) {
            self.since = since
            self.succeeded = succeeded
            self.failures = failures
            self.failed = failed
        }
    }

    package enum Decision: Sendable, Equatable {
        /// The moment that this run is for.
        case run(Date)
        case wait(until: Date)
        /// The schedule has no moment left.
        case never
    }

    /// The pause after a first failure, which doubles with each further one.
    package static let firstPause: TimeInterval = 60
    package static let longestPause: TimeInterval = 30 * 60

    private let cron: CronSchedule
    private let zone: TimeZone
    private let jitter: TimeInterval
    private let seed: String

    /// - Parameters:
    ///   - cron: The moments.
    ///   - zone: Whose clocks they are read from.
    ///   - jitter: The longest time from a moment to its run, in seconds.
    ///   - seed: The store's name and the job's: the same on all nodes.
    package init(_ cron: CronSchedule, in zone: TimeZone, jitter: TimeInterval = 0, seed: String = "") {
        self.cron = cron
        self.zone = zone
        self.jitter = max(0, jitter)
        self.seed = seed
    }

    /// What to do now, when the job is not running.
    package func decide(_ history: History, now: Date) -> Decision {
        let next = cron.next(after: now, in: zone).map(start(for:))
        guard let moment = newestMoment(after: history.succeeded ?? history.since, upTo: now) else {
            return next.map { .wait(until: $0) } ?? .never
        }
        var begin = start(for: moment)
        if let failed = history.failed, history.failures > 0, failed >= moment {
            begin = max(begin, failed + Self.pause(after: history.failures))
        }
        if begin <= now { return .run(moment) }
        return .wait(until: next.map { min($0, begin) } ?? begin)
    }

    /// The moment that should have been served by now and was not: it and its jitter are `tolerance` seconds past.
    /// Nil when all is well.
    package func overdue(_ history: History, now: Date, tolerance: TimeInterval) -> Date? {
        let last = history.succeeded ?? history.since
        guard let oldest = cron.next(after: last, in: zone), start(for: oldest) + tolerance < now else { return nil }
        return oldest
    }

    /// When the run for a moment starts.
    package func start(for moment: Date) -> Date {
        // FNV-1a, whose upper bits are spread well enough for a delay.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(seed)/\(Int64(moment.timeIntervalSince1970))".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return moment + (jitter * Double(hash >> 40) / Double(1 << 24)).rounded(.down)
    }

    /// In seconds, after so many failures in a row.
    package static func pause(after failures: Int) -> TimeInterval {
        min(longestPause, firstPause * Double(1 << min(20, failures - 1)))
    }

    /// Looks in growing spans before `end`, so that a schedule of every minute that was left alone for a year costs no
    /// half a million steps.
    private func newestMoment(after start: Date, upTo end: Date) -> Date? {
        for span: TimeInterval in [3_600, 86_400, 40 * 86_400, 400 * 86_400, .infinity] {
            let from = max(start, end - span)
            var newest: Date?
            var time = from
            while let next = cron.next(after: time, in: zone), next <= end {
                newest = next
                time = next
            }
            if newest != nil || from == start { return newest }
        }
        return nil
    }
}
