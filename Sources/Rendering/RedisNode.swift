internal import Topology

/// The files of one data node.
struct RedisNode {
    let name: String
    let redis: RedisTopology
    let store: String
    let address: String
    /// The node that is the master when the service is created.
    let firstMaster: (name: String, address: String)
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
        try Renderer.checkSecrets(secrets, for: address)
        // A validated topology has nodes, and this one is among them.
        let first = redis.nodes.first ?? name
        firstMaster = (first, try Renderer.address(of: first, in: topology))
        paths = layout.paths(.redis, on: name)
    }

    var files: [RenderedFile] {
        var files = [
            RenderedFile(
                path: layout.output("redis.conf", of: .redis, on: name), contents: configuration, mode: 0o600,
                kind: .redisConfiguration)
        ]
        if let secrets {
            files.append(
                RenderedFile(
                    path: layout.output("users.acl", of: .redis, on: name),
                    contents: AccessControl.users(secrets), mode: 0o600))
        }
        return files
    }

    private var configuration: String {
        var file = ConfigurationText(
            "Redis on \(name), service \(redis.service) of the store \(store).",
            "Rendered by Breakwater from the topology; change that and render again.",
            "Redis itself rewrites its running copy when its role changes (CONFIG REWRITE).")
        network(&file)
        if let tls = redis.tls { file.encryption(tls, files: layout.tls(tls, on: name)) }
        process(&file)
        memory(&file)
        persistence(&file)
        replication(&file)
        access(&file)
        operations(&file)
        return file.text
    }

    private func network(_ file: inout ConfigurationText) {
        file.section("Network")
        file.set("bind", address, why: "The private address alone: never 0.0.0.0.")
        if IPAddress(address) != nil {
            file.set(
                "bind-source-addr", address,
                why: "Replication leaves from the same address, so that firewalls and masters see the node they know.")
        }
        file.set("protected-mode", "yes")
        file.listen(port: redis.port, tls: redis.tls)
        file.set("tcp-backlog", "1024", why: "PHP connects anew for each request: a burst must not be refused.")
        file.set(
            "timeout", "0", why: "Never close idle clients: the sidecar keeps connections open on purpose.")
        file.set("tcp-keepalive", "60", why: "But notice within minutes when a peer is gone without a word.")
        file.set("maxclients", "10000")
    }

    private func process(_ file: inout ConfigurationText) {
        file.section("Process")
        file.set("daemonize", "no")
        file.set("supervised", "auto", why: "Tells systemd when it is ready; does nothing elsewhere.")
        file.set("pidfile", path: paths.pidFile)
        if paths.logFile.isEmpty { file.note("To standard output, which is the journal.") }
        file.set("logfile", path: paths.logFile)
        file.set("loglevel", "notice")
        file.set("dir", path: paths.directory)
        file.set("databases", "16")
    }

    private func memory(_ file: inout ConfigurationText) {
        file.section("Memory")
        file.set("maxmemory", "\(redis.maxmemory.bytes)")
        switch redis.maxmemoryPolicy {
        case .noeviction:
            file.set(
                "maxmemory-policy", "noeviction",
                why: "Nothing may be forgotten: when memory is full, writes fail and reads go on.")
        case let policy:
            file.set(
                "maxmemory-policy", policy.rawValue, why: "What is used least makes room; a full cache goes on caching."
            )
        }
        file.note("Freeing large values happens in the background: no stall at an eviction, an expiry or a flush.")
        for directive in [
            "lazyfree-lazy-eviction", "lazyfree-lazy-expire", "lazyfree-lazy-server-del", "lazyfree-lazy-user-del",
            "lazyfree-lazy-user-flush", "replica-lazy-flush",
        ] {
            file.set(directive, "yes")
        }
    }

    private func persistence(_ file: inout ConfigurationText) {
        file.section("Persistence")
        switch redis.persistence {
        case .aof:
            file.set("appendonly", "yes", why: "A node that restarts has its data again, but for the last second.")
            file.set("appendfsync", "everysec")
            file.set("save", "", why: "The append-only file is enough; snapshots would only fork once more.")
        case .rdb:
            file.set("appendonly", "no")
            file.set(
                "save", "900 1 300 100 60 10000",
                why: "Seconds and changes: a node that restarts has the data of the last snapshot.")
            file.set("stop-writes-on-bgsave-error", redis.role == .store ? "yes" : "no")
        case .off:
            file.note(
                "Nothing on disk. A node that restarts is empty, so it must not restart by itself: as a master it",
                "would hand its emptiness to the replicas. Sentinel promotes a replica instead.")
            file.set("save", "")
            file.set("appendonly", "no")
        }
    }

    private func operations(_ file: inout ConfigurationText) {
        file.section("Operation")
        file.set("slowlog-log-slower-than", "10000", why: "Commands of 10 ms and more (in microseconds).")
        file.set("slowlog-max-len", "256")
        file.set("latency-monitor-threshold", "100")
    }
}
