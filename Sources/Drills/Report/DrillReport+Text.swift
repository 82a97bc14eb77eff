extension DrillReport {
    /// The report for people, without colours.
    package var text: String {
        var lines = ["\(scenario): \(passed ? "passed" : "FAILED")"]
        if let failure { lines.append("  not carried out: \(failure.summary) [\(failure.code)]") }
        if let repeats { lines += Self.spread(repeats) }
        if clients.count > 0 { lines += figures }
        if let recovery { lines += recovery.lines }
        if let shop { lines += shop.lines }
        for check in checks where !check.passed {
            lines.append("  failed check \(check.name): \(check.detail)")
        }
        if !errors.isEmpty {
            lines.append("  errors by text:")
            lines += errors.prefix(10).map { "    \($0.count) × \($0.text)" }
        }
        if !findings.isEmpty {
            lines.append("  findings:")
            lines += findings.prefix(10).map { finding in
                let when = finding.promisedAtMs.map { ", promised at \($0) ms" } ?? ""
                return "    \(finding.kind): client \(finding.client), \(finding.operation) of page \(finding.page), "
                    + "\(finding.detail)\(when)"
            }
        }
        if !timeline.isEmpty {
            lines.append(repeats == nil ? "  time line:" : "  time line of the run with the longest stall:")
            lines += timeline.map { event in
                let time = String(event.atMs)
                let padding = String(repeating: " ", count: max(0, 7 - time.count))
                return "  \(padding)\(time) ms  \(event.event)  \(event.detail)"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var figures: [String] {
        let recovery = rtoMs.map { "\($0) ms" } ?? "never"
        return [
            "  clients       \(clients.count) × \(clients.kind), \(clients.requests) requests, "
                + "\(clients.errors) errors",
            "  longest stall \(clients.longestStallMs) ms; first write after the fault: \(recovery)",
            "  latency       p50 \(clients.p50Ms) ms, p99 \(clients.p99Ms) ms",
            "  writes        \(writes.acknowledged) acknowledged, \(lost), "
                + "\(writes.duplicated) duplicated, \(writes.unknown) unknown (\(writes.unknownApplied) were executed)",
            "  reads         \(writes.freshReads) fresh, \(stale)",
        ]
    }

    /// Where some writes must survive and others need not, what was lost of which.
    private var lost: String {
        let isDurable = checks.contains { $0.name == "durable_lost" }
        return "\(writes.lost) lost" + (isDurable ? " (\(writes.lostDurable) durable)" : "")
    }

    private var stale: String {
        "\(writes.staleReads) stale" + (writes.missedReads > 0 ? " (\(writes.missedReads) found nothing)" : "")
    }

    private static func spread(_ repeats: Repeats) -> [String] {
        var lines = ["  \(repeats.passed) of \(repeats.count) runs passed"]
        if let stall = repeats.longestStallMs {
            lines.append("  longest stall median \(stall.median) ms, p99 \(stall.p99) ms, max \(stall.max) ms")
        }
        if let recovery = repeats.rtoMs {
            lines.append("  first write   median \(recovery.median) ms, p99 \(recovery.p99) ms, max \(recovery.max) ms")
        }
        return lines
    }
}

extension DrillReport {
    /// The result in one line, for progress.
    package var line: String {
        if let failure { return "FAILED, \(failure.summary)" }
        let failed = checks.filter { !$0.passed }.map(\.name).joined(separator: ", ")
        return "\(passed ? "passed" : "FAILED (\(failed))"): \(clients.errors) errors, "
            + "longest stall \(clients.longestStallMs) ms, \(lost), \(writes.duplicated) duplicated, \(stale), "
            + "\(writes.unknown) unknown"
    }
}
