extension WebTopology {
    /// What a local store has when the file says nothing.
    static let localDefault = WebTopology(
        nodes: ["web-1", "web-2", "web-3"], docroot: nil, phpFPM: nil, workers: 8, strict: [])

    init(reading section: SectionReader, provider: StoreTopology.Provider) {
        if provider != .local { section.require("nodes", hint: "such as `nodes: [web-1, web-2]`") }
        nodes = section.list("nodes", .label(63)) ?? (provider == .local ? Self.localDefault.nodes : [])
        docroot = section.text("docroot", .plainPath)
        phpFPM = section.value("php_fpm")
        workers = section.value("workers", in: 1...512) ?? Self.localDefault.workers
        strict = section.list("strict", .sharedCheck) ?? []
        section.finish()
    }
}

extension LoadBalancerTopology {
    /// What a local store has when the file says nothing: HAProxy on a host of its own, which looks often.
    static let localDefault = LoadBalancerTopology(
        nodes: ["lb-1"],
        forward: [Forward(from: Endpoint(scheme: .http, port: 8_080), to: Endpoint(scheme: .http, port: 8_000))],
        certificate: nil, sticky: .none,
        health: Health(
            path: "/healthz", port: 8_080, interval: .seconds(1), timeout: .milliseconds(800), unhealthy: 2, healthy: 2)
    )

    init(reading section: SectionReader, provider: StoreTopology.Provider) {
        let isLocal = provider == .local
        if !isLocal { section.require("forward", hint: "such as `forward: [{ from: http:80, to: http:80 }]`") }
        nodes = section.list("nodes", .label(63)) ?? (isLocal ? Self.localDefault.nodes : [])
        forward =
            isLocal && !section.has("forward")
            ? Self.localDefault.forward : section.sections("forward").compactMap(Forward.init(reading:))
        certificate = section.text("certificate", .plainPath)
        sticky = section.value("sticky") ?? .none
        let health =
            section.section("health") ?? SectionReader(nil, path: section.full("health"), context: section.context)
        self.health = Health(
            reading: health, defaults: nodes.isEmpty ? .provider : Self.localDefault.health)
        section.finish()
    }
}

extension LoadBalancerTopology.Forward {
    fileprivate init?(reading section: SectionReader) {
        section.require("from")
        section.require("to")
        let from = section.value("from", as: LoadBalancerTopology.Endpoint.self)
        let to = section.value("to", as: LoadBalancerTopology.Endpoint.self)
        section.finish()
        guard let from, let to else { return nil }
        self.init(from: from, to: to)
    }
}

extension LoadBalancerTopology.Health {
    /// DigitalOcean's own defaults.
    fileprivate static let provider = Self(
        path: "/healthz", port: 8_080, interval: .seconds(10), timeout: .seconds(5), unhealthy: 3, healthy: 2)

    fileprivate init(reading section: SectionReader, defaults: Self) {
        path = section.text("path", .requestPath) ?? defaults.path
        port = section.value("port", in: 1...65_535) ?? defaults.port
        interval = section.value("interval", in: .milliseconds(100)...(.seconds(3_600))) ?? defaults.interval
        timeout = section.value("timeout", in: .milliseconds(100)...(.seconds(3_600))) ?? defaults.timeout
        unhealthy = section.value("unhealthy", in: 1...100) ?? defaults.unhealthy
        healthy = section.value("healthy", in: 1...100) ?? defaults.healthy
        section.finish()
    }
}

extension DNSTopology {
    init(reading section: SectionReader) {
        section.require("provider")
        section.require("record")
        provider = section.value("provider") ?? .digitalocean
        record = section.text("record", .domain) ?? ""
        ttl = section.value("ttl", in: .seconds(1)...(.seconds(86_400))) ?? .seconds(60)
        token = section.value("token")
        section.finish()
    }
}

extension RegionFailoverTopology {
    init(reading section: SectionReader) {
        mode = section.value("mode") ?? .confirmed
        etcd = section.list("etcd", .url) ?? []
        maxLag = section.value("max_lag", in: .zero...(.seconds(3_600))) ?? .seconds(5)
        let fence = section.section("fence")
        self.fence = fence?.list("require", of: Fence.self) ?? [.web, .database]
        fence?.finish()
        section.finish()
    }
}
