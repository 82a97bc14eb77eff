import NIOCore
import RESP
import RecoveryCore

/// Finds out all that a switchover has to know before it begins.
struct SwitchoverSurveyor: Sendable {
    typealias Survey = Switchover<RedisEndpoint>.Survey

    private let settings: SwitchoverSettings
    private let watcher: SentinelWatcher.Configuration
    private let servers: SwitchoverServers
    private let sidecars: SwitchoverSidecars

    init(
        _ settings: SwitchoverSettings, _ watcher: SentinelWatcher.Configuration, _ servers: SwitchoverServers,
        _ sidecars: SwitchoverSidecars
    ) {
        self.settings = settings
        self.watcher = watcher
        self.servers = servers
        self.sidecars = sidecars
    }

    /// - Throws: `NoMaster` when no majority of the Sentinels names one.
    func survey() async throws -> Survey {
        guard let named = await servers.named(by: settings.sentinels, settings.service) else { throw NoMaster() }
        async let sidecars = sidecars.views()
        let surveyor = FailoverSurveyor(
            watcher: watcher, credentials: settings.credentials, sentinels: settings.sentinels,
            known: settings.sentinels.count, peers: nil)
        // The master's offset first: a replica is then never taken to be further behind than it is.
        let replies = try? await servers.pipeline(
            named.endpoint, [["INFO", "replication"], ["CONFIG", "GET", "min-replicas-to-write"]])
        let seen = await surveyor.survey(master: named.endpoint)
        let master = replies.map { SwitchoverServers.fields($0[0].string ?? "") } ?? [:]
        let offset = master["role"] == "master" ? master["master_repl_offset"].flatMap { Int64($0) } : nil
        let least = replies?[1].fields?["min-replicas-to-write"]?.string.flatMap { Int($0) } ?? 0
        return Survey(
            master: named.endpoint, masterOffset: offset, minReplicas: least, knownSentinels: settings.sentinels.count,
            sentinels: seen.sentinels, downAfter: seen.sentinels.compactMap(\.downAfter).min() ?? .zero,
            replicas: seen.replicas.sorted { $0.node < $1.node }, sidecars: await sidecars)
    }
}

struct NoMaster: Error, CustomStringConvertible {
    var description: String { "no majority of the Sentinels names one master" }
}
