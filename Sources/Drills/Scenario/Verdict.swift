package import Topology

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
        package var role = RedisTopology.Role.store
        /// Whether the store acknowledges writes to the durable prefix only when a replica has them.
        package var isDurable = false
        /// Writes acknowledged to clients that were cut off, after their sidecar had to stop; nil when not watched.
        package var unfencedWrites: Int?
        /// Open writes of clients that were cut off; part of `writes.unknown`.
        package var unknownOfMinority = 0
        /// How often the master moved; nil when no Sentinel could say.
        package var failovers: Int?
        /// What the old master executed after the new one had taken a write; nil when that was not watched.
        package var oldMasterWrites: Int?

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

    package init(_ checks: [Check]) { self.checks = checks }

    package init(_ expectations: Expectations, _ findings: Findings) {
        let writes = findings.writes
        expectErrors(expectations.errors, findings.measures)
        expect("duplicated", writes.count(.duplicated), atMost: 0)
        expect("foreign_replies", writes.count(.foreignReply), atMost: 0)
        expect("falsely_refused", writes.count(.falselyRefused), atMost: 0)
        expect("reordered", writes.count(.reordered), atMost: 0)
        expect("torn", writes.count(.torn), atMost: 0)
        expect("hung", findings.measures.hung, atMost: 0)
        if findings.isDurable { expect("durable_lost", writes.count(.lost, where: \.isDurable), atMost: 0) }
        if findings.role == .cache { expectFreshness(writes) }
        if !expectations.isRandom {
            expect(
                "unknown", writes.unknown - findings.unknownOfMinority,
                atMost: expectations.masterFaults * findings.measures.clients * findings.inFlight)
            if findings.role == .store {
                expectPromises("lost", .lost, expectations, findings)
                expectPromises("stale_reads", .staleRead, expectations, findings)
            }
            expectStall(expectations, findings)
        }
        expectMaster(expectations, findings)
        expectTraffic(findings)
    }

    /// A cache may forget, but not remember an older value than one it acknowledged.
    private mutating func expectFreshness(_ writes: Checker.Result) {
        let stale = writes.anomalies.filter { $0.kind == .staleRead && !$0.isForgotten }
        expect("older_reads", stale.reduce(0) { $0 + $1.count }, atMost: 0)
    }

    private mutating func expectErrors(_ tolerated: Expectations.Errors, _ measures: ClientMeasures) {
        switch tolerated {
        case .none: expect("errors", measures.errors, atMost: 0)
        case .refusals: expect("errors", measures.errors - min(measures.errors, measures.refusals), atMost: 0)
        case .any: break
        }
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
        let after = max(ClientMeasures.inFlightAllowance, expectations.isolationWindow.inNanoseconds)
        let forgiven = (findings.fault - window.inNanoseconds)...(findings.fault + after)
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
        if let most = expectations.mostFailovers {
            let count = findings.failovers
            checks.append(
                Check(
                    name: "failovers", passed: count.map { $0 <= most } ?? false,
                    detail: "\(count.map(String.init) ?? "unknown"), at most \(most)"))
        }
        if expectations.fencesMinority {
            let writes = findings.unfencedWrites
            checks.append(
                Check(
                    name: "unfenced_writes", passed: writes == 0,
                    detail: writes.map { "\($0), at most 0" } ?? "nobody was cut off long enough"))
        }
        if expectations.fencesOldMaster {
            let writes = findings.oldMasterWrites
            checks.append(
                Check(
                    name: "old_master_writes", passed: writes == 0,
                    detail: writes.map { "\($0), at most 0" } ?? "no other node took a write"))
        }
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
