internal import LocalStack
internal import Logging
internal import RedisClient
package import Topology

/// A store under churn for a long time, with a fault now and then: does anything grow?
package struct Soak: Sendable {
    package static let name = "soak"
    package static let summary =
        "connection churn for --duration with periodic faults: memory, descriptors, latency flat"

    package var duration: Duration
    /// The stack's files and logs.
    package var stateDirectory: String
    package var topology = DrillTopology.separated(Requirements())
    package var redisPrograms: String?
    package var proxyExecutable: String?
    /// Visitors that only come and go, beside the clients that are judged.
    package var visitors = 8
    package var progress: @Sendable (String) -> Void = { _ in }

    package init(duration: Duration, stateDirectory: String) {
        self.duration = duration
        self.stateDirectory = stateDirectory
    }

    /// Starts a stack, soaks it, and stops it.
    /// - Throws: `StackError` when the stack cannot be started; `CancellationError`.
    package func run() async throws -> SoakReport {
        var options = StackOptions(stateDirectory: stateDirectory)
        options.proxyExecutable = proxyExecutable
        options.redisPrograms = redisPrograms
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        progress("starting Redis, Sentinels and sidecars")
        return try await LocalStack.run(DrillTopology.prepared(topology), options: options) { stack in
            try await soak(stack)
        }
    }

    private func soak(_ stack: LocalStack) async throws -> SoakReport {
        let latencies = ChurnClient.Latencies()
        let timeout = (stack.topology.sidecar?.hold ?? .zero) + .seconds(1)
        let routes = stack.sidecarRoutes
        guard !routes.isEmpty else { throw DrillError("drill.no_sidecar", "the topology has no sidecar") }
        let begun = MonotonicClock.now()
        return try await withThrowingTaskGroup(of: Part.self) { tasks in
            for number in 0..<visitors {
                guard case .address(let address) = routes[number % routes.count] else { continue }
                let client = ChurnClient(
                    number: number, address: address, credentials: stack.clientCredentials, timeout: timeout,
                    latencies: latencies)
                tasks.addTask {
                    await client.run()
                    return .visitor
                }
            }
            tasks.addTask { .samples(await sample(stack, latencies, since: begun)) }
            let report = try await drill(stack, timeout).run(id: Self.name)
            let spent = MonotonicClock.now() - begun
            tasks.cancelAll()
            var samples: [SoakSample] = []
            for try await part in tasks { if case .samples(let found) = part { samples = found } }
            return SoakReport(
                drill: report, samples: samples, durationMs: Duration.nanoseconds(spent).inMilliseconds)
        }
    }

    private enum Part: Sendable {
        case visitor
        case samples([SoakSample])
    }

    private func drill(_ stack: LocalStack, _ timeout: Duration) -> Drill {
        let groups = [(ClientKind.phpredis, 3), (.shopper, 3)].map { kind, count in
            // A slow pace: every page leaves a key behind, and an hour of them has to fit the memory.
            ClientGroup(
                label: "\(kind.rawValue), sidecar", kind: kind, count: count, routes: stack.sidecarRoutes,
                credentials: stack.clientCredentials, timeout: timeout, pause: .milliseconds(250))
        }
        return Drill(
            scenario: .soak(duration), stage: LocalStackStage(stack), groups: groups, scratch: stateDirectory,
            progress: { progress("\(Self.name): \($0)") })
    }

    /// At least every half minute, and often enough for quarters.
    private var interval: Duration {
        min(max(duration / 120, .milliseconds(500)), .seconds(30))
    }

    private func sample(
        _ stack: LocalStack, _ latencies: ChurnClient.Latencies, since begun: Int64
    ) async -> [SoakSample] {
        var samples: [SoakSample] = []
        while true {
            try? await Task.sleep(for: interval)
            if Task.isCancelled { return samples }
            let visits = latencies.take()
            let sidecars = stack.members(.sidecar).compactMap { member in
                member.pid.flatMap { ProcessFigures.of($0) }.map { (member.name, $0) }
            }
            samples.append(
                SoakSample(
                    atMs: Duration.nanoseconds(MonotonicClock.now() - begun).inMilliseconds,
                    sidecars: Dictionary(uniqueKeysWithValues: sidecars), connections: visits.count,
                    p50Ms: visits.percentile(50).map(Self.milliseconds),
                    p99Ms: visits.percentile(99).map(Self.milliseconds)))
        }
    }

    private static func milliseconds(_ nanoseconds: Int64) -> Double {
        (Double(nanoseconds) / 10_000).rounded() / 100
    }
}

extension Scenario {
    /// Crash, peace, failover without a fault, peace, a Sentinel lost, peace: again and again until the time is over.
    static func soak(_ duration: Duration) -> Scenario {
        let peace = min(duration / 8, .seconds(45))
        let faults = [
            Fault(.kill, .master), Fault(.failover, .sentinel(0)), Fault(.kill, .sentinel(1)), Fault(.kill, .replica),
        ]
        let round = faults.flatMap { fault -> [Step] in
            [.observe(peace), .inject(fault), .observe(.seconds(2)), .awaitRecovery, .repair, .awaitHealed]
        }
        var expectations = Expectations(stall: duration, failover: nil)
        expectations.errors = .any
        expectations.isRandom = true
        let rounds = max(1, Int(duration / (peace * faults.count)) + 1)
        var scenario = Scenario(
            Soak.name, summary: Soak.summary, steps: Array(repeating: round, count: rounds).flatMap(\.self),
            requirements: Requirements(persistence: true), expectations: expectations)
        scenario.budget = duration
        return scenario
    }
}
