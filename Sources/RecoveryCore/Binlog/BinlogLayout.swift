package import Foundation

/// Where the shipped binary log of a database is, below a store's prefix:
///
///     _binlog/shop/20260301/0000004711.binlog.zst.age    the events, encrypted for the recipients of the backups
///     _binlog/shop/20260301/0000004711.json              what they are, in clear; written last
///
/// The day, in UTC, is that on which the segment was made. Numbers grow by one, across days and gaps too.
package enum BinlogLayout {
    package struct Name: Sendable, Hashable {
        /// `20260301`
        package var day: String
        package var number: UInt64
        /// Whether it is the description, and not the events.
        package var isDescription: Bool

        package init(day: String, number: UInt64, isDescription: Bool) {
            self.day = day
            self.number = number
            self.isDescription = isDescription
        }
    }

    /// No database's folder, as `_jobs/` is none.
    package static let folder = "_binlog/"

    /// With a slash at its end.
    package static func folder(of database: String) -> String { folder + BackupLayout.folder(of: database) }

    package static func day(of date: Date) -> String { date.formatted(style) }

    package static func folder(of database: String, day: String) -> String { "\(folder(of: database))\(day)/" }

    /// The name of a segment's events, within the database's folder.
    package static func events(day: String, number: UInt64) -> String { "\(day)/\(padded(number)).binlog.zst.age" }

    /// The name of a segment's description, within the database's folder.
    package static func description(day: String, number: UInt64) -> String { "\(day)/\(padded(number)).json" }

    /// What an object within the database's folder is; nil for what is none of these.
    package static func read(_ name: some StringProtocol) -> Name? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, isDay(parts[0]) else { return nil }
        let digits = parts[1].prefix { $0.isASCII && $0.isNumber }
        guard digits.utf8.count >= 10, let number = UInt64(digits), number > 0, padded(number) == digits else {
            return nil
        }
        switch parts[1].dropFirst(digits.count) {
        case ".json": return Name(day: String(parts[0]), number: number, isDescription: true)
        case ".binlog.zst.age": return Name(day: String(parts[0]), number: number, isDescription: false)
        default: return nil
        }
    }

    /// Whether a folder is one of a day; those that sort later are later.
    package static func isDay(_ name: some StringProtocol) -> Bool {
        name.utf8.count == 8 && name.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    private static let style = Date.VerbatimFormatStyle(
        format: "\(year: .padded(4))\(month: .twoDigits)\(day: .twoDigits)", locale: Locale(identifier: "en_US_POSIX"),
        timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
}
