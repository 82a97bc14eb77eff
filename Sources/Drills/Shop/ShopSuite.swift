internal import Foundation
internal import LocalStack
internal import Logging
internal import Rendering
internal import Topology

/// Scenarios of the whole shop on one store.
package struct ShopSuite: Sendable {
    package var scenarios: [ShopScenario]
    package var shoppers = 6
    package var pause = Duration.milliseconds(100)
    package var repeats = 1
    /// What `everything` is drawn from; repeats count on from it.
    package var seed: UInt64 = 1
    package var stateDirectory: String
    /// The sidecar's program; `breakwater` is beside it.
    package var proxyExecutable: String?
    package var redisPrograms: String?
    package var progress: @Sendable (String) -> Void = { _ in }

    package init(_ scenarios: [ShopScenario], stateDirectory: String) {
        self.scenarios = scenarios
        self.stateDirectory = stateDirectory
    }

    /// Whether the suite must run in namespaces of its own (``OwnNetwork``): it mounts a disk.
    package var needsNamespaces: Bool { scenarios.contains(where: \.needsDisk) }

    /// - Returns: One report for each scenario, in order; repeats are combined.
    /// - Throws: `StackError` when the store cannot be started; `DrillError`; `CancellationError`.
    package func run() async throws -> [DrillReport] { try await withStage { try await run(on: $0) } }

    /// Starts the store, and stops it again.
    func withStage<Result: Sendable>(_ body: @Sendable (ShopStage) async throws -> Result) async throws -> Result {
        guard let topology = StoreTopology.read(text: ShopStage.topologyText, file: "drill").topology else {
            throw DrillError("drill.failed", "the topology of the drill is not valid")
        }
        var options = StackOptions(stateDirectory: stateDirectory)
        options.proxyExecutable = proxyExecutable
        options.redisPrograms = redisPrograms
        options.web = true
        options.readyWithin = .seconds(60)
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        progress("starting the shop")
        // Before the store is started: it finds the disk in its place.
        let layout = RenderLayout.local(directory: "\(StateDirectory(stateDirectory).path)/hosts")
        let disk = layout.web(on: topology.web?.nodes.first ?? "", topology: topology).docroot + "/wp-content/uploads"
        // A network of one's own begins with its loopback switched off.
        if needsNamespaces { try await SystemProgram.run("ip", ["link", "set", "lo", "up"]) }
        let disks = try await SmallDisks.mount(needsNamespaces ? [disk] : [], mebibytes: 160)
        do {
            let result = try await LocalStack.run(topology, options: options) { stack in
                try await body(try ShopStage(stack))
            }
            await disks.unmount()
            return result
        } catch {
            await disks.unmount()
            throw error
        }
    }

    private func run(on stage: ShopStage) async throws -> [DrillReport] {
        var reports: [DrillReport] = []
        var number = 0
        for scenario in scenarios {
            var runs: [DrillReport] = []
            for turn in 1...max(1, repeats) {
                number += 1
                let name = repeats > 1 ? "\(scenario.name) \(turn)/\(repeats)" : scenario.name
                progress("\(name): \(scenario.summary)")
                let seed = seed &+ UInt64(turn - 1)
                let drill = ShopDrill(
                    name: scenario.name, seed: scenario == .everything ? seed : nil, stage: stage, shoppers: shoppers,
                    pause: pause, number: number, progress: { progress("\(name): \($0)") })
                let report = try await drill.run { try await $0.play(scenario, seed: seed) }.report
                progress("\(name): \(report.line)")
                runs.append(report)
            }
            DrillReport(repeating: runs).map { reports.append($0) }
        }
        return reports
    }
}
