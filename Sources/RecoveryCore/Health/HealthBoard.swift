/// What a web node says of itself, to its load balancer and to people, from what probes found last.
///
/// A load balancer is told of faults of this node alone. Were a shared dependency to count, its loss would take every
/// node out at once, and a balancer without nodes answers nobody, not even from caches. Whoever wants it nevertheless
/// names the shared checks that are to count.
///
/// 1. A check counts as failed after ``Check/tolerance`` failures in a row: one slow answer of a busy PHP-FPM must not
///    send its load to nodes that are as busy.
/// 2. A check whose probe has not come back for long counts as failed: it hangs, and so may what it looks at.
/// 3. A node that has not looked yet does not serve yet.
package struct HealthBoard: Sendable {
    package enum Scope: String, Sendable, Hashable, Codable {
        /// Of this node alone.
        case node
        /// Of all nodes at once, such as the database.
        case shared
    }

    package struct Check: Sendable, Hashable {
        /// `php_fpm`, `redis`: names in `/readyz`, in metrics and in the topology.
        package var name: String
        package var scope: Scope
        package var interval: Duration
        package var timeout: Duration
        /// How many failures in a row it takes.
        package var tolerance: Int

        package init(
            _ name: String, _ scope: Scope, interval: Duration = .seconds(2), timeout: Duration = .seconds(2),
            tolerance: Int = 2
        ) {
            self.name = name
            self.scope = scope
            self.interval = interval
            self.timeout = timeout
            self.tolerance = max(1, tolerance)
        }

        /// How old a result may become.
        package var lifetime: Duration { interval * 3 + timeout * 2 }
    }

    /// What one probe found.
    package struct Finding: Sendable, Equatable {
        package var isGood: Bool
        /// One sentence, or a figure.
        package var detail: String

        package init(isGood: Bool, detail: String) {
            self.isGood = isGood
            self.detail = detail
        }
    }

    package enum Status: String, Sendable, Hashable, Codable {
        case ok
        /// It failed, but not often enough in a row.
        case suspect
        case failed
        /// Its last result is too old.
        case stale
        /// It was not looked at yet.
        case unknown

        package var isGood: Bool { self == .ok || self == .suspect }
    }

    private struct Entry: Sendable {
        var check: Check
        var finding: Finding?
        var latency = Duration.zero
        /// On a clock that never jumps.
        var at = Duration.zero
        var failures = 0
    }

    /// The reason of a node that is being drained.
    package static let draining = "draining"

    /// Reasons to give a node nothing new that keep it from nothing it has begun.
    package static let gentle: Set<String> = [draining, "disk", "uploads"]

    private var entries: [Entry]
    private let counting: Set<String>
    package var isDraining = false

    /// - Parameters:
    ///   - checks: In the order in which they are shown.
    ///   - strict: Names of shared checks that count for the balancer, too.
    package init(_ checks: [Check], strict: Set<String> = []) {
        entries = checks.map { Entry(check: $0) }
        counting = strict
    }

    package mutating func note(_ name: String, _ finding: Finding, latency: Duration, uptime: Duration) {
        guard let index = entries.firstIndex(where: { $0.check.name == name }) else { return }
        entries[index].finding = finding
        entries[index].latency = latency
        entries[index].at = uptime
        entries[index].failures = finding.isGood ? 0 : entries[index].failures + 1
    }

    private func status(_ entry: Entry, _ uptime: Duration) -> Status {
        guard let finding = entry.finding else { return .unknown }
        if uptime - entry.at > entry.check.lifetime { return .stale }
        if finding.isGood { return .ok }
        return entry.failures < entry.check.tolerance ? .suspect : .failed
    }
}

extension HealthBoard {
    /// The answer to a load balancer.
    package enum Verdict: Sendable, Equatable {
        /// `degraded`: what shared things are missing.
        case serving(degraded: [String])
        /// Why not.
        case out([String])

        package var isServing: Bool { if case .serving = self { true } else { false } }
    }

    package func verdict(uptime: Duration) -> Verdict {
        var reasons: [String] = isDraining ? [Self.draining] : []
        var degraded: [String] = []
        for entry in entries {
            let status = status(entry, uptime)
            guard !status.isGood else { continue }
            let name = entry.check.name
            if entry.check.scope == .node || counting.contains(name) {
                reasons.append(status == .failed ? name : "\(name) \(status.rawValue)")
            } else if status != .unknown {
                degraded.append(name)
            }
        }
        return reasons.isEmpty ? .serving(degraded: degraded) : .out(reasons)
    }

    /// Everything, for people.
    package struct Report: Sendable, Equatable, Codable {
        package struct Line: Sendable, Equatable, Codable {
            package var name: String
            package var scope: Scope
            package var status: Status
            package var detail: String
            package var latencyMs: Int
            /// Since the probe; nil before the first one.
            package var ageMs: Int?
        }

        package var serving: Bool
        package var draining: Bool
        package var reasons: [String]
        package var degraded: [String]
        package var checks: [Line]
    }

    package func report(uptime: Duration) -> Report {
        let verdict = verdict(uptime: uptime)
        var report = Report(
            serving: verdict.isServing, draining: isDraining, reasons: [], degraded: [],
            checks: entries.map { entry in
                Report.Line(
                    name: entry.check.name, scope: entry.check.scope, status: status(entry, uptime),
                    detail: entry.finding?.detail ?? "not looked at yet", latencyMs: entry.latency.milliseconds,
                    ageMs: entry.finding == nil ? nil : (uptime - entry.at).milliseconds)
            })
        switch verdict {
        case .serving(let degraded): report.degraded = degraded
        case .out(let reasons): report.reasons = reasons
        }
        return report
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
