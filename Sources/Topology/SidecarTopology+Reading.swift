extension SidecarTopology {
    /// Reads the section and fills in the defaults; docs/topology.md lists and explains them.
    init(
        reading section: SectionReader, provider: StoreTopology.Provider, redis: RedisTopology, web: WebTopology?
    ) {
        nodes = section.list("nodes", .label(63)) ?? web?.nodes ?? []
        // On one machine every node has a loopback address, and a directory for sockets need not exist.
        listen =
            section.list("listen", of: ListenAddress.self)
            ?? (provider == .local ? [.loopback(port: 6_379)] : [.unix("/run/breakwater/redis.sock")])
        if listen.isEmpty {
            section.context.reject(
                section.full("listen"), .invalidValue, "`\(section.full("listen"))` is empty; nobody could connect",
                hint: "leave it out for the default")
        }
        socketGroup = section.text("socket_group", .groupName) ?? "www-data"
        hold = section.value("hold", in: .zero...(.seconds(3_600))) ?? .milliseconds(800)
        holdLimit = section.value("hold_limit") ?? .mebibytes(32)
        onTimeout = section.value("on_timeout") ?? .close
        clientTimeout = section.value("client_timeout", in: .milliseconds(1)...(.seconds(3_600))) ?? .seconds(1)
        selfFence =
            section.value("self_fence", in: .milliseconds(100)...(.seconds(3_600))) ?? Self.selfFence(before: redis)
        maxClients = section.value("max_clients", in: 1...1_000_000) ?? 10_000
        password = section.value("password")
        tls = TLSTopology.read(section, provider: provider, clients: .optional)
        admin = section.value("admin") ?? .loopback(port: 9_122)
        controlPort = section.value("control_port", in: 1...65_535) ?? 9_123
        controlSecret = section.value("control_secret")
        section.finish()
    }

    /// Before anybody could promote another master: Sentinel after `down_after`, the other sidecars once a silent master
    /// has been silent for a second.
    private static func selfFence(before redis: RedisTopology) -> Duration {
        let sentinels = redis.downAfter * 4 / 5
        return redis.failover == .assisted ? min(sentinels, .milliseconds(800)) : sentinels
    }
}
