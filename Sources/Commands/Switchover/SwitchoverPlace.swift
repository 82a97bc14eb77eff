internal import LocalStack
internal import RedisClient
internal import Topology

/// Where a switchover takes place: a store that runs on this machine, or the machines of a topology.
struct SwitchoverPlace {
    var settings: SwitchoverSettings
    /// The Redis nodes' names.
    var nodes: [RedisEndpoint: String]

    func name(_ node: RedisEndpoint) -> String { nodes[node] ?? node.description }

    /// What `up` started is asked where it runs; otherwise the topology says where everything is.
    init(_ topology: TopologyOptions, _ state: StateOptions, _ console: Console) throws {
        try self.init(state.directory(topology: topology.file)) { try topology.load(console) }
    }

    /// `topology` is asked for when nothing runs in the directory.
    init(_ directory: StateDirectory, _ topology: () throws -> StoreTopology) throws {
        if let manifest = StackManifest.read(directory), StackStatus.isRunning(directory, manifest) {
            self = try Self(manifest)
            return
        }
        let store = try topology()
        guard store.provider != .local else {
            throw UserFacingError(
                code: "stack.not_running", summary: "nothing is running in \(directory.path)",
                hint: "`breakwater up` starts the store; --state names another directory")
        }
        self = try Self(store)
    }

    private init(_ manifest: StackManifest) throws {
        guard let key = manifest.controlKey else { throw Self.noSecret }
        func endpoints(_ kind: StackManifest.Kind) -> [(String, RedisEndpoint)] {
            manifest.members.filter { $0.kind == kind }.compactMap { member in
                member.endpoint.map { (member.name, $0) }
            }
        }
        settings = SwitchoverSettings(
            service: manifest.service, sentinels: endpoints(.sentinel).map(\.1),
            credentials: manifest.nodeCredentials,
            sidecars: manifest.members.compactMap { member in
                member.control.flatMap { RedisEndpoint(parsing: $0) }.map {
                    SwitchoverSettings.Sidecar(name: Self.host(ofSidecar: member.name), control: $0)
                }
            },
            key: key)
        settings.operatorCredentials = manifest.operatorCredentials
        settings.tls = manifest.serverTLS
        nodes = Dictionary(endpoints(.redis).map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A local stack calls the sidecar of `web-1` `sidecar-web-1`.
    private static func host(ofSidecar name: String) -> String {
        name.hasPrefix("sidecar-") ? String(name.dropFirst("sidecar-".count)) : name
    }

    private init(_ store: StoreTopology) throws {
        guard let redis = store.redis, let sidecar = store.sidecar else { throw UserFacingError.noRedis }
        func endpoint(_ host: String, _ port: Int) -> RedisEndpoint? {
            store.address(of: host).map { RedisEndpoint(host: $0, port: port) }
        }
        guard let secret = sidecar.controlSecret ?? redis.users.breakwater ?? redis.password else {
            throw Self.noSecret
        }
        let password = try (redis.users.breakwater ?? redis.password)?.fetch()
        settings = SwitchoverSettings(
            service: redis.service, sentinels: redis.sentinels.compactMap { endpoint($0, redis.sentinelPort) },
            credentials: password.map {
                RedisCredentials(username: "breakwater", password: RedisClient.Secret($0.reveal()))
            },
            sidecars: sidecar.nodes.compactMap { name in
                endpoint(name, sidecar.controlPort).map { SwitchoverSettings.Sidecar(name: name, control: $0) }
            },
            key: ControlKey(RedisClient.Secret(try secret.fetch().reveal())))
        settings.operatorCredentials = try redis.users.operator.map {
            RedisCredentials(username: "operator", password: RedisClient.Secret(try $0.fetch().reveal()))
        }
        if let tls = redis.tls {
            let files = tls.files ?? .standard
            do {
                settings.tls = RedisTLS(
                    try RedisTLS.Settings(
                        TLSMaterial.Files(ca: files.ca, certificate: files.certificate, key: files.key)))
            } catch {
                throw UserFacingError(
                    code: "switchover.tls_unusable", summary: "the certificates of this machine cannot be used",
                    hint: "see docs/tls.md", cause: "\(error)", status: .invalid)
            }
        }
        nodes = Dictionary(
            redis.nodes.compactMap { name in endpoint(name, redis.port).map { ($0, name) } },
            uniquingKeysWith: { first, _ in first })
    }

    private static let noSecret = UserFacingError(
        code: "switchover.no_secret", summary: "there is no secret to prove to the sidecars",
        hint: "set `sidecar.control_secret`, or a password for `redis.users.breakwater`", status: .invalid)
}
