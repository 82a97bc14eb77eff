internal import FastCGI
internal import Logging
internal import MySQLClient
internal import NodeHealth
internal import RecoveryCore
internal import RedisClient
internal import Rendering
internal import ServiceLifecycle
internal import Topology

/// What the agent of a web node looks at, as the topology says, and where it answers.
struct WebNodeHealth {
    private var settings: HealthSettings
    private let host: String
    private let port: Int

    /// Nil for a node that serves no pages.
    /// - Throws: `UserFacingError` for secrets that cannot be read.
    init?(_ topology: StoreTopology, node: String) throws {
        // On one machine `breakwater up` runs `agent health` for each web node.
        guard topology.provider != .local, let web = topology.web, web.nodes.contains(node),
            let address = topology.address(of: node)
        else { return nil }
        let paths = RenderLayout.production.web(on: node, topology: topology)
        (host, port) = (address, topology.loadBalancer?.health.port ?? 8_080)
        settings = HealthSettings(drainFile: paths.drainFile)
        settings.strict = Set(web.strict)
        settings.phpFPM =
            switch web.phpFPM {
            case .tcp(let host, let port)?: .tcp(host: host, port: port)
            case .loopback(let port)?: .tcp(host: "127.0.0.1", port: port)
            case .unix(let path)?: .unix(path)
            case nil: .unix(paths.phpSocket)
            }
        settings.webServer = RedisEndpoint(host: address, port: topology.webPort)
        settings.docroot = paths.docroot
        settings.pageHost = topology.domain
        try look(at: topology, node: node)
    }

    /// What all nodes share.
    private mutating func look(at topology: StoreTopology, node: String) throws {
        if let sidecar = topology.sidecar, sidecar.nodes.contains(node), sidecar.tls == nil {
            settings.redis = sidecar.listen.lazy.compactMap(Self.address).first
            settings.redisCredentials = try sidecar.password.map {
                RedisCredentials(password: RedisClient.Secret(try $0.fetch().reveal()))
            }
        }
        if let redis = topology.redis {
            settings.sentinels = redis.sentinels.compactMap(topology.address(of:)).map {
                RedisEndpoint(host: $0, port: redis.sentinelPort)
            }
            settings.service = redis.service
            if let files = redis.tls?.files {
                settings.sentinelTLS = RedisTLS(
                    try RedisTLS.Settings(
                        TLSMaterial.Files(ca: files.ca, certificate: files.certificate, key: files.key)))
                settings.certificates = [files.certificate]
            }
        }
        if let database = topology.database {
            let password = try topology.mysql?.password?.fetch()
            settings.database = HealthSettings.Database(
                MySQLSettings(address: database, password: password), options: "wp_options")
            settings.replicas = (topology.mysql?.replicas ?? []).compactMap(topology.address(of:)).map { host in
                var replica = database
                (replica.host, replica.port) = (host, topology.mysql?.port ?? MySQLAddress.standardPort)
                return MySQLSettings(address: replica, password: password)
            }
        }
    }

    private static func address(_ listen: ListenAddress) -> RedisAddress? {
        switch listen {
        case .unix(let path): .unix(path: path)
        case .tcp(let host, let port): .tcp(RedisEndpoint(host: host, port: port))
        case .loopback(let port): .tcp(RedisEndpoint(host: "127.0.0.1", port: port))
        }
    }

    /// `status` is what the node's own agent says of backups and the shipped log.
    func services(_ logger: Logger, asking status: (@Sendable () async -> AgentStatus)?) -> [any Service] {
        var probes = settings.probes
        if let status { probes.append(.backups(status)) }
        let health = NodeHealth(probes, strict: settings.strict, drainFile: settings.drainFile)
        return [health, HealthServer(host: host, port: port, health: health, logger: logger)]
    }
}

extension HealthProbe {
    /// Backups and the shipped log, as the agent knows them: good while it has nothing to complain of.
    fileprivate static func backups(_ status: @escaping @Sendable () async -> AgentStatus) -> HealthProbe {
        let check = HealthBoard.Check("backups", .shared, interval: .seconds(30), timeout: .seconds(5), tolerance: 1)
        return HealthProbe(check) {
            let status = await status()
            guard status.alerts.isEmpty else { throw Fault(status.alerts.map(\.text).joined(separator: "; ")) }
            var facts: [String] = []
            if let newest = status.newestBackupAt { facts.append("newest backup \(Readable.time(newest))") }
            if let verified = status.newestVerifiedAt { facts.append("newest verified \(Readable.time(verified))") }
            if let shipping = status.shipping { facts.append("log \(shipping.lagMs) ms behind") }
            return facts.isEmpty ? "nothing known yet" : facts.joined(separator: ", ")
        }
    }
}
