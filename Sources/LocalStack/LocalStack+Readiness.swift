internal import Processes
internal import Topology

/// Readiness, by conditions and never by time.
extension LocalStack {
    /// Returns when all that should run is running and ready.
    ///
    /// - Throws: `StackError` with what was missing when the time of the options has run out.
    package func ready() async throws {
        try await wait("Redis", for: .redis) { await self.redisTrouble() }
        try await wait("Sentinel", for: .sentinel) { await self.sentinelTrouble() }
        try await wait("the sidecars", for: .sidecar) { await self.sidecarTrouble() }
        try await databaseReady()
        try await wait("the database's replicas", for: .database) { await self.replicaTrouble() }
        try await webReady()
    }

    /// Returns when the database servers answer.
    package func databaseReady() async throws {
        try await wait("the database", for: .database) { await self.databaseTrouble() }
    }

    /// Returns when every Sentinel sees the others and a quorum.
    func sentinelsReady() async throws {
        try await wait("Sentinel", for: .sentinel) { await self.sentinelTrouble() }
    }

    func startAll() async throws {
        try await prepareDatabase()
        for member in plan.members(.database) + plan.members(.redis) { try start(member.name) }
        // A Sentinel learns of the replicas with its first INFO, and then only every ten seconds.
        try await wait("Redis", for: .redis) { await self.redisTrouble() }
        for member in plan.members(.sentinel) { try start(member.name) }
        try await sentinelsReady()
        for member in plan.members(.sidecar) { try start(member.name) }
        try await wait("the sidecars", for: .sidecar) { await self.sidecarTrouble() }
        try await databaseReady()
        try await startReplication()
        try await wait("the database's replicas", for: .database) { await self.replicaTrouble() }
        try await startWeb()
    }

    /// Asks until there is no trouble; fails at once when a process of the stack has ended.
    func wait(
        _ what: String, for kind: StackManifest.Kind, _ trouble: @Sendable () async -> String?
    ) async throws {
        let deadline = ContinuousClock.now + options.readyWithin
        while let trouble = await trouble() {
            try Task.checkCancellation()
            let running = supervisor.running
            if let ended = plan.members(kind).first(where: { running[$0.name] == nil }) {
                throw StackError(
                    "ended", "\(ended.name) has ended instead of becoming ready", hint: "its log is \(ended.log)",
                    cause: Self.tail(of: ended.log))
            }
            if ContinuousClock.now >= deadline {
                throw StackError(
                    "not_ready", "\(what) did not become ready within \(options.readyWithin): \(trouble)",
                    hint: "the logs are in \(state.path)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The last lines of a log, for an error.
    static func tail(of log: String) -> String? {
        guard let text = StateDirectory.read(log) else { return nil }
        let lines = text.split(separator: "\n").suffix(5)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    private func redisTrouble() async -> String? {
        let readings = await readings()
        let count = plan.redis.nodes.count
        for node in plan.members(.redis) {
            guard let reading = readings[node.name] else { return "\(node.name) does not answer" }
            if reading.role == .replica, !reading.isLinked { return "\(node.name) is not linked to its master" }
        }
        let masters = readings.filter { $0.value.role == .master }
        guard masters.count == 1, let master = masters.first else { return "\(masters.count) nodes are masters" }
        guard master.value.replicas == count - 1 else {
            return "\(master.key) has \(master.value.replicas) of \(count - 1) replicas"
        }
        return nil
    }

    private func sentinelTrouble() async -> String? {
        let readings = await sentinelReadings()
        for sentinel in plan.members(.sentinel) {
            guard let reading = readings[sentinel.name] else { return "\(sentinel.name) does not answer" }
            guard reading.otherSentinels == plan.redis.sentinels.count - 1 else {
                return "\(sentinel.name) knows \(reading.otherSentinels) others"
            }
            guard reading.replicas >= plan.redis.nodes.count - 1 else {
                return "\(sentinel.name) knows \(reading.replicas) replicas"
            }
            guard reading.hasQuorum else { return "\(sentinel.name) sees no quorum" }
        }
        return nil
    }

    private func sidecarTrouble() async -> String? {
        for sidecar in plan.members(.sidecar) {
            guard let admin = sidecar.admin else { continue }
            let status = await HTTPProbe.status(admin, path: "/readyz")
            if status != 200 { return "\(sidecar.name) is not ready (\(status.map { "\($0)" } ?? "no answer"))" }
        }
        return nil
    }
}
