/// Which backups are kept: a backup stays when any of these rules wants it (grandfather, father, son).
///
/// Each number counts periods that have a backup, not periods that have passed, so that a week without backups costs
/// none of the old ones.
package struct RetentionPolicy: Sendable, Hashable {
    /// The newest so many.
    package var last: Int
    /// The newest backup of each of the newest so many hours, days, ISO weeks, months, years that have one.
    package var hourly: Int
    package var daily: Int
    package var weekly: Int
    package var monthly: Int
    package var yearly: Int
    /// Every backup at most so much older than the newest one.
    package var within: Duration

    package init(
        last: Int = 0, hourly: Int = 0, daily: Int = 0, weekly: Int = 0, monthly: Int = 0, yearly: Int = 0,
        within: Duration = .zero
    ) {
        self.last = last
        self.hourly = hourly
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
        self.yearly = yearly
        self.within = within
    }

    /// Whether no rule wants any backup: it would delete everything, which nobody means.
    package var isEmpty: Bool {
        [last, hourly, daily, weekly, monthly, yearly].allSatisfy { $0 <= 0 } && within <= .zero
    }
}
