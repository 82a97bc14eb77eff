extension DrillReport {
    /// More findings than this say no more than these.
    private static let findingsShown = 50

    package init(_ outcome: DrillOutcome) {
        let all = ClientMeasures(
            outcome.groups.flatMap(\.histories), fault: outcome.fault, end: outcome.end, patience: outcome.patience)
        let writes = outcome.groups.map(\.writes).reduce(Checker.Result(), +)
        self.init(
            scenario: outcome.scenario, seed: outcome.seed,
            passed: outcome.verdict.passed,
            clients: Clients(all, kind: outcome.groups.map(\.kind).joined(separator: "+")),
            rtoMs: all.recovery.map(Self.milliseconds),
            writes: Writes(writes),
            timeline: outcome.timeline.entries.map {
                Event(atMs: Self.milliseconds($0.time - outcome.fault), event: $0.event, detail: $0.detail)
            },
            checks: outcome.verdict.checks.map { Check(name: $0.name, passed: $0.passed, detail: $0.detail) },
            groups: outcome.groups.map { group in
                let measures = ClientMeasures(group.histories, fault: outcome.fault, end: outcome.end)
                return Group(
                    label: group.label, clients: Clients(measures, kind: group.kind),
                    rtoMs: measures.recovery.map(Self.milliseconds), writes: Writes(group.writes))
            },
            errors: all.errorTexts.map { ErrorText(text: $0.key, count: $0.value) }
                .sorted { ($1.count, $0.text) < ($0.count, $1.text) },
            findings: writes.anomalies.prefix(Self.findingsShown).map { Finding($0, fault: outcome.fault) },
            failure: nil, repeats: nil, runs: nil)
    }

    /// The report of a drill that could not be carried out.
    package init(scenario: String, failure: Failure, timeline: Timeline = Timeline(), fault: Int64? = nil) {
        let zero = fault ?? timeline.entries.first?.time ?? 0
        self.init(
            scenario: scenario, passed: false,
            clients: Clients(ClientMeasures(), kind: ""),
            rtoMs: nil, writes: Writes(Checker.Result()),
            timeline: timeline.entries.map {
                Event(atMs: Self.milliseconds($0.time - zero), event: $0.event, detail: $0.detail)
            },
            checks: [], groups: [], errors: [], findings: [], failure: failure, repeats: nil, runs: nil)
    }

    /// Whole milliseconds, rounded up for positive times.
    static func milliseconds(_ nanoseconds: Int64) -> Int {
        Duration.nanoseconds(nanoseconds).inMilliseconds
    }
}

extension DrillReport.Clients {
    init(_ measures: ClientMeasures, kind: String) {
        self.init(
            kind: kind, count: measures.clients, requests: measures.requests, errors: measures.errors,
            hung: measures.hung,
            longestStallMs: DrillReport.milliseconds(measures.longestStall),
            p50Ms: Self.hundredths(measures.p50), p99Ms: Self.hundredths(measures.p99))
    }

    private static func hundredths(_ nanoseconds: Int64) -> Double {
        (Double(nanoseconds) / 10_000).rounded() / 100
    }
}

extension DrillReport.Writes {
    init(_ result: Checker.Result) {
        self.init(
            acknowledged: result.acknowledged, lost: result.count(.lost), duplicated: result.count(.duplicated),
            staleReads: result.count(.staleRead), unknown: result.unknown, unknownApplied: result.unknownApplied,
            freshReads: result.freshReads, foreignReplies: result.count(.foreignReply),
            falselyRefused: result.count(.falselyRefused), reordered: result.count(.reordered),
            torn: result.count(.torn), lostDurable: result.count(.lost, where: \.isDurable),
            missedReads: result.anomalies.filter { $0.kind == .staleRead && $0.isForgotten }.reduce(0) {
                $0 + $1.count
            },
            staleCarts: result.count(.staleRead, where: { $0 == .readCart }), cartMisses: result.cartMisses)
    }
}

extension DrillReport.Finding {
    init(_ anomaly: Anomaly, fault: Int64) {
        self.init(
            kind: anomaly.kind.rawValue, client: anomaly.client, operation: anomaly.operation.rawValue,
            page: anomaly.page, count: anomaly.count,
            promisedAtMs: anomaly.promised.map { (Double($0 - fault) / 10_000).rounded() / 100 },
            detail: anomaly.detail)
    }
}
