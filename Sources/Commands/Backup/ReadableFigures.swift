internal import Foundation
internal import Topology

/// Figures for people: what a result says in full, JSON has exactly.
enum Readable {
    /// `4,391,873`
    static func count(_ number: some BinaryInteger) -> String {
        var digits = String(number.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.append(Substring(digits.suffix(3)))
            digits.removeLast(3)
        }
        groups.append(Substring(digits))
        return (number < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// `1 table`, `61 tables`
    static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// `1 child`, `61 children`
    static func count(_ number: some BinaryInteger, _ noun: String, _ plural: String) -> String {
        "\(count(number)) \(number == 1 ? noun : plural)"
    }

    /// `45.4 MB`; units of 1000, as disks and bills have them.
    static func bytes(_ number: some BinaryInteger) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        var value = Double(number)
        var unit = 0
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(number) B" : "\(tenths(value)) \(units[unit])"
    }

    /// `6.1 s`, `2 min 3 s`, `3 h 20 min`
    static func duration(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.wholeMilliseconds)
        let seconds = milliseconds / 1000
        return switch seconds {
        case ..<60: "\(tenths(Double(milliseconds) / 1000)) s"
        case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        }
    }

    /// How long ago: `5 min`, `3 h`, `12 d`.
    static func age(_ time: Date, now: Date) -> String {
        let minutes = Int(now.timeIntervalSince(time) / 60)
        return switch minutes {
        case ..<0: "in the future"
        case ..<120: "\(minutes) min"
        case ..<(48 * 60): "\(minutes / 60) h"
        default: "\(minutes / 1440) d"
        }
    }

    /// `2026-03-01 03:00 UTC`
    static func time(_ time: Date) -> String {
        let text = time.formatted(.iso8601)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    private static func tenths(_ value: Double) -> String { String(format: "%.1f", value) }
}

/// Columns of text, as wide as what stands in them; numbers go to the right.
struct TextTable {
    private var rows: [[String]]
    private let rightAligned: Set<Int>

    init(_ head: [String], rightAligned: Set<Int> = []) {
        rows = [head]
        self.rightAligned = rightAligned
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    var lines: [String] {
        let widths = rows.reduce(into: [Int]()) { widths, row in
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return rightAligned.contains(column) ? space + text : text + space
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }
}
