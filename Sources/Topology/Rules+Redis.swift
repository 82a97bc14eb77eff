extension Rules {
    /// Who can vote, and what is left after the loss of any one machine.
    func checkPlacement(_ redis: RedisTopology) {
        let count = redis.sentinels.count
        let majority = count / 2 + 1
        if count < 3 {
            context.report(
                .redisTooFewSentinels, at: "redis.sentinels",
                "\(count == 1 ? "one Sentinel" : "\(count) Sentinels"): no majority is left when one of them is lost",
                hint: "run three, on three machines; a Sentinel needs little memory and can share a web server's")
        } else {
            if count.isMultiple(of: 2) {
                context.report(
                    .redisEvenSentinels, as: .warning, at: "redis.sentinels",
                    "\(count) Sentinels survive no more losses than \(count - 1) do, and can split into two halves",
                    hint: "use \(count - 1) or \(count + 1)")
            }
            checkLosses(redis, majority: majority)
        }
        if redis.quorum > count, count > 0 {
            context.report(
                .redisQuorumAboveSentinels, at: "redis.quorum", with: ["redis.sentinels"],
                "the quorum is \(redis.quorum), but there are only \(count) Sentinels: no failover would ever start",
                hint: "a majority is \(majority); leave `quorum` out to get it")
        } else if redis.quorum < majority, count > 0 {
            context.report(
                .redisQuorumNotMajority, at: "redis.quorum", with: ["redis.sentinels"],
                "the quorum is \(redis.quorum), but a majority of \(count) Sentinels is \(majority)",
                hint: "with less a minority that is cut off declares a healthy master dead; leave `quorum` out")
        } else if redis.quorum > majority, redis.quorum < count {
            context.report(
                .redisQuorumAboveMajority, as: .warning, at: "redis.quorum", with: ["redis.sentinels"],
                "the quorum is \(redis.quorum), more than the majority of \(majority): fewer Sentinels may be lost",
                hint: "leave `quorum` out unless you mean that")
        }
        checkConflicts(redis)
    }

    /// For every machine: would the Sentinels elsewhere still elect a leader?
    private func checkLosses(_ redis: RedisTopology, majority: Int) {
        let count = redis.sentinels.count
        guard redis.quorum < count else {
            if redis.quorum == count {
                context.report(
                    .redisPlacementNoMajority, at: "redis.quorum", with: ["redis.sentinels"],
                    "losing any one Sentinel leaves \(count - 1), but a failover needs the votes of all \(count)",
                    hint: "a majority is \(majority); leave `quorum` out to get it")
            }
            return
        }
        let votes = redis.votesToElect
        var reported: Set<String> = []
        for (index, name) in redis.sentinels.enumerated() {
            let lost = machine(name)
            let together = redis.sentinels.filter { machine($0) == lost }
            let left = count - together.count
            guard left < votes, reported.insert(lost).inserted else { continue }
            let nodes = redis.nodes.filter { machine($0) == lost }
            let also = nodes.isEmpty ? "" : ", and \(nodes.joined(separator: ", ")) would be lost with it"
            context.report(
                .redisPlacementNoMajority, at: "redis.sentinels[\(index)]", with: ["hosts", "redis.quorum"],
                "losing \(describe(lost, together)) leaves \(left) of \(count) Sentinels, "
                    + "but a failover needs \(votes)\(also)",
                hint: "spread the Sentinels over different machines, so that any one of them may be lost")
        }
    }

    private func describe(_ machine: String, _ names: [String]) -> String {
        names.count == 1 ? names[0] : "\(machine) (\(names.joined(separator: ", ")))"
    }

    /// Two servers cannot listen on one address and port.
    private func checkConflicts(_ redis: RedisTopology) {
        var taken: [String: String] = [:]
        let servers =
            redis.nodes.enumerated().map { ("redis.nodes[\($0)]", $1, redis.port) }
            + redis.sentinels.enumerated().map { ("redis.sentinels[\($0)]", $1, redis.sentinelPort) }
        for (path, name, port) in servers {
            guard let address = topology.address(of: name) else { continue }
            if let other = taken.updateValue(path, forKey: "\(address) port \(port)") {
                context.report(
                    .redisAddressConflict, at: path, with: ["hosts", "redis.port", "redis.sentinel_port"],
                    "\(quoted(path)) and \(quoted(other)) both need \(address) port \(port)",
                    hint: "give the hosts different addresses, or change `port` or `sentinel_port`")
            }
        }
        if redis.port == redis.sentinelPort {
            let both = Set(redis.nodes).intersection(redis.sentinels)
            if !both.isEmpty, topology.provider == .local {
                context.report(
                    .redisAddressConflict, at: "redis.sentinel_port", with: ["redis.port"],
                    "\(both.sorted().joined(separator: ", ")) runs Redis and Sentinel on the same port")
            }
        }
    }

    /// Whether there is something to promote, and whether it would take writes.
    func checkReplicas(_ redis: RedisTopology) {
        let count = redis.nodes.count
        if count < 2 {
            context.report(
                .redisTooFewNodes, at: "redis.nodes",
                count == 1 ? "one node: there is no replica to promote" : "there are no Redis nodes",
                hint: "run three: after the loss of one, the new master still has a replica")
            return
        }
        if Set(redis.nodes.map(machine)).count == 1 {
            context.report(
                .redisPlacementNoReplica, at: "redis.nodes", with: ["hosts"],
                "all nodes are on one machine: its loss leaves no replica to promote",
                hint: "spread the nodes over different machines")
        }
        let replicas = count - 1
        let limit = "redis.min_replicas_to_write"
        let limitOrNodes = context.isGiven(limit) ? limit : "redis.nodes"
        if redis.minReplicasToWrite > replicas {
            context.report(
                .redisMinReplicasImpossible, at: limit, with: ["redis.nodes"],
                "writes need \(redis.minReplicasToWrite) replicas, but there are only \(replicas)",
                hint: "no write would ever be accepted; use \(max(1, replicas - 1)) or less")
        } else if redis.minReplicasToWrite == replicas {
            context.report(
                .redisTwoNodesMinReplicas, as: .warning, at: limitOrNodes, with: ["redis.nodes", limit],
                "after a failover of \(count) nodes \(replicas - 1 == 0 ? "no replica is" : "\(replicas - 1) are") left, "
                    + "so `min_replicas_to_write: \(redis.minReplicasToWrite)` stops all writes until the lost node is back",
                hint: count == 2
                    ? "add a third node; or set it to 0 and accept that an isolated master takes writes which are lost"
                    : "set it to \(replicas - 1), or add a node")
        } else if redis.minReplicasToWrite == 0, redis.role == .store {
            context.report(
                .redisMinReplicasOff, as: .warning, at: limit,
                "with `min_replicas_to_write: 0` a master that is cut off goes on accepting writes, and they are lost",
                hint: "set it to 1")
        }
        if redis.durableReplicas > replicas, !redis.durable.isEmpty {
            context.report(
                .redisDurableReplicas, at: "redis.durable_replicas", with: ["redis.nodes"],
                "durable writes wait for \(redis.durableReplicas) replicas, but there are only \(replicas)",
                hint: "use \(replicas) or less")
        }
    }

    func checkMemory(_ redis: RedisTopology) {
        if redis.persistence == .off, redis.automaticRestart {
            context.report(
                .redisEmptyRestart, at: "redis.automatic_restart", with: ["redis.persistence"],
                "a master without persistence that restarts by itself comes back empty, and its replicas copy that",
                hint: "set `persistence: aof`, or leave `automatic_restart` out and let Sentinel fail over")
        }
        if redis.role == .store, redis.persistence == .off {
            context.report(
                .redisStoreWithoutPersistence, as: .warning, at: "redis.persistence", with: ["redis.role"],
                "`role: store` without persistence: a power cut on all nodes loses everything",
                hint: "set `persistence: aof`, or `role: cache` if the data exists elsewhere")
        }
        if redis.role == .store, redis.maxmemoryPolicy != .noeviction {
            context.report(
                .redisStoreEvicts, as: .warning, at: "redis.maxmemory_policy", with: ["redis.role"],
                "`role: store` with `maxmemory_policy: \(redis.maxmemoryPolicy.rawValue)` throws data away when memory is full",
                hint: "use noeviction, or `role: cache`")
        }
        if redis.role == .cache, redis.maxmemoryPolicy == .noeviction {
            context.report(
                .redisCacheDoesNotEvict, as: .warning, at: "redis.maxmemory_policy", with: ["redis.role"],
                "a cache that does not evict answers every write with an error once it is full",
                hint: "use allkeys-lru or allkeys-lfu")
        }
        if redis.maxmemory < .mebibytes(16) {
            context.report(
                .redisMaxmemoryTooSmall, at: "redis.maxmemory",
                "`maxmemory` is \(redis.maxmemory); below 16MiB Redis' own buffers leave no room for data",
                hint: "an object cache of one store usually needs 128MiB to 1GiB")
        }
    }

    /// Who may connect, and from where.
    func checkAccess(_ redis: RedisTopology) {
        let names = redis.nodes + redis.sentinels
        for name in Set(names).sorted() {
            guard let address = topology.address(of: name) else { continue }
            let path = "hosts.\(name).address"
            if let ip = IPAddress(address) {
                if !ip.isPrivate, redis.tls == nil {
                    context.report(
                        .redisPublicAddress, as: .warning, at: path,
                        "\(quoted(name)) would serve Redis or Sentinel on the public address \(address), without TLS",
                        hint: "use the address of the private network (VPC), and `redis.tls` if there is none")
                }
            } else if !redis.resolveHostnames {
                context.report(
                    .redisHostnameNotResolved, at: path, with: ["redis.resolve_hostnames"],
                    "\(quoted(address)) is a host name, which Sentinel resolves only when it is told to",
                    hint: "use an IP address: it works without DNS; or set `redis.resolve_hostnames: true`")
            }
        }
        let users = redis.users
        let everyUser = [users.app, users.sentinel, users.replica, users.breakwater].allSatisfy { $0 != nil }
        if redis.password == nil, !everyUser, !isLoopback(names) {
            context.report(
                .redisPasswordMissing, at: "redis.password", with: ["redis.users", "hosts"],
                "Redis would accept anybody who reaches it: there is no `password`",
                hint: "`password: file:/etc/breakwater/redis.password`")
        } else if redis.password == nil, !everyUser, context.isGiven("redis.users") {
            context.report(
                .redisPasswordMissing, at: "redis.users",
                "some users have a password and some have none",
                hint: "add `password` for the rest, or give all of app, sentinel, replica and breakwater one")
        }
        let regions = Set(redis.nodes.compactMap { topology.host($0)?.region })
        if regions.count > 1 {
            context.report(
                .redisRegionsMixed, as: .warning, at: "redis.nodes", with: ["hosts"],
                "the nodes are in different regions (\(regions.sorted().joined(separator: ", ")))",
                hint: "Sentinel would fail over across regions and every command would cross them")
        }
    }

    /// On a local store a host without an address gets one on loopback.
    private func isLoopback(_ names: [String]) -> Bool {
        names.allSatisfy { name in
            guard let address = topology.address(of: name) else { return topology.provider == .local }
            return IPAddress(address)?.isLoopback == true
        }
    }

    func checkPrefixes(_ redis: RedisTopology) {
        for (index, prefix) in redis.durable.enumerated() {
            let conflict = redis.idempotent.first { $0.hasPrefix(prefix) || prefix.hasPrefix($0) }
            guard let conflict else { continue }
            context.report(
                .redisPrefixConflict, as: .warning, at: "redis.durable[\(index)]", with: ["redis.idempotent"],
                "keys under \(quoted(prefix)) are declared durable, and \(quoted(conflict)) declares some of them idempotent",
                hint: "both apply: such a write may be sent again and is acknowledged only once replicas have it")
        }
    }
}
