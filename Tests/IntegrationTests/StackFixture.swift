import Foundation
import LocalStack
import LoopbackServers
import Testing
import Topology

/// Runs a small real store for one test: three Redis nodes and three Sentinels with fast timers, on a loopback network
/// of its own. Everything is gone afterwards.
func withStack<Result: Sendable>(
    _ flavour: ServerFlavour = .redis,
    _ adjust: @Sendable (inout StoreTopology, inout StackOptions) -> Void = { _, _ in },
    body: @Sendable (LocalStack) async throws -> Result
) async throws -> Result {
    // Unix sockets have short paths.
    let directory = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let text = """
        version: 1
        store: test
        provider: local
        redis: { role: cache, down_after: 1s, failover_timeout: 6s, maxmemory: 32MiB }
        sidecar: { self_fence: 800ms }
        """
    let reading = StoreTopology.read(text: text, file: "test.yaml")
    var topology = try #require(reading.topology, "\(reading.diagnostics)")
    var options = StackOptions(stateDirectory: directory)
    options.redisPrograms = try flavour.programs()
    options.sidecars = .none
    options.stopsWithin = .zero
    adjust(&topology, &options)
    return try await LocalStack.run(topology, options: options, body: body)
}

/// Waits for a condition, and fails when it does not hold in time.
func eventually(
    within limit: Duration = .seconds(20), _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now >= deadline {
            Issue.record("\(what) did not happen within \(limit)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
