internal import Foundation
internal import LocalStack
internal import Logging
package import ShopRows
internal import Topology

/// Scenarios of recovery, each on a store of its own, for each leaves one behind that is not as before.
package struct RecoverySuite: Sendable {
    package var scenarios: [RecoveryScenario]
    package var size = ShopSize.tiny
    package var clients = 4
    /// Orders a second, of all shoppers.
    package var rate = 40
    package var repeats = 1
    /// What the stores are kept in.
    package var stateDirectory: String
    package var proxyExecutable: String?
    package var redisPrograms: String?
    package var progress: @Sendable (String) -> Void = { _ in }

    package init(_ scenarios: [RecoveryScenario], stateDirectory: String) {
        self.scenarios = scenarios
        self.stateDirectory = stateDirectory
    }

    /// - Returns: One report for each scenario, in order; repeats are combined.
    /// - Throws: `StackError` when a store cannot be started; `DrillError`; `CancellationError`.
    package func run() async throws -> [DrillReport] {
        var reports: [DrillReport] = []
        for (index, scenario) in scenarios.enumerated() {
            var runs: [DrillReport] = []
            for number in 1...max(1, repeats) {
                let name = repeats > 1 ? "\(scenario.name) \(number)/\(repeats)" : scenario.name
                progress("\(name): \(scenario.summary)")
                let report = try await run(scenario, in: "\(stateDirectory)/\(index + 1)-\(number)", name)
                progress("\(name): \(report.line)")
                runs.append(report)
            }
            DrillReport(repeating: runs).map { reports.append($0) }
        }
        return reports
    }

    private func run(_ scenario: RecoveryScenario, in folder: String, _ name: String) async throws -> DrillReport {
        let text = RecoveryStage.topology(in: folder, buckets: scenario.buckets)
        guard let topology = StoreTopology.read(text: text, file: RecoveryStage.topologyName).topology else {
            throw DrillError("drill.failed", "the topology of the drill is not valid in \(folder)")
        }
        for directory in ["\(folder)/site"] + RecoveryStage.buckets(in: folder) {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(RecoveryStage.topologyName)"))
        var options = StackOptions(stateDirectory: RecoveryStage.stateDirectory(in: folder))
        options.topologyFile = "\(folder)/\(RecoveryStage.topologyName)"
        options.proxyExecutable = proxyExecutable
        options.redisPrograms = redisPrograms
        options.sidecars = .none
        // The data is of no further use.
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        progress("\(name): starting the store")
        return try await LocalStack.run(topology, options: options) { stack in
            let stage = try RecoveryStage(stack, folder: folder)
            progress("\(name): filling its database (\(size.rawValue))")
            guard let data = stack.databaseDirectory else { throw DrillError("drill.no_database", "no database") }
            let temporary = URL(filePath: data).deletingLastPathComponent().appending(path: "tmp").path
            let rows = try await ShopSeed(size: size, settings: try stage.settings(), temporary: temporary).run()
            var report = try await RecoveryDrill(
                scenario: scenario, stage: stage, clients: clients, rate: rate, progress: { progress("\(name): \($0)") }
            ).run()
            report.recovery?.data = size.rawValue
            report.recovery?.rows = rows
            return report
        }
    }
}
