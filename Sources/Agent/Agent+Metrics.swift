internal import Foundation
internal import RecoveryCore
internal import StateStore

extension Agent {
    /// In Prometheus' text format; docs/metrics.md names them all.
    package func metrics() throws -> String {
        var text = PrometheusText()
        let status = status()
        text.add("start_time_seconds", .gauge, "When the agent was started.", [([], status.startedAt.seconds)])
        text.add(
            "job_runs_total", .counter, "Runs of this node that have ended.",
            try memory.counts().map { ([("job", $0.job), ("outcome", $0.outcome)], Double($0.count)) })
        text.add(
            "job_running", .gauge, "1 while this node runs the job.",
            status.jobs.map { ([("job", $0.name)], $0.state == .running ? 1 : 0) })
        text.add(
            "job_failures", .gauge, "Runs that failed since the last one that did not, on all nodes.",
            status.jobs.map { ([("job", $0.name)], Double($0.failures)) })
        text.add(
            "job_last_success_timestamp_seconds", .gauge, "When the newest run that succeeded ended, on any node.",
            status.jobs.compactMap { job in
                states[job.name]?.standing.newestSuccess.map { ([("job", job.name)], $0.finishedAt.seconds) }
            })
        text.add(
            "job_next_run_timestamp_seconds", .gauge, "When the job is run next.",
            status.jobs.compactMap { job in job.nextRunAt.map { ([("job", job.name)], $0.seconds) } })
        text.add(
            "shipping_lag_seconds", .gauge, "How far the bucket is behind the database; only where it is shipped.",
            shipping.map { [([], Double($0.lagMs) / 1_000)] } ?? [])
        text.add(
            "newest_backup_timestamp_seconds", .gauge, "When the newest backup was started.",
            status.newestBackupAt.map { [([], $0.seconds)] } ?? [])
        text.add(
            "newest_verified_timestamp_seconds", .gauge, "When the newest backup was started that is verified.",
            status.newestVerifiedAt.map { [([], $0.seconds)] } ?? [])
        text.add("alerts_open", .gauge, "Alerts that are open.", [([], Double(status.alerts.count))])
        return text.text
    }
}

/// Metrics as text.
private struct PrometheusText {
    enum Kind: String { case gauge, counter }

    private(set) var text = ""

    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [([(label: String, value: String)], Double)]
    ) {
        guard !samples.isEmpty else { return }
        let name = "breakwater_agent_\(name)"
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (labels, value) in samples {
            let inside = labels.map { "\($0.label)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
            let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
            text += name + (inside.isEmpty ? "" : "{\(inside)}") + " \(number)\n"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

extension Date {
    fileprivate var seconds: Double { timeIntervalSince1970 }
}
