/// Five cron fields: minute, hour, day of the month, month, day of the week, as Debian's cron reads them.
package struct CronSchedule: Sendable, Hashable {
    /// As the user wrote it.
    package var text: String
    package var minutes: Set<Int>
    package var hours: Set<Int>
    package var days: Set<Int>
    package var months: Set<Int>
    /// 0 is Sunday.
    package var weekdays: Set<Int>
    /// When both day fields restrict (neither starts with `*`), a day that either of them names counts; otherwise it
    /// takes both.
    package var eitherDay: Bool
}

extension CronSchedule: TopologyScalar {
    static var expectation: String { "five cron fields such as \"0 3 * * *\"" }

    init(scalar text: String) throws(UnusableScalar) {
        let fields = text.split(separator: " ")
        guard fields.count == 5 else {
            throw Self.refused(text, hint: "minute, hour, day of month, month, day of week")
        }
        self.text = text
        minutes = try CronField(name: "minute", range: 0...59).read(fields[0])
        hours = try CronField(name: "hour", range: 0...23).read(fields[1])
        days = try CronField(name: "day of the month", range: 1...31).read(fields[2])
        months = try CronField(name: "month", range: 1...12, words: CronField.months, first: 1).read(fields[3])
        let named = CronField(name: "day of the week", range: 0...7, words: CronField.weekdays, first: 0)
        weekdays = Set(try named.read(fields[4]).map { $0 % 7 })
        eitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        guard eitherDay || months.contains(where: comes(in:)) else {
            throw UnusableScalar(message: "names a day that never comes", hint: "no month of these has such a day")
        }
    }

    private func comes(in month: Int) -> Bool {
        let longest = month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31
        return days.contains { $0 <= longest }
    }

    var topologyText: String { text }
}

/// One of the fields: `*`, `5`, `1-5`, `*/10`, `1-30/2`, names, and lists of these.
private struct CronField {
    var name: String
    var range: ClosedRange<Int>
    var words: [String] = []
    var first = 0

    static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    func read(_ text: Substring) throws(UnusableScalar) -> Set<Int> {
        var values: Set<Int> = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "/", omittingEmptySubsequences: false)
            guard let span = parts.first, parts.count <= 2 else { throw refused(item) }
            var step = 1
            if parts.count == 2 {
                guard let every = Int(parts[1]), every >= 1 else { throw refused(item) }
                step = every
            }
            let bounds = try self.bounds(span, in: item, isStepped: parts.count == 2)
            values.formUnion(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
        }
        return values
    }

    private func bounds(_ span: Substring, in item: Substring, isStepped: Bool) throws(UnusableScalar) -> ClosedRange<
        Int
    > {
        if span == "*" { return range }
        let ends = span.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let lower = value(ends[0]) else { throw refused(item) }
        guard ends.count == 2 else {
            // Implementations differ in what `5/10` means, so it means nothing here.
            guard !isStepped else { throw refused(item) }
            return lower...lower
        }
        guard let upper = value(ends[1]), lower <= upper else { throw refused(item) }
        return lower...upper
    }

    private func value(_ text: Substring) -> Int? {
        if let word = words.firstIndex(of: text.lowercased()) { return first + word }
        guard text.utf8.count <= 2, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
            range.contains(number)
        else { return nil }
        return number
    }

    private func refused(_ item: Substring) -> UnusableScalar {
        UnusableScalar(
            message: "has a \(name) that cannot be used: \(quoted(String(item)))",
            hint: "numbers from \(range.lowerBound) to \(range.upperBound), and `*`, `a-b`, `*/n`, `a-b/n`, `a,b`")
    }
}
