/// What a scenario of recovery came to, apart from what its shoppers saw.
struct RecoveryOutcome: Sendable {
    /// When the fault took effect.
    var fault: Int64
    /// What the scenario itself had to show.
    var checks: [Verdict.Check] = []
    /// How long before the fault an order may have been acknowledged that is lost; nil when none may be.
    var window: Duration?
    var figures = DrillReport.Recovery()

    mutating func expect(_ name: String, _ passed: Bool, _ detail: String) {
        checks.append(Verdict.Check(name: name, passed: passed, detail: detail))
    }
}

extension RecoveryOutcome {
    /// What every scenario has to show of its orders. `writes` is what became of all of them in the database that the
    /// shop uses in the end.
    func verdict(_ writes: Checker.Result, _ measures: ClientMeasures) -> Verdict {
        var result = self
        for (name, kind) in [
            ("duplicated", Anomaly.Kind.duplicated), ("torn", .torn), ("falsely_refused", .falselyRefused),
            ("foreign_orders", .foreignReply), ("stale_reads", .staleRead),
        ] {
            let count = writes.count(kind)
            result.expect(name, count == 0, "\(count), at most 0")
        }
        let lost = writes.count(.lost)
        if let window {
            let unexcused = OrderChecker.unexcused(writes, fault: fault, window: window)
            let oldest = OrderChecker.oldestLoss(writes, before: fault).map { ", the oldest \($0 / 1_000_000) ms old" }
            result.expect(
                "lost", unexcused == 0,
                "\(lost)\(oldest ?? ""), of which \(unexcused) not of the \(window.inMilliseconds) ms before the fault")
        } else {
            result.expect("lost", lost == 0, "\(lost), at most 0")
        }
        result.expect(
            "recovered", measures.recovery != nil && writes.acknowledged > 0,
            measures.recovery.map {
                "first order acknowledged \(Duration.nanoseconds($0).inMilliseconds) ms after the fault"
            } ?? "no order was acknowledged after the fault")
        return Verdict(result.checks)
    }
}
