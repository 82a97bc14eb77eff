extension WebTopology {
    /// What a local store has when the file says nothing.
    static let localDefault = WebTopology(nodes: ["web-1", "web-2", "web-3"], docroot: nil, phpFPM: nil)

    init(reading section: SectionReader, provider: StoreTopology.Provider) {
        if provider != .local { section.require("nodes", hint: "such as `nodes: [web-1, web-2]`") }
        nodes = section.list("nodes", .label(63)) ?? (provider == .local ? Self.localDefault.nodes : [])
        docroot = section.text("docroot", .plainPath)
        phpFPM = section.value("php_fpm")
        section.finish()
    }
}

extension LoadBalancerTopology {
    init(reading section: SectionReader) {
        section.require("forward", hint: "such as `forward: [{ from: http:80, to: http:80 }]`")
        forward = section.sections("forward").compactMap(Forward.init(reading:))
        let health =
            section.section("health") ?? SectionReader(nil, path: section.full("health"), context: section.context)
        self.health = Health(reading: health)
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
    fileprivate init(reading section: SectionReader) {
        path = section.text("path", .requestPath) ?? "/healthz"
        port = section.value("port", in: 1...65_535) ?? 8_080
        interval = section.value("interval", in: .milliseconds(100)...(.seconds(3_600))) ?? .seconds(10)
        timeout = section.value("timeout", in: .milliseconds(100)...(.seconds(3_600))) ?? .seconds(5)
        unhealthy = section.value("unhealthy", in: 1...100) ?? 3
        healthy = section.value("healthy", in: 1...100) ?? 2
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
