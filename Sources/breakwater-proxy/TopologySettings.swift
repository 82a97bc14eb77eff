import RedisClient
import RedisProxy
import Topology

/// What a topology says about the sidecar of one of its nodes.
struct TopologySettings {
    var configuration = ProxyConfiguration(listeners: [], sentinels: [], service: "")
    var passwords = PasswordSources()
    var tls = TLSSources()
    /// Where the topology wants the control API, once there is a secret.
    var control: RedisEndpoint?

    /// Nothing: everything comes from flags.
    init() {}

    /// `withSentinels` is false when flags name the Sentinels: then the topology need not know their addresses.
    init(_ topology: StoreTopology, node: String?, withSentinels: Bool) throws(ConfigurationProblem) {
        guard let redis = topology.redis, let sidecar = topology.sidecar else {
            throw .unusable(
                "topology_without_redis", "The topology has no `redis` section.",
                hint: "add one, or give --sentinel and --service")
        }
        let own = try Self.loopback(of: node, in: topology, sidecar)
        if withSentinels {
            for name in redis.sentinels {
                guard let address = topology.address(of: name) else {
                    throw .unusable(
                        "sentinel_without_address", "The topology gives \(name) no address.",
                        hint: "`breakwater up` gives a local store its addresses and starts its sidecars itself")
                }
                configuration.sentinels.append(RedisEndpoint(host: address, port: redis.sentinelPort))
            }
        }
        configuration.service = redis.service
        configuration.listeners = sidecar.listen.map { ProxyListener(Self.address($0, own)) }
        if case .tcp(let endpoint) = Self.address(sidecar.admin, own) { configuration.admin = endpoint }
        configuration.hold = sidecar.hold
        configuration.onTimeout = sidecar.onTimeout == .degrade ? .degrade : .close
        configuration.role = redis.role == .cache ? .cache : .store
        configuration.guardWindow = Self.guardWindow(redis, sidecar)
        configuration.failover =
            switch redis.failover {
            case .off: .off
            case .sentinel: .sentinel
            case .assisted: .assisted
            }
        configuration.hangAfter = redis.hangAfter
        configuration.earlyRelease = redis.earlyRelease
        configuration.idempotentPrefixes = redis.idempotent
        configuration.durablePrefixes = redis.durable
        configuration.durableReplicas = redis.durableReplicas
        configuration.durableTimeout = redis.durableTimeout
        configuration.replicaReads.prefixes = redis.replicaReads.prefixes
        configuration.replicaReads.commands = redis.replicaReads.commands
        configuration.replicaReads.maxLag = redis.replicaReads.maxLag
        configuration.limits.heldBytes = sidecar.holdLimit.bytes
        configuration.limits.clients = sidecar.maxClients
        configuration.selfFence = sidecar.selfFence
        if let node {
            control = Self.control(of: node, in: topology, sidecar)
            configuration.peers = sidecar.nodes.filter { $0 != node }.compactMap {
                Self.control(of: $0, in: topology, sidecar)
            }
        }
        passwords.controlSecret = sidecar.controlSecret ?? redis.users.breakwater ?? redis.password
        // The servers' default user is the application.
        passwords.server = redis.users.app ?? redis.password
        passwords.control = redis.users.breakwater ?? redis.password
        passwords.client = sidecar.password
        tls = TLSSources(redis, sidecar)
    }

    /// How long before its loss a master may have taken writes that no replica has, with room for the failover itself
    /// and for commands that were held.
    private static func guardWindow(_ redis: RedisTopology, _ sidecar: SidecarTopology) -> Duration {
        let derived = redis.minReplicasMaxLag + redis.downAfter + redis.failoverTimeout + sidecar.hold
        return min(max(.seconds(30), derived), .seconds(3600))
    }

    /// What `:PORT` means on the node: loopback, or on a local store the loopback address the node was given.
    private static func loopback(
        of node: String?, in topology: StoreTopology, _ sidecar: SidecarTopology
    ) throws(ConfigurationProblem) -> String {
        guard let node else { return "127.0.0.1" }
        guard let host = topology.host(node) else {
            throw .unusable(
                "unknown_node", "The topology has no host \(node).",
                hint: "its hosts are \(topology.hosts.map(\.name).joined(separator: ", "))")
        }
        guard sidecar.nodes.contains(node) else {
            throw .unusable(
                "no_sidecar_here", "The topology has no sidecar on \(node).",
                hint: "its sidecars are on \(sidecar.nodes.joined(separator: ", "))")
        }
        return topology.provider == .local ? host.address ?? "127.0.0.1" : "127.0.0.1"
    }

    /// `:PORT` is on the node's own address here: the others must reach it.
    private static func control(
        of node: String, in topology: StoreTopology, _ sidecar: SidecarTopology
    ) -> RedisEndpoint? {
        topology.address(of: node).map { RedisEndpoint(host: $0, port: sidecar.controlPort) }
    }

    private static func address(_ listen: ListenAddress, _ loopback: String) -> RedisAddress {
        switch listen {
        case .unix(let path): .unix(path: path)
        case .tcp(let host, let port): .tcp(RedisEndpoint(host: host, port: port))
        case .loopback(let port): .tcp(RedisEndpoint(host: loopback, port: port))
        }
    }
}
