package import Foundation

extension CronSchedule {
    /// The next moment at which the schedule is due; nil when there is none within a hundred years.
    ///
    /// As Debian's cron has it (cron(8), "daylight saving"): what falls into the hour that summer time leaves out is due
    /// when that hour would have begun, and what falls into the hour that comes twice is due the first time alone,
    /// except in schedules of every hour, which follow the clock.
    package func next(after time: Date, in zone: TimeZone) -> Date? {
        let first = CivilDay(of: time, in: zone).number - 1
        // Transitions move a time by less than a day.
        for number in first..<(first + 36_600) {
            let day = CivilDay(number: number)
            guard months.contains(day.month), isDue(on: day) else { continue }
            let moments = hours.flatMap { hour in
                minutes.flatMap { minute in
                    zone.moments(ofSeconds: (number * 24 + hour) * 3600 + minute * 60, both: hours.count == 24)
                }
            }
            if let next = moments.filter({ $0 > time }).min() { return next }
        }
        return nil
    }

    private func isDue(on day: CivilDay) -> Bool {
        let (byDate, byWeekday) = (days.contains(day.day), weekdays.contains(day.weekday))
        return eitherDay ? byDate || byWeekday : byDate && byWeekday
    }
}

/// A day of the Gregorian calendar.
private struct CivilDay {
    /// Counted from 1970-01-01.
    var number: Int

    init(number: Int) { self.number = number }

    init(of time: Date, in zone: TimeZone) {
        let seconds = time.timeIntervalSince1970 + Double(zone.secondsFromGMT(for: time))
        number = Int((seconds / 86_400).rounded(.down))
    }

    /// 0 is Sunday; 1970 began on a Thursday.
    var weekday: Int { ((number + 4) % 7 + 7) % 7 }
    var month: Int { parts.month }
    var day: Int { parts.day }

    /// Counted in years that begin in March, so that the leap day is their last.
    private var parts: (month: Int, day: Int) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let year = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }
}

extension TimeZone {
    /// When clocks show so many seconds after 1970-01-01 00:00: once as a rule; twice, of which only the first counts
    /// unless `both`; or never, which counts as the moment at which they were put forward.
    fileprivate func moments(ofSeconds seconds: Int, both: Bool) -> [Date] {
        let time = Date(timeIntervalSince1970: Double(seconds))
        let (before, after) = (time - 86_400, time + 86_400)
        let offsets = Set([secondsFromGMT(for: before), secondsFromGMT(for: after)])
        let moments = offsets.map { time - Double($0) }
            .filter { Double(secondsFromGMT(for: $0)) == time.timeIntervalSince($0) }.sorted()
        if let first = moments.first { return both ? moments : [first] }
        return nextDaylightSavingTimeTransition(after: before).map { [$0] } ?? []
    }
}
