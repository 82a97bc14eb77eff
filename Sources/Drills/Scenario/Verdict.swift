/// Whether a drill passed, as a list of the things it had to show.
package struct Verdict: Sendable, Equatable {
    /// One thing that had to hold.
    package struct Check: Sendable, Equatable {
        /// A stable name for scripts.
        package var name: String
        package var passed: Bool
        /// What was found, and what was allowed.
        package var detail: String
    }

    /// What a drill found.
    package struct Findings: Sendable {
        package var measures: ClientMeasures
        package var writes: Checker.Result
        /// When the (last) fault took effect.
        package var fault: Int64
        package var downAfter: Duration
        /// The most operations that one client has in flight at a time.
        package var inFlight = 1
        package var masterBefore: String
        package var masterAfter: String?

        package init(
            measures: ClientMeasures, writes: Checker.Result, fault: Int64, downAfter: Duration,
            masterBefore: String, masterAfter: String?
        ) {
            self.measures = measures
            self.writes = writes
            self.fault = fault
            self.downAfter = downAfter
            self.masterBefore = masterBefore
            self.masterAfter = masterAfter
        }
    }

    package private(set) var checks: [Check] = []

    package var passed: Bool { checks.allSatisfy(\.passed) }

    package init(_ expectations: Expectations, _ findings: Findings) {
        let writes = findings.writes
        expect("errors", findings.measures.errors, atMost: 0)
        expect("duplicated", writes.count(.duplicated), atMost: 0)
        expect("foreign_replies", writes.count(.foreignReply), atMost: 0)
        expect("falsely_refused", writes.count(.falselyRefused), atMost: 0)
        expect("reordered", writes.count(.reordered), atMost: 0)
        expect("torn", writes.count(.torn), atMost: 0)
        expect(
            "unknown", writes.unknown,
            atMost: expectations.masterFaults * findings.measures.clients * findings.inFlight)
        expectPromises("lost", .lost, expectations, findings)
        expectPromises("stale_reads", .staleRead, expectations, findings)
        expectStall(expectations, findings)
        expectMaster(expectations, findings)
        expectTraffic(findings)
    }

    private mutating func expect(_ name: String, _ found: Int, atMost limit: Int) {
        checks.append(Check(name: name, passed: found <= limit, detail: "\(found), at most \(limit)"))
    }

    /// Broken promises are forgiven only when they were made in the replication window before the fault.
    private mutating func expectPromises(
        _ name: String, _ kind: Anomaly.Kind, _ expectations: Expectations, _ findings: Findings
    ) {
        let window = expectations.replicationWindow
        // An acknowledgement that the old master sent reaches the client a little after the master has died.
        let forgiven =
            (findings.fault - window.inNanoseconds)...(findings.fault + ClientMeasures.inFlightAllowance)
        let broken = findings.writes.anomalies.filter { $0.kind == kind }
        let unforgiven = broken.filter { anomaly in
            guard window > .zero, let promised = anomaly.promised else { return true }
            return !forgiven.contains(promised)
        }
        let total = broken.reduce(0) { $0 + $1.count }
        let excess = unforgiven.reduce(0) { $0 + $1.count }
        let detail =
            window > .zero
            ? "\(total), of which \(excess) acknowledged outside the \(window.inMilliseconds) ms before the fault"
            : "\(total), at most 0"
        checks.append(Check(name: name, passed: excess == 0, detail: detail))
    }

    private mutating func expectStall(_ expectations: Expectations, _ findings: Findings) {
        let limit = expectations.stall + (expectations.addsDownAfter ? findings.downAfter : .zero)
        let stall = findings.measures.longestStall
        checks.append(
            Check(
                name: "longest_stall", passed: stall <= limit.inNanoseconds,
                detail: "\(Duration.nanoseconds(stall).inMilliseconds) ms, at most \(limit.inMilliseconds) ms"))
    }

    private mutating func expectMaster(_ expectations: Expectations, _ findings: Findings) {
        let before = findings.masterBefore
        guard let after = findings.masterAfter else {
            checks.append(Check(name: "healed", passed: false, detail: "the stack did not become whole again"))
            return
        }
        let moved = before != after
        let detail = moved ? "the master moved from \(before) to \(after)" : "the master stayed \(before)"
        checks.append(
            Check(name: "failover", passed: expectations.failover.map { $0 == moved } ?? true, detail: detail))
    }

    /// No errors and no losses prove nothing when nothing was sent.
    private mutating func expectTraffic(_ findings: Findings) {
        let recovery = findings.measures.recovery
        checks.append(
            Check(
                name: "recovered", passed: recovery != nil && findings.writes.acknowledged > 0,
                detail: recovery.map {
                    "first write acknowledged \(Duration.nanoseconds($0).inMilliseconds) ms after the fault"
                } ?? "no write was acknowledged after the fault"))
    }
}
