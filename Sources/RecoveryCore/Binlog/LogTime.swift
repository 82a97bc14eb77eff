package import Foundation

/// A moment in a binary log, in microseconds; written as `2026-03-01T03:00:00.123456Z`.
package struct LogTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Since 1970.
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(_ date: Date) {
        microseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded(.down))
    }

    package var date: Date { Date(timeIntervalSince1970: Double(microseconds) / 1_000_000) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.microseconds < rhs.microseconds }

    package var description: String {
        let (seconds, fraction) = microseconds.floored(by: 1_000_000)
        let digits = String(fraction)
        let second = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return second.dropLast() + "." + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }

    /// Reads what ``description`` writes, and times of whole seconds; nil for anything else.
    package init?(_ text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let second = try? Date(parts[0] + "Z", strategy: .iso8601) else {
            return nil
        }
        var fraction: Int64 = 0
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...6).contains(digits.utf8.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }),
                let number = Int64(digits + String(repeating: "0", count: 6 - digits.utf8.count))
            else { return nil }
            fraction = number
        }
        guard abs(second.timeIntervalSince1970) < 1e12 else { return nil }
        microseconds = Int64(second.timeIntervalSince1970) * 1_000_000 + fraction
    }
}

extension LogTime: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = LogTime(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be a time such as 2026-03-01T03:00:00.123456Z")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Int64 {
    /// Quotient and remainder, the latter never negative.
    fileprivate func floored(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
