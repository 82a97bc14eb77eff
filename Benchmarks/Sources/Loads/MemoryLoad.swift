import LoopbackServers

/// Memory with a thousand idle clients, and again after connections have come and gone.
struct MemoryLoad: Load {
    /// Connections opened and closed between the two figures.
    let churn: Int
    var name: String { "memory" }
    var title: String { "memory, 1,000 idle clients" }
    var metrics: [Metric] {
        [
            Metric(name: "idle", unit: "MiB", better: .lower, limit: 30),
            Metric(name: "after_churn", unit: "MiB", better: .lower, limit: 30),
        ]
    }

    func prepare(_ redis: BlockingConnection) throws {
        _ = try redis.call("FLUSHALL")
    }

    func run(_ endpoint: Endpoint, in arena: Arena) throws -> [Double] {
        let idle = try withIdleClients(endpoint) { try arena.residentBytes(of: endpoint.contestant) }
        _ = try output(
            of: ["redis-benchmark"] + endpoint.arguments(for: .unix) + [
                "-c", "50", "-n", String(churn), "-t", "get", "-k", "0", "--csv",
            ])
        let after = try withIdleClients(endpoint) { try arena.residentBytes(of: endpoint.contestant) }
        return [idle / 1_048_576, after / 1_048_576]
    }

    private func withIdleClients<Result>(_ endpoint: Endpoint, _ body: () throws -> Result) throws -> Result {
        let clients = try (0..<1000).map { index in try endpoint.connect(over: index.isMultiple(of: 2) ? .tcp : .unix) }
        for client in clients { _ = try client.call("PING") }
        return try withExtendedLifetime(clients, body)
    }
}
