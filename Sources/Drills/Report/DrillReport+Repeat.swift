extension DrillReport {
    /// Combines the runs of one scenario: counts are added, times are the worst of all runs, and the spread over the
    /// runs stands beside them. It passes only if every run passed. The timeline is that of the run with the longest
    /// stall. A single run stays as it is.
    package init?(repeating runs: [DrillReport]) {
        guard let first = runs.first else { return nil }
        guard runs.count > 1 else {
            self = first
            return
        }
        let worst = runs.max { $0.clients.longestStallMs < $1.clients.longestStallMs } ?? first
        let measured = runs.filter { $0.failure == nil }
        let shown = measured.first ?? first
        let medianP50 = measured.map(\.clients.p50Ms).sorted()
        self.init(
            scenario: first.scenario,
            passed: runs.allSatisfy(\.passed),
            clients: Clients(
                kind: shown.clients.kind, count: shown.clients.count,
                requests: runs.reduce(0) { $0 + $1.clients.requests },
                errors: runs.reduce(0) { $0 + $1.clients.errors },
                hung: runs.reduce(0) { $0 + $1.clients.hung },
                longestStallMs: worst.clients.longestStallMs,
                p50Ms: medianP50.isEmpty ? 0 : medianP50[(medianP50.count - 1) / 2],
                p99Ms: measured.map(\.clients.p99Ms).max() ?? 0),
            rtoMs: measured.compactMap(\.rtoMs).count == measured.count ? measured.compactMap(\.rtoMs).max() : nil,
            writes: runs.map(\.writes).reduce(Writes(Checker.Result()), +),
            timeline: worst.timeline,
            checks: (runs.first { !$0.passed } ?? first).checks,
            groups: Self.combined(measured.map(\.groups)),
            errors: Dictionary(runs.flatMap(\.errors).map { ($0.text, $0.count) }, uniquingKeysWith: +)
                .map { ErrorText(text: $0.key, count: $0.value) }
                .sorted { ($1.count, $0.text) < ($0.count, $1.text) },
            findings: runs.flatMap(\.findings),
            failure: runs.lazy.compactMap(\.failure).first,
            repeats: Repeats(
                count: runs.count, passed: runs.filter(\.passed).count,
                longestStallMs: Spread(measured.map(\.clients.longestStallMs)),
                rtoMs: Spread(measured.compactMap(\.rtoMs))),
            runs: runs)
        shop = ShopMeasures(combining: runs.compactMap(\.shop))
    }

    private static func combined(_ runs: [[Group]]) -> [Group] {
        guard let first = runs.first else { return [] }
        return first.indices.map { index in
            let groups = runs.compactMap { $0.indices.contains(index) ? $0[index] : nil }
            var group = first[index]
            group.clients.requests = groups.reduce(0) { $0 + $1.clients.requests }
            group.clients.errors = groups.reduce(0) { $0 + $1.clients.errors }
            group.clients.longestStallMs = groups.map(\.clients.longestStallMs).max() ?? 0
            group.clients.p99Ms = groups.map(\.clients.p99Ms).max() ?? 0
            group.rtoMs = groups.contains { $0.rtoMs == nil } ? nil : groups.compactMap(\.rtoMs).max()
            group.writes = groups.map(\.writes).reduce(Writes(Checker.Result()), +)
            return group
        }
    }
}

extension DrillReport.Spread {
    init?(_ samples: [Int]) {
        let statistics = Statistics(samples.map(Int64.init))
        guard let median = statistics.median, let p99 = statistics.percentile(99), let max = statistics.max else {
            return nil
        }
        self.init(median: Int(median), p99: Int(p99), max: Int(max))
    }
}

extension DrillReport.Writes {
    static func + (a: Self, b: Self) -> Self {
        Self(
            acknowledged: a.acknowledged + b.acknowledged, lost: a.lost + b.lost,
            duplicated: a.duplicated + b.duplicated, staleReads: a.staleReads + b.staleReads,
            unknown: a.unknown + b.unknown, unknownApplied: a.unknownApplied + b.unknownApplied,
            freshReads: a.freshReads + b.freshReads, foreignReplies: a.foreignReplies + b.foreignReplies,
            falselyRefused: a.falselyRefused + b.falselyRefused, reordered: a.reordered + b.reordered,
            torn: a.torn + b.torn, lostDurable: a.lostDurable + b.lostDurable,
            missedReads: a.missedReads + b.missedReads, staleCarts: a.staleCarts + b.staleCarts,
            cartMisses: a.cartMisses + b.cartMisses)
    }
}
