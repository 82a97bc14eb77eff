/// The same faults with the sidecar and without: what `breakwater demo --json` prints.
package struct DemoReport: Sendable, Equatable, Encodable {
    package struct Row: Sendable, Equatable, Encodable {
        package var scenario: String
        package var sidecar: DrillReport
        /// The comparison without Breakwater. It is not judged: `passed` means nothing in it.
        package var baseline: DrillReport?
    }

    /// Whether every drill with the sidecar passed.
    package var passed: Bool
    package var rows: [Row]

    package init(rows: [Row]) {
        self.rows = rows
        passed = rows.allSatisfy(\.sidecar.passed)
    }
}

extension DemoReport {
    /// The table for people.
    package var text: String {
        let rule = String(repeating: "-", count: Self.line(["", ""] + Self.headings + Self.headings).count)
        var lines = [
            Self.heading("", "") + Self.centred("without Breakwater") + "   "
                + Self.centred("with the sidecar", trimmed: true),
            Self.line(["fault", "client"] + Self.headings + Self.headings), rule,
        ]
        for row in rows {
            for (index, group) in row.sidecar.groups.enumerated() {
                let other = row.baseline?.groups.first { $0.clients.kind == group.clients.kind }
                lines.append(
                    Self.line(
                        [index == 0 ? row.scenario : "", group.clients.kind] + Self.cells(other) + Self.cells(group)))
            }
            if let failure = row.sidecar.failure { lines.append("\(row.scenario): \(failure.summary)") }
            if let failure = row.baseline?.failure {
                lines.append("\(row.scenario), without Breakwater: \(failure.summary)")
            }
        }
        lines += [
            "", rows.map { "\($0.scenario): \($0.sidecar.passed ? "passed" : "FAILED")" }.joined(separator: "; "),
        ]
        lines += [
            "",
            "Without Breakwater: phpredis pinned to the first master, Predis with its own Sentinel support, down-after",
            "15 s. With the sidecar: down-after 1 s, hold 5 s. Lost: acknowledged writes that were missing afterwards.",
            "Stale: reads that missed an acknowledged write. \"never\": no write succeeded until the observation ended.",
        ]
        for row in rows where !row.sidecar.passed { lines += ["", row.sidecar.text] }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let headings = ["errors", "longest stall", "lost", "stale"]
    private static let widths = [6, 14, 5, 5]

    private static func cells(_ group: DrillReport.Group?) -> [String] {
        guard let group else { return headings.map { _ in "-" } }
        let tenths = (group.clients.longestStallMs + 50) / 100
        let seconds = "\(tenths / 10).\(tenths % 10) s"
        return [
            "\(group.clients.errors)", group.rtoMs == nil ? "never (\(seconds))" : seconds, "\(group.writes.lost)",
            "\(group.writes.staleReads)",
        ]
    }

    private static func heading(_ fault: String, _ client: String) -> String {
        padded(fault, 15) + padded(client, 10)
    }

    private static func line(_ cells: [String]) -> String {
        heading(cells[0], cells[1]) + figures(cells[2..<6]) + "   " + figures(cells[6...])
    }

    private static func figures(_ cells: ArraySlice<String>) -> String {
        zip(cells, widths).map { cell, width in
            String(repeating: " ", count: max(0, width - cell.count)) + cell
        }.joined(separator: "  ")
    }

    private static func centred(_ text: String, trimmed: Bool = false) -> String {
        let width = widths.reduce(2 * (widths.count - 1), +)
        let shifted = String(repeating: " ", count: max(0, width - text.count) / 2) + text
        return trimmed ? shifted : padded(shifted, width)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
