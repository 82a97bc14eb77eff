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
            named.endpoint,
            [["INFO", "replication"], ["CONFIG", "GET", "min-replicas-to-write"], ["INFO", "server"]])
        let seen = await surveyor.survey(master: named.endpoint)
        let master = replies.map { SwitchoverServers.fields($0[0].string ?? "") } ?? [:]
        let offset = master["role"] == "master" ? master["master_repl_offset"].flatMap { Int64($0) } : nil
        let least = replies?[1].fields?["min-replicas-to-write"]?.string.flatMap { Int($0) } ?? 0
        return Survey(
            master: named.endpoint, masterOffset: offset, minReplicas: least, knownSentinels: settings.sentinels.count,
            sentinels: seen.sentinels, downAfter: seen.sentinels.compactMap(\.downAfter).min() ?? .zero,
            replicas: seen.replicas.sorted { $0.node < $1.node }, sidecars: await sidecars,
            isCoordinated: await isCoordinated(named.endpoint, seen))
    }

    /// `SENTINEL FAILOVER NAME COORDINATED` came with Valkey 9, and needs it on the Sentinel and on every node.
    /// <https://valkey.io/topics/sentinel/>
    private func isCoordinated(_ master: RedisEndpoint, _ seen: FailoverSurvey<RedisEndpoint>) async -> Bool {
        guard let chosen = seen.chosen else { return false }
        for node in [master] + seen.replicas.map(\.node) {
            guard Self.isValkey9(try? await servers.send(node, ["INFO", "server"])) else { return false }
        }
        return Self.isValkey9(try? await servers.ask(chosen.endpoint, [["INFO", "server"]]).first)
    }

    private static func isValkey9(_ reply: RESPValue?) -> Bool {
        guard let version = reply?.string.flatMap({ SwitchoverServers.fields($0)["valkey_version"] }),
            let major = version.split(separator: ".").first.flatMap({ Int($0) })
        else { return false }
        return major >= 9
    }
}

struct NoMaster: Error, CustomStringConvertible {
    var description: String { "no majority of the Sentinels names one master" }
}
