package import Foundation
package import Topology

/// Decides which backups stay and which go, from what their manifests say.
///
/// Safety, stated before the code:
/// 1. An empty policy decides nothing: it is refused.
/// 2. In each series the newest backup and the newest verified one stay, whatever the policy.
/// 3. A backup that is known to be bad takes no other's place, and one whose time lies in the future makes no other
///    look old.
/// 4. As long as somebody may know of verifications who cannot be asked, what may be the newest verified backup stays.
/// 5. Whoever is asked again about what stayed says that all of it stays.
package struct Retention: Sendable {
    /// What is known of one backup.
    package struct Candidate: Sendable, Hashable {
        package enum State: Sendable, Hashable {
            /// Complete, but not tried.
            case unverified
            case verified
            /// It was tried and cannot be restored as it should.
            case failed
        }

        package var id: String
        /// Backups of one series stand in for each other: those of one database of one server.
        package var series: String
        /// The moment whose data it holds.
        package var time: Date
        package var state: State

        package init(id: String, series: String, time: Date, state: State = .unverified) {
            self.id = id
            self.series = series
            self.time = time
            self.state = state
        }
    }

    package enum Period: String, Sendable, CaseIterable {
        case hourly, daily, weekly, monthly, yearly
    }

    /// Why a backup stays.
    package enum Reason: Sendable, Hashable {
        /// One of the newest; its rank counts from 1.
        case last(Int)
        /// The newest of this hour, day, week, month or year, such as `2026-03-01`.
        case newest(Period, of: String)
        case within(Duration)
        case newestVerified
        /// It is known to be bad, but no verified backup is newer.
        case nothingBetter
        /// It may be the newest that was verified: who may know cannot be asked.
        case perhapsVerified
        /// Its time has not come yet: some clock is wrong, and nothing is concluded from it.
        case fromTheFuture
    }

    package struct Verdict: Sendable, Hashable {
        package var id: String
        package var series: String
        /// Empty: it goes.
        package var reasons: [Reason]

        package var stays: Bool { !reasons.isEmpty }
    }

    /// A policy without any rule would delete everything.
    package struct EmptyPolicy: Error, Equatable {
        package init() {}
    }

    private let policy: RetentionPolicy
    private let calendar: Calendar

    /// Days, weeks and months are those of the time zone.
    package init(_ policy: RetentionPolicy, timeZone: TimeZone) throws(EmptyPolicy) {
        guard !policy.isEmpty else { throw EmptyPolicy() }
        self.policy = policy
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = timeZone
        self.calendar = calendar
    }

    /// One verdict for each candidate, series by series, the newest first. `isBlind` says that not all verifications are
    /// known.
    package func verdicts(on candidates: [Candidate], now: Date, isBlind: Bool = false) -> [Verdict] {
        Dictionary(grouping: candidates, by: \.series).sorted { $0.key < $1.key }.flatMap { _, series in
            verdicts(onSeries: series.sorted { ($0.time, $0.id) > ($1.time, $1.id) }, now: now, isBlind)
        }
    }

    private func verdicts(onSeries series: [Candidate], now: Date, _ isBlind: Bool) -> [Verdict] {
        // Clocks of two machines may differ a little; a day is no difference, it is an error.
        let horizon = now.addingTimeInterval(86_400)
        let counted = series.indices.filter { series[$0].state != .failed && series[$0].time <= horizon }
        var reasons = Array(repeating: [Reason](), count: series.count)

        for (rank, index) in counted.prefix(max(0, policy.last)).enumerated() { reasons[index].append(.last(rank + 1)) }
        for period in Period.allCases {
            var seen: Set<String> = []
            for index in counted where seen.count < policy.count(of: period) {
                let label = label(of: series[index].time, period)
                if seen.insert(label).inserted { reasons[index].append(.newest(period, of: label)) }
            }
        }
        if policy.within > .zero, let newest = counted.first {
            let limit = series[newest].time.addingTimeInterval(-Double(policy.within.wholeMilliseconds) / 1_000)
            for index in counted where series[index].time >= limit { reasons[index].append(.within(policy.within)) }
        }

        let verified = series.firstIndex { $0.state == .verified && $0.time <= horizon }
        if let verified { reasons[verified].append(.newestVerified) }
        for index in series.indices where series[index].state == .failed && index < verified ?? .max {
            reasons[index].append(.nothingBetter)
        }
        if isBlind {
            for index in series.indices
            where series[index].state == .unverified && index < verified ?? .max && reasons[index].isEmpty {
                reasons[index].append(.perhapsVerified)
            }
        }
        for index in series.indices where series[index].time > horizon { reasons[index].append(.fromTheFuture) }
        return zip(series, reasons).map { Verdict(id: $0.id, series: $0.series, reasons: $1) }
    }

    /// Names the period that a moment falls into.
    private func label(of time: Date, _ period: Period) -> String {
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .weekOfYear, .yearForWeekOfYear], from: time)
        let year = digits(parts.year, 4)
        return switch period {
        case .yearly: year
        case .monthly: "\(year)-\(digits(parts.month, 2))"
        case .weekly: "\(digits(parts.yearForWeekOfYear, 4))-W\(digits(parts.weekOfYear, 2))"
        case .daily: "\(year)-\(digits(parts.month, 2))-\(digits(parts.day, 2))"
        // With the offset, for the hour that comes twice when summer time ends.
        case .hourly:
            "\(year)-\(digits(parts.month, 2))-\(digits(parts.day, 2))T\(digits(parts.hour, 2))"
                + offset(calendar.timeZone.secondsFromGMT(for: time) / 60)
        }
    }

    private func digits(_ number: Int?, _ count: Int) -> String {
        let text = String(number ?? 0)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    private func offset(_ minutes: Int) -> String {
        (minutes < 0 ? "-" : "+") + digits(abs(minutes) / 60, 2) + ":" + digits(abs(minutes) % 60, 2)
    }
}

extension RetentionPolicy {
    fileprivate func count(of period: Retention.Period) -> Int {
        switch period {
        case .hourly: hourly
        case .daily: daily
        case .weekly: weekly
        case .monthly: monthly
        case .yearly: yearly
        }
    }
}

extension Retention.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .last(let rank): rank == 1 ? "the newest" : "number \(rank) of the newest"
        case .newest(let period, let label): "\(period.rawValue) \(label)"
        case .within(let duration): "within \(duration.topologyText) of the newest"
        case .newestVerified: "the newest that was verified"
        case .nothingBetter: "cannot be restored, but no verified backup is newer"
        case .perhapsVerified: "it may be the newest that was verified: a store that may know cannot be read"
        case .fromTheFuture: "its time lies in the future: some clock is wrong"
        }
    }
}

extension Retention.Verdict: CustomStringConvertible {
    /// One line for people.
    package var description: String {
        stays
            ? "\(id) stays: \(reasons.map(\.description).joined(separator: "; "))"
            : "\(id) goes: no rule of the policy wants it"
    }
}
