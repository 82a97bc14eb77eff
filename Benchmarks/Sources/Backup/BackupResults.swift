import Foundation

enum BackupJob: String, CaseIterable, Codable, Sendable {
    case dump
    /// With the binary log on.
    case restore
    /// Without it.
    case restoreUnlogged = "restore-unlogged"
    /// A restore on a server that is made for it, and the comparison of all that is in it.
    case verify
}

/// Everything that one run of the backup benchmark found, as written to `Benchmarks/results`.
struct BackupResults: Codable {
    /// One job done once.
    struct Run: Codable {
        let job: BackupJob
        let tool: BackupTool
        let round: Int
        let seconds: Double
        /// Processor time of the tool with all its processes, of the database server and of the object store.
        let toolCPU: Double
        let serverCPU: Double
        let storeCPU: Double
        /// Of the largest process of the tool.
        let peakMiB: Double
        /// What lay on this machine's disk meanwhile.
        let temporaryMB: Double
    }

    let date: String
    let cpu: String
    let cores: Int
    let kernel: String
    let server: String
    let size: ShopData.Size
    let rows: Int
    let threads: Int
    var runs: [Run] = []

    /// Puts the rounds of an earlier run before those of this one.
    mutating func append(to earlier: BackupResults) throws {
        guard (earlier.server, earlier.size, earlier.rows, earlier.threads) == (server, size, rows, threads) else {
            throw IncomparableResults()
        }
        let rounds = (earlier.runs.map(\.round).max() ?? -1) + 1
        runs = earlier.runs + runs.map { $0.shifted(by: rounds) }
    }

    struct IncomparableResults: Error, CustomStringConvertible {
        var description: String { "the results that are there come from another server, store or number of threads" }
    }

    func values(_ job: BackupJob, _ tool: BackupTool, _ metric: (Run) -> Double) -> Summary? {
        let values = runs.filter { $0.job == job && $0.tool == tool }.map(metric)
        return values.isEmpty ? nil : Summary(values)
    }

    /// How many times as fast Breakwater was, round by round. Nobody else verifies: that is compared with restores to a
    /// server that is there, Breakwater's own among them.
    func advantage(over tool: BackupTool, at job: BackupJob) -> Summary? {
        let ours = seconds(job, .breakwater)
        let ratios = seconds(job == .verify ? .restore : job, tool).compactMap { round, seconds in
            ours[round].map { seconds / $0 }
        }
        return ratios.isEmpty || tool == .breakwater && job != .verify ? nil : Summary(ratios)
    }

    private func seconds(_ job: BackupJob, _ tool: BackupTool) -> [Int: Double] {
        let runs = runs.filter { $0.job == job && $0.tool == tool }
        return Dictionary(runs.map { ($0.round, $0.seconds) }) { $1 }
    }
}

extension BackupResults.Run {
    fileprivate func shifted(by rounds: Int) -> Self {
        Self(
            job: job, tool: tool, round: round + rounds, seconds: seconds, toolCPU: toolCPU, serverCPU: serverCPU,
            storeCPU: storeCPU, peakMiB: peakMiB, temporaryMB: temporaryMB)
    }
}

extension BackupJob {
    /// How many times as fast Breakwater must be.
    func asked(over tool: BackupTool) -> Double? {
        switch (self, tool) {
        case (.dump, .script): 2.5
        case (.dump, .mydumper): 1.5
        case (.restore, .script): 1.9
        case (.restore, .mydumper), (.restoreUnlogged, .mydumper): 1.3
        case (.verify, .script): 2.5
        // At most 1.3 times as long as a restore.
        case (.verify, .breakwater): 0.77
        default: nil
        }
    }
}

/// The figures for a person, as docs/performance.md has them.
struct BackupTable {
    let results: BackupResults

    private static let header = [
        "job", "tool", "seconds", "its CPU s", "database CPU s", "store CPU s", "peak MiB", "on disk MB",
        "Breakwater is", "asked", "",
    ]

    var rows: [[String]] {
        BackupJob.allCases.flatMap { job in BackupTool.allCases.compactMap { row(job, $0) } }
    }

    var markdown: [String] {
        let rule = Self.header.indices.map { (2...8).contains($0) ? "--:" : "---" }
        return ([Self.header, rule] + rows).map { "| \($0.joined(separator: " | ")) |" }
    }

    /// What Breakwater's verifications took beside a restore.
    private func comparison(with tool: BackupTool) -> [String]? {
        guard let advantage = results.advantage(over: tool, at: .verify) else { return nil }
        let asked = BackupJob.verify.asked(over: tool)
        return ["verify", "beside a restore by \(tool.rawValue)"] + Array(repeating: "", count: 6)
            + [
                spread(advantage, "×"), asked.map { "≥ \($0)×" } ?? "",
                asked.map { advantage.median >= $0 ? "met" : "MISSED" } ?? "",
            ]
    }

    private func row(_ job: BackupJob, _ tool: BackupTool) -> [String]? {
        guard let seconds = results.values(job, tool, \.seconds) else {
            return job == .verify ? comparison(with: tool) : nil
        }
        let advantage = results.advantage(over: tool, at: job)
        let asked = job.asked(over: tool)
        func middle(_ metric: (BackupResults.Run) -> Double) -> String {
            results.values(job, tool, metric).map { String(format: "%.1f", $0.median) } ?? ""
        }
        let verdict = advantage.flatMap { advantage in asked.map { advantage.median >= $0 ? "met" : "MISSED" } }
        return [
            job.rawValue, tool.rawValue, spread(seconds), middle(\.toolCPU), middle(\.serverCPU), middle(\.storeCPU),
            middle(\.peakMiB), middle(\.temporaryMB), advantage.map { spread($0, "×") } ?? "",
            asked.map { "≥ \($0)×" } ?? "", verdict ?? "",
        ]
    }

    private func spread(_ summary: Summary, _ unit: String = "") -> String {
        String(format: "%.2f%@ (%.2f–%.2f)", summary.median, unit, summary.minimum, summary.maximum)
    }
}
