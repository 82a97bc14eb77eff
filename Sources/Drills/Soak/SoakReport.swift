/// What a soak found: what its drill says of the clients, and what was sampled all the while.
package struct SoakReport: Sendable, Equatable, Encodable {
    package var scenario = Soak.name
    package var passed: Bool
    package var durationMs: Int
    package var connections: Int
    package var checks: [DrillReport.Check]
    package var samples: [SoakSample]
    /// The clients and the faults, judged as in `redis-chaos`.
    package var drill: DrillReport

    package init(drill: DrillReport, samples: [SoakSample], durationMs: Int) {
        let flatness = Flatness(samples)
        self.drill = drill
        self.samples = samples
        self.durationMs = durationMs
        connections = samples.reduce(0) { $0 + $1.connections }
        passed = flatness.passed && drill.passed
        checks = flatness.checks.map { .init(name: $0.name, passed: $0.passed, detail: $0.detail) }
    }

    /// The report for people.
    package var text: String {
        var lines = ["\(scenario): \(passed ? "passed" : "FAILED")"]
        lines.append("  \(durationMs / 1000) s, \(connections) connections, \(samples.count) samples")
        lines += checks.map { "  \($0.passed ? "flat  " : "FAILED") \($0.name): \($0.detail)" }
        return lines.joined(separator: "\n") + "\n" + drill.text
    }
}
