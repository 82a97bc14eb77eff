extension RedisTopology {
    /// Reads the section and fills in the defaults; docs/topology.md lists and explains them.
    init(reading section: SectionReader, provider: StoreTopology.Provider) {
        service = section.text("service", .serviceName) ?? "mymaster"
        // `store` is the safe reading of silence: nothing is forgotten that nobody declared forgettable.
        let role = section.value("role", as: Role.self) ?? .store
        self.role = role

        let isLocal = provider == .local
        if !isLocal {
            section.require("nodes", hint: "three hosts, such as `nodes: [redis-1, redis-2, redis-3]`")
            section.require("sentinels", hint: "three hosts, such as `sentinels: [sentinel-1, sentinel-2, sentinel-3]`")
        }
        nodes = section.list("nodes", .label(63)) ?? (isLocal ? ["redis-1", "redis-2", "redis-3"] : [])
        let sentinels =
            section.list("sentinels", .label(63)) ?? (isLocal ? ["sentinel-1", "sentinel-2", "sentinel-3"] : [])
        self.sentinels = sentinels
        port = section.value("port", in: 1...65_535) ?? 6_379
        sentinelPort = section.value("sentinel_port", in: 1...65_535) ?? 26_379
        quorum = section.value("quorum", in: 1...1_000) ?? sentinels.count / 2 + 1

        let downAfter: Duration = section.value("down_after", in: .milliseconds(1)...(.seconds(3_600))) ?? .seconds(5)
        self.downAfter = downAfter
        failoverTimeout = section.value("failover_timeout", in: .milliseconds(1)...(.seconds(86_400))) ?? .seconds(10)
        failover = section.value("failover") ?? .assisted
        hangAfter =
            section.value("hang_after", in: .milliseconds(50)...(.seconds(60)))
            ?? min(.milliseconds(600), downAfter * 3 / 5)
        earlyRelease = section.value("early_release") ?? true
        parallelSyncs = section.value("parallel_syncs", in: 1...16) ?? 1
        minReplicasToWrite = section.value("min_replicas_to_write", in: 0...16) ?? 1
        minReplicasMaxLag = section.value("min_replicas_max_lag", in: .seconds(1)...(.seconds(3_600))) ?? .seconds(10)

        maxmemory = section.value("maxmemory") ?? .mebibytes(512)
        maxmemoryPolicy = section.value("maxmemory_policy") ?? (role == .cache ? .allkeysLRU : .noeviction)
        let persistence = section.value("persistence", as: Persistence.self) ?? (role == .cache ? .off : .aof)
        self.persistence = persistence
        automaticRestart = section.value("automatic_restart") ?? (persistence != .off)

        password = section.value("password")
        users = section.section("users").map(Users.init(reading:)) ?? Users()
        tls = TLSTopology.read(section, provider: provider, clients: .required)
        resolveHostnames = section.value("resolve_hostnames") ?? false

        durable = section.list("durable", .keyPrefix) ?? []
        durableReplicas = section.value("durable_replicas", in: 1...16) ?? 1
        durableTimeout =
            section.value("durable_timeout", in: .milliseconds(1)...(.seconds(60))) ?? .milliseconds(500)
        idempotent = section.list("idempotent", .keyPrefix) ?? []
        replicaReads = section.section("replica_reads").map(ReplicaReads.init(reading:)) ?? ReplicaReads()
        section.finish()
    }
}

extension RedisTopology.ReplicaReads {
    fileprivate init(reading section: SectionReader) {
        self.init(
            prefixes: section.list("prefixes", .keyPrefix) ?? [],
            commands: section.list("commands", .readCommand) ?? [],
            maxLag: section.value("max_lag", in: .milliseconds(100)...(.seconds(60))) ?? .seconds(1))
        section.finish()
    }
}

extension RedisTopology.Users {
    fileprivate init(reading section: SectionReader) {
        self.init(
            app: section.value("app"), sentinel: section.value("sentinel"), replica: section.value("replica"),
            breakwater: section.value("breakwater"), operator: section.value("operator"))
        section.finish()
    }
}
