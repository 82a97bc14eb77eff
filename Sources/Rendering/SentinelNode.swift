internal import Topology

/// The file of one Sentinel.
struct SentinelNode {
    let name: String
    let redis: RedisTopology
    let store: String
    let address: String
    let master: String
    let paths: RenderLayout.ServerPaths
    let layout: RenderLayout
    let secrets: RedisSecrets?

    init(
        _ name: String, _ redis: RedisTopology, _ topology: StoreTopology, _ layout: RenderLayout,
        _ secrets: RedisSecrets?
    ) throws(RenderError) {
        self.name = name
        self.redis = redis
        self.layout = layout
        self.secrets = secrets
        store = topology.store
        address = try Renderer.address(of: name, in: topology)
        master = try Renderer.address(of: redis.nodes.first ?? name, in: topology)
        try Renderer.checkSecrets(secrets, for: master)
        paths = layout.paths(.sentinel, on: name)
    }

    var file: RenderedFile {
        RenderedFile(
            path: layout.output("sentinel.conf", of: .sentinel, on: name), contents: configuration, mode: 0o600,
            kind: .sentinelConfiguration)
    }

    private var configuration: String {
        let service = redis.service
        var file = ConfigurationText(
            "Sentinel on \(name), watching \(service) of the store \(store).",
            "Rendered by Breakwater from the topology; change that and render again.",
            "Sentinel rewrites its running copy with what it learns: its id, epochs, replicas, other Sentinels and the",
            "present master. A new rendering is merged with that, never written over it.")
        file.section("Network")
        file.set("bind", address, why: "The private address alone.")
        if IPAddress(address) != nil { file.set("bind-source-addr", address) }
        file.listen(port: redis.sentinelPort, tls: redis.tls)
        file.set(
            "protected-mode", "no",
            why: "Sentinels and sidecars connect without a password; the private address and the firewall protect it.")
        file.set("tcp-backlog", "1024")
        if let tls = redis.tls { file.encryption(tls, files: layout.tls(tls, on: name)) }
        file.section("Process")
        file.set("daemonize", "no")
        file.set("supervised", "auto")
        file.set("pidfile", path: paths.pidFile)
        file.set("logfile", path: paths.logFile)
        file.set("dir", path: paths.directory)

        file.section("What it says of itself")
        if redis.resolveHostnames {
            file.note("Host names as the topology asks for; trouble with DNS is then trouble with failover (TILT).")
            file.set("sentinel resolve-hostnames", "yes")
            file.set("sentinel announce-hostnames", "yes")
        }
        file.set("sentinel announce-ip", address)
        file.set("sentinel announce-port", "\(redis.sentinelPort)")

        file.section("What it watches")
        file.set(
            "sentinel monitor", "\(service) \(master) \(redis.port) \(redis.quorum)",
            why:
                "The quorum, \(redis.quorum), says how many must find the master down; the election of the one that acts",
            "takes \(redis.votesToElect) of the \(redis.sentinels.count) Sentinels.")
        if let secrets {
            file.set("sentinel auth-user", "\(service) sentinel")
            file.set("sentinel auth-pass", "\(service) \(secrets.sentinel.reveal())")
        }
        file.set("sentinel down-after-milliseconds", "\(service) \(redis.downAfter.wholeMilliseconds)")
        file.set("sentinel failover-timeout", "\(service) \(redis.failoverTimeout.wholeMilliseconds)")
        file.set(
            "sentinel parallel-syncs", "\(service) \(redis.parallelSyncs)",
            why: "So many replicas follow a new master at a time; the others still serve meanwhile.")
        file.set(
            "sentinel master-reboot-down-after-period", "\(service) \(redis.downAfter.wholeMilliseconds)",
            why: "A master that restarts and is still loading after this time is failed over: LOADING is not healthy.")
        file.set(
            "sentinel deny-scripts-reconfig", "yes",
            why: "Whoever reaches this port must not be able to name a program to run.")
        return file.text
    }
}
