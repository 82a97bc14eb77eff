extension DrillReport {
    /// What scenarios of recovery measure beside the rest. What a scenario does not measure is left out.
    package struct Recovery: Sendable, Equatable, Encodable {
        package struct Step: Sendable, Equatable, Encodable {
            package var step: String
            package var ms: Int
        }

        /// The size of the generated store, and its rows before the first order.
        package var data: String?
        package var rows: Int?
        /// How long before the fault the oldest lost order was acknowledged.
        package var oldestLossMs: Int?
        /// How long `restore` took by itself.
        package var restoreMs: Int?
        /// How far the bucket was behind the server before the fault, and how many transactions came from its log.
        package var lagMs: Int?
        package var replayed: Int?
        package var steps: [Step] = []

        package init() {}
    }
}

extension DrillReport.Recovery {
    /// For people.
    var lines: [String] {
        var lines: [String] = []
        if let data, let rows { lines.append("  data          \(data), \(rows) rows") }
        if let restoreMs { lines.append("  restore       \(restoreMs) ms by itself") }
        if let lagMs {
            lines.append("  log           \(lagMs) ms behind, \(replayed ?? 0) transactions of it replayed")
        }
        if let oldestLossMs { lines.append("  oldest loss   acknowledged \(oldestLossMs) ms before the fault") }
        if !steps.isEmpty {
            lines.append("  steps         " + steps.map { "\($0.step) \($0.ms) ms" }.joined(separator: ", "))
        }
        return lines
    }
}
