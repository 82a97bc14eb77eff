package import RecoveryCore

/// A node's checks in Prometheus' text format.
package enum HealthMetrics {
    package static func text(_ report: HealthBoard.Report) -> String {
        var text = """
            # HELP breakwater_node_serving Whether /healthz answers 200.
            # TYPE breakwater_node_serving gauge
            breakwater_node_serving \(report.serving ? 1 : 0)
            # HELP breakwater_node_draining Whether the node is being drained.
            # TYPE breakwater_node_draining gauge
            breakwater_node_draining \(report.draining ? 1 : 0)
            # HELP breakwater_check_up Whether a check is good.
            # TYPE breakwater_check_up gauge

            """
        for check in report.checks {
            let labels = "check=\"\(check.name)\",scope=\"\(check.scope.rawValue)\""
            text += "breakwater_check_up{\(labels)} \(check.status.isGood ? 1 : 0)\n"
        }
        text += """
            # HELP breakwater_check_latency_seconds How long a check took last.
            # TYPE breakwater_check_latency_seconds gauge

            """
        for check in report.checks where check.ageMs != nil {
            text += "breakwater_check_latency_seconds{check=\"\(check.name)\"} \(Double(check.latencyMs) / 1_000)\n"
        }
        return text
    }
}
