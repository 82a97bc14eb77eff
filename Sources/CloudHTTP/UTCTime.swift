package import FoundationEssentials

/// A moment as the calendar of UTC shows it, to the second. Reads and writes the three forms that clouds use.
///
/// `FoundationEssentials` has no HTTP dates, and a strict reader of these three forms is no larger than a use of the
/// general one.
package struct UTCTime: Sendable, Equatable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    package init(_ date: Date) {
        // Whatever a caller hands in, the year stays within what fits the forms.
        let seconds = Int(min(max(date.timeIntervalSince1970.rounded(.down), 0), 253_402_300_799))
        let secondOfDay = seconds % 86_400
        (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60)
        // Days are counted from 1 March of the year 0, in eras of 400 years of 146,097 days: leap days come last.
        let days = seconds / 86_400 + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + days / 146_097 * 400 + (month <= 2 ? 1 : 0)
    }

    private init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// Reads the `Date` header of HTTP: `Wed, 25 Nov 2026 14:51:39 GMT` (RFC 9110, section 5.6.7).
    package init?(httpDate text: String) {
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[5] == "GMT", let month = Self.months.firstIndex(of: String(fields[2])),
            let day = Int(fields[1]), let year = Int(fields[3])
        else { return nil }
        let time = fields[4].split(separator: ":").map { Int($0) ?? -1 }
        guard time.count == 3 else { return nil }
        self.init(year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2])
    }

    /// Reads the form of S3's documents: `2026-11-25T14:51:39.000Z`; a fraction of a second is dropped.
    package init?(iso8601 text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let numbers = text.dropLast().prefix { $0 != "." }
            .split(omittingEmptySubsequences: false) { "-T:".contains($0) }.map { Int($0) ?? -1 }
        guard numbers.count == 6 else { return nil }
        self.init(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
            second: numbers[5])
    }

    package var date: Date {
        // The inverse of the count of `init`.
        let marchYear = month <= 2 ? year - 1 : year
        let yearOfEra = marchYear % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = marchYear / 400 * 146_097 + dayOfEra - 719_468
        return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3600 + minute * 60 + second))
    }

    /// `20150830`, the day of SigV4's credential scope.
    package var basicDay: String { padded(year, 4) + padded(month, 2) + padded(day, 2) }

    /// `20150830T123600Z`, SigV4's `x-amz-date`.
    package var basic: String { "\(basicDay)T\(padded(hour, 2))\(padded(minute, 2))\(padded(second, 2))Z" }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
