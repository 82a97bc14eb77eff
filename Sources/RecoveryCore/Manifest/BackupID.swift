package import Foundation

/// Names one backup: the moment of its start in UTC, and four digits that tell two of one second apart:
/// `20260301T030000Z-7f3a`. Names sort as their times do.
package struct BackupID: Sendable, Hashable, CustomStringConvertible {
    /// Whole seconds.
    package let time: Date
    /// Four hexadecimal digits in lower case.
    package let suffix: String

    package init(time: Date, random: UInt16) {
        self.time = time.wholeSecond
        let digits = String(random, radix: 16)
        suffix = String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// Reads a name; `nil` for anything that ``description`` would not write.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 4, let random = UInt16(parts[1], radix: 16),
            let time = try? Date(String(parts[0]), strategy: Self.style)
        else { return nil }
        self.init(time: time, random: random)
        guard description == text else { return nil }
    }

    private static let style = Date.ISO8601FormatStyle(
        dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted, timeZone: .gmt)

    package var description: String { "\(time.formatted(Self.style))-\(suffix)" }
}

extension BackupID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = BackupID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be a backup's name such as 20260301T030000Z-7f3a")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Date {
    /// Manifests hold whole seconds, so that what is read again equals what was written.
    var wholeSecond: Date {
        Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down))
    }
}
