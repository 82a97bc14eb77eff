import Foundation

/// The figures for a person: medians with the spread of the rounds, ratios, and whether the sidecar does what is asked.
struct ResultsTable {
    let results: Results

    private var header: [String] {
        ["load", "metric", "direct", "HAProxy", "Breakwater", "× direct", "× HAProxy", "asked", ""]
    }

    /// The table as docs/performance.md has it.
    var markdown: [String] {
        let rule = header.indices.map { $0 < 2 || $0 > 6 ? "---" : "--:" }
        return ([header, rule] + results.figures.map(row)).map { "| \($0.joined(separator: " | ")) |" }
    }

    /// The table for a terminal.
    var lines: [String] {
        let rows = results.figures.map(row)
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([header, widths.map { String(repeating: "─", count: $0) }] + rows).map { cells in
            let padded = zip(cells, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                let isText = column < 2 || column > 6
                return isText ? cell.0 + padding : padding + cell.0
            }
            return padded.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }

    private func row(_ figure: Results.Figure) -> [String] {
        let contestants = Contestant.allCases.map { figure.contestants[$0.rawValue].map(spread) ?? "–" }
        let ratios = ["breakwater/direct", "breakwater/haproxy"].map { name in
            figure.ratios[name].map { "\(number($0.median)) (\(number($0.minimum))–\(number($0.maximum)))" } ?? "–"
        }
        return [figure.title, "\(figure.metric.name) \(figure.metric.unit)"] + contestants + ratios
            + [asked(figure.metric), figure.met.map { $0 ? "met" : "MISSED" } ?? ""]
    }

    private func asked(_ metric: Metric) -> String {
        let sign = metric.better == .higher ? "≥" : "≤"
        let parts = [
            metric.againstDirect.map { "\(sign) \($0)× direct" },
            metric.againstHAProxy.map { "\(sign) \($0)× HAProxy" },
            metric.limit.map { "\(sign) \($0) \(metric.unit)" },
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }

    private func spread(_ summary: Summary) -> String {
        "\(number(summary.median)) (\(number(summary.minimum))–\(number(summary.maximum)))"
    }

    private func number(_ value: Double) -> String {
        switch value {
        case 1000...: String(Int(value.rounded()))
        case 100...: String(format: "%.0f", value)
        case 10...: String(format: "%.1f", value)
        default: String(format: "%.2f", value)
        }
    }
}
