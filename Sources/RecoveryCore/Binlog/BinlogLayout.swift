package import Foundation

/// Where the shipped binary log of a database is, below a store's prefix:
///
///     _binlog/shop/20260301/0000004711-7f3a.binlog.zst.age   the events, encrypted for the recipients of the backups
///     _binlog/shop/20260301/0000004711.json                  what they are, in clear; written last
///
/// The day, in UTC, is that of the segment's first transaction, so that two who go on from one place choose the same; it
/// never goes back, nor ahead of the clock. Numbers grow by one, across days and gaps too. Of two who
/// write the same number, the one whose description is there first wins; their events have names of their own, so that
/// neither changes what the other describes.
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
    package static func events(day: String, number: UInt64, random: UInt16 = 0) -> String {
        "\(day)/\(padded(number))-\(hexadecimal(random)).binlog.zst.age"
    }

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
        let suffix = parts[1].dropFirst(digits.count)
        if suffix == ".json" { return Name(day: String(parts[0]), number: number, isDescription: true) }
        guard suffix.hasPrefix("-"), suffix.hasSuffix(".binlog.zst.age") else { return nil }
        let random = suffix.dropFirst().prefix { $0 != "." }
        guard let value = UInt16(random, radix: 16), hexadecimal(value) == random,
            suffix.utf8.count == 5 + ".binlog.zst.age".utf8.count
        else { return nil }
        return Name(day: String(parts[0]), number: number, isDescription: false)
    }

    /// Whether a folder is one of a day; those that sort later are later.
    package static func isDay(_ name: some StringProtocol) -> Bool {
        name.utf8.count == 8 && name.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func hexadecimal(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    private static let style = Date.VerbatimFormatStyle(
        format: "\(year: .padded(4))\(month: .twoDigits)\(day: .twoDigits)", locale: Locale(identifier: "en_US_POSIX"),
        timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
}
