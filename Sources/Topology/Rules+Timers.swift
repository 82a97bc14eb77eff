extension Rules {
    /// Sentinel's timers against each other.
    func checkTimers(_ redis: RedisTopology) {
        if redis.downAfter < .milliseconds(500) {
            context.report(
                .redisDownAfter, at: "redis.down_after",
                "`down_after` is \(redis.downAfter.topologyText); below 500ms a slow command or a fork looks like a dead master",
                hint: "use 2s to 5s")
        } else if redis.downAfter < .seconds(2) {
            // SENTINEL_PING_PERIOD in sentinel.c is also the least time between two attempts to connect.
            context.report(
                .redisDownAfter, as: .warning, at: "redis.down_after",
                "`down_after` is \(redis.downAfter.topologyText): a Sentinel connects anew once a second, so after a failover "
                    + "it can take the new master for dead before it has reached it",
                hint: "use 2s to 5s")
        } else if redis.downAfter > .seconds(30) {
            context.report(
                .redisDownAfter, as: .warning, at: "redis.down_after",
                "`down_after` is \(redis.downAfter.topologyText): a hung master blocks the store for that long",
                hint: "use 2s to 5s")
        }
        if redis.failoverTimeout < redis.downAfter {
            context.report(
                .redisFailoverTimeout, at: "redis.failover_timeout", with: ["redis.down_after"],
                "`failover_timeout` (\(redis.failoverTimeout.topologyText)) is less than `down_after` "
                    + "(\(redis.downAfter.topologyText)): failovers would be given up before they can finish",
                hint: "use at least twice `down_after`; a second attempt starts after twice `failover_timeout`")
        } else if redis.failoverTimeout > .seconds(180) {
            context.report(
                .redisFailoverTimeout, as: .warning, at: "redis.failover_timeout",
                "a failover that fails is tried again only after twice `failover_timeout`, "
                    + "here \((redis.failoverTimeout * 2).topologyText)",
                hint: "use 10s")
        }
        if redis.failover == .assisted, redis.hangAfter >= redis.downAfter {
            context.report(
                .redisHangAfter, as: .warning, at: "redis.hang_after", with: ["redis.down_after"],
                "`hang_after` is not less than `down_after`: Sentinel notices a hung master first",
                hint: "600ms is a good value for `hang_after`")
        }
        // Replicas report their lag once a second.
        if redis.minReplicasToWrite > 0, redis.minReplicasMaxLag < .seconds(2) {
            context.report(
                .redisMaxLag, as: .warning, at: "redis.min_replicas_max_lag",
                "replicas acknowledge once a second: with less than 2s writes stop at the slightest delay",
                hint: "use 10s")
        }
    }

    func check(_ sidecar: SidecarTopology, _ redis: RedisTopology) {
        if sidecar.onTimeout == .degrade, redis.role != .cache {
            context.report(
                .sidecarDegradeNeedsCache, at: "sidecar.on_timeout", with: ["redis.role"],
                "`on_timeout: degrade` forgets writes, which only `role: cache` allows",
                hint: "use `on_timeout: close`, or `redis.role: cache` if all data exists elsewhere")
        }
        if sidecar.hold >= sidecar.clientTimeout, sidecar.hold > .zero {
            context.report(
                .sidecarHoldExceedsClientTimeout, as: .warning, at: "sidecar.hold", with: ["sidecar.client_timeout"],
                "clients give up after \(sidecar.clientTimeout.topologyText), before the hold of "
                    + "\(sidecar.hold.topologyText) ends",
                hint: "keep `hold` below the clients' read timeout (1s for phpredis and the WordPress plugin), "
                    + "or say with `client_timeout` that yours is longer")
        }
        if redis.failover != .assisted, sidecar.hold > .zero, sidecar.hold < redis.downAfter,
            context.isGiven("sidecar.hold")
        {
            context.report(
                .sidecarHoldTooShort, as: .warning, at: "sidecar.hold", with: ["redis.failover", "redis.down_after"],
                "with `failover: \(redis.failover.rawValue)` a failover takes at least `down_after` "
                    + "(\(redis.downAfter.topologyText)); a hold of \(sidecar.hold.topologyText) will not bridge it",
                hint: "lower `down_after`, or raise `hold` together with the clients' timeouts and `client_timeout`")
        }
        if sidecar.selfFence >= redis.downAfter {
            context.report(
                .sidecarSelfFence, at: "sidecar.self_fence", with: ["redis.down_after"],
                "`self_fence` (\(sidecar.selfFence.topologyText)) must be less than `down_after` "
                    + "(\(redis.downAfter.topologyText))",
                hint: "a sidecar that is cut off must stop writing before the others elect a new master")
        }
        checkListeners(sidecar)
        let isOnSocketsAlone = sidecar.listen.allSatisfy { if case .unix = $0 { true } else { false } }
        if sidecar.tls != nil, isOnSocketsAlone {
            context.report(
                .sidecarTLSUnused, as: .warning, at: "sidecar.tls", with: ["sidecar.listen"],
                "`sidecar.tls` is for TCP addresses, and the sidecar listens on unix sockets alone",
                hint: "leave it out: what passes through a unix socket does not leave the machine")
        }
    }

    private func checkListeners(_ sidecar: SidecarTopology) {
        if sidecar.admin.port == sidecar.controlPort {
            context.report(
                .sidecarListenConflict, at: "sidecar.admin", with: ["sidecar.control_port"],
                "`admin` has the port of `control_port`", hint: "change one of them")
        }
        for (index, address) in sidecar.listen.enumerated() {
            let path = "sidecar.listen[\(index)]"
            if address == sidecar.admin {
                context.report(
                    .sidecarListenConflict, at: path, with: ["sidecar.admin"],
                    "\(quoted(address.description)) is also the address of `admin`", hint: "change one of them")
            }
            if address.port == sidecar.controlPort {
                context.report(
                    .sidecarListenConflict, at: path, with: ["sidecar.control_port"],
                    "\(quoted(address.description)) has the port of `control_port`", hint: "change one of them")
            }
            if case .tcp(let host, _) = address, IPAddress(host)?.isLoopback != true, sidecar.password == nil {
                context.report(
                    .sidecarOpenWithoutPassword, at: path, with: ["sidecar.password"],
                    "the sidecar would accept anybody who reaches \(quoted(address.description))",
                    hint: "listen on a unix socket or `:\(6_379)` (loopback), or set `sidecar.password`")
            }
        }
    }
}
