internal import LocalStack
internal import Logging
internal import RedisClient
internal import Topology

/// The standard drills with the sidecar, and the same faults without it, side by side.
///
/// Without it means what the tutorials leave a store with: phpredis pinned to the first master, Predis with its own
/// Sentinel support, down-after 15 s. Each fault without the sidecar gets a stack of its own, for nothing there
/// heals by itself in the time of a demo.
package struct Demo: Sendable {
    package var clientsPerKind = 4
    package var scenarios: [Scenario] = Scenario.standard
    /// A directory for the stacks' files.
    package var scratch: String
    package var proxyExecutable: String?
    package var progress: @Sendable (String) -> Void = { _ in }

    package init(scratch: String) {
        self.scratch = scratch
    }

    /// How long the comparison waits for its clients: Predis needs 18 s after a crash, and after a hang the minute
    /// that PHP waits on a silent socket; phpredis never comes back.
    private static func patience(_ scenario: Scenario) -> Duration {
        scenario.name == Scenario.redisHang.name ? .seconds(75) : .seconds(30)
    }

    /// - Throws: `StackError` when a stack cannot be started, `DrillError`, `CancellationError`.
    package func run() async throws -> DemoReport {
        // The hang takes longest by far without a sidecar, so it runs beside all the others.
        let slow = scenarios.filter { $0.name == Scenario.redisHang.name }
        let quick = scenarios.filter { $0.name != Scenario.redisHang.name }
        async let slowBaselines = baselines(slow)
        async let quickBaselines = baselines(quick)
        let drills = try await withSidecar()
        let without = try await quickBaselines + slowBaselines
        return DemoReport(
            rows: drills.map { drill in
                DemoReport.Row(
                    scenario: drill.scenario, sidecar: drill, baseline: without.first { $0.scenario == drill.scenario })
            })
    }

    private func withSidecar() async throws -> [DrillReport] {
        var suite = DrillSuite(scenarios, stateDirectory: "\(scratch)/sidecar")
        suite.mix = [.init(.phpredis, clientsPerKind), .init(.predis, clientsPerKind)]
        suite.proxyExecutable = proxyExecutable
        suite.progress = { progress("with the sidecar     \($0)") }
        return try await suite.run()
    }

    private func baselines(_ scenarios: [Scenario]) async throws -> [DrillReport] {
        var reports: [DrillReport] = []
        for scenario in scenarios {
            reports.append(try await baseline(scenario))
        }
        return reports
    }

    private func baseline(_ scenario: Scenario) async throws -> DrillReport {
        var options = StackOptions(stateDirectory: "\(scratch)/\(scenario.name)")
        options.sidecars = .none
        // Redis' default, which the tutorials leave alone; the rendered files say no.
        options.redisArguments = ["--replica-serve-stale-data", "yes"]
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        progress("without Breakwater   \(scenario.name): \(scenario.summary)")
        return try await LocalStack.run(DrillTopology.tutorial, options: options) { stack in
            let stage = LocalStackStage(stack)
            let drill = Drill(
                scenario: scenario.upToRecovery, stage: stage, groups: try groups(on: stack, stage),
                scratch: stack.state.path, recoveryLimit: Self.patience(scenario),
                progress: { progress("without Breakwater   \(scenario.name): \($0)") })
            let report = try await drill.run(id: scenario.name)
            progress(
                "without Breakwater   \(scenario.name): \(report.clients.errors) errors, "
                    + "longest stall \(report.clients.longestStallMs) ms, \(report.writes.lost) lost")
            return report
        }
    }

    private func groups(on stack: LocalStack, _ stage: LocalStackStage) throws -> [ClientGroup] {
        guard let first = stage.redis.first else {
            throw DrillError("drill.no_redis", "the comparison has no Redis node")
        }
        return [
            ClientGroup(
                label: "phpredis, pinned to the master", kind: .phpredis, count: clientsPerKind,
                routes: [.address(.tcp(first.endpoint))], credentials: stack.appCredentials),
            ClientGroup(
                label: "Predis with Sentinel", kind: .predis, count: clientsPerKind,
                routes: [.sentinels(stage.sentinels.map(\.endpoint), service: stack.service)],
                credentials: stack.appCredentials),
        ]
    }
}

extension Scenario {
    /// The same fault, watched until the clients have recovered or patience ends, and not repaired after that.
    var upToRecovery: Scenario {
        var scenario = self
        if let end = steps.firstIndex(of: .awaitRecovery) {
            scenario.steps = Array(steps[...end])
        }
        return scenario
    }
}
