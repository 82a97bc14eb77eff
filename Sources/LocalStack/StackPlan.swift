internal import Glibc
internal import RedisClient
internal import Rendering
internal import Topology

/// What is to run, decided before anything is started. Pure.
struct StackPlan: Sendable {
    struct Member: Sendable, Equatable {
        var name: String
        var kind: StackManifest.Kind
        var endpoint: RedisEndpoint
        var socket: String?
        var admin: RedisEndpoint?
        var control: RedisEndpoint?
        var executable: String
        var arguments: [String]
        var log: String
        /// A server of several processes.
        var hasWorkers: Bool { [.web, .php, .balancer].contains(kind) }
        /// Ends it when all is well: what it has begun is done first.
        var gracefulSignal: Int32 {
            switch kind {
            case .web, .php: SIGQUIT
            case .balancer: SIGUSR1
            default: SIGTERM
            }
        }
    }

    var topology: StoreTopology
    var redis: RedisTopology
    var files: [RenderedFile]
    /// Database servers, Redis nodes, Sentinels, sidecars, web nodes, the balancer, each in the order of the topology.
    var members: [Member]
    var database: LocalDatabase?
    var replicas: [LocalDatabase] = []
    var databasePrograms: LocalDatabase.Programs?
    let programs: Programs

    var needsCertificates: Bool { redis.tls != nil || topology.sidecar?.tls != nil }

    func members(_ kind: StackManifest.Kind) -> [Member] { members.filter { $0.kind == kind } }

    /// Plans a topology with an address for every host. `clientPasswordFile` is what the sidecars' clients must
    /// present, if anything.
    init(
        topology: StoreTopology, state: StateDirectory, options: StackOptions, programs: Programs,
        secrets: RedisSecrets?, clientPasswordFile: String?
    ) throws(StackError) {
        guard let redis = topology.redis else {
            throw StackError("no_redis", "the topology has no `redis` section")
        }
        self.topology = topology
        self.redis = redis
        self.programs = programs
        do {
            files = try Renderer.render(
                topology,
                targets: options.web ? [.redis, .sentinel, .haproxy, .nginx, .wordpress] : [.redis, .sentinel],
                layout: .local(directory: state.hosts), secrets: secrets,
                web: Self.webSettings(topology, state))
        } catch {
            throw StackError("cannot_render", "the configuration cannot be rendered", cause: "\(error)")
        }
        members = []
        try planDatabases(state, programs, options.namespaces)
        for name in redis.nodes {
            members.append(
                try Self.server(
                    .redis, name, topology, state, port: redis.port, executable: programs.redis,
                    arguments: options.redisArguments, options.namespaces))
        }
        for name in redis.sentinels {
            members.append(
                try Self.server(
                    .sentinel, name, topology, state, port: redis.sentinelPort, executable: programs.sentinel,
                    arguments: programs.sentinelArguments, options.namespaces))
        }
        try planSidecars(state, options, programs, secured: secrets != nil, clientPasswordFile)
        if options.web { try planWeb(state, options, programs) }
        try checkSocketPaths()
    }

    private mutating func planSidecars(
        _ state: StateDirectory, _ options: StackOptions, _ programs: Programs, secured: Bool,
        _ clientPasswordFile: String?
    ) throws(StackError) {
        guard let proxy = programs.proxy, let sidecar = topology.sidecar else { return }
        let sentinels = members(.sentinel).map(\.endpoint)
        let nodes = Self.chosen(sidecar.nodes, options.sidecars)
        for name in nodes {
            let host = try Self.address(name, topology, options.namespaces)
            let listeners = Self.listeners(sidecar, host: host, socket: state.socket(of: name))
            var member = Member(
                name: "sidecar-\(name)", kind: .sidecar, endpoint: listeners.tcp, socket: state.socket(of: name),
                admin: Self.admin(sidecar, host: host),
                control: RedisEndpoint(host: host, port: sidecar.controlPort), executable: proxy, arguments: [],
                log: state.log(of: "sidecar-\(name)"))
            member.arguments = Self.arguments(
                member, listeners: listeners.all, sentinels: sentinels, redis: redis, sidecar: sidecar,
                passwordFile: secured ? state.secretFile("app.password") : nil,
                controlPasswordFile: secured ? state.secretFile("breakwater.password") : nil,
                clientPasswordFile: clientPasswordFile)
            member.arguments += Self.encryption(redis, sidecar, LocalCertificates.files(of: name, state))
            var peers: [String] = []
            for peer in nodes where peer != name { peers.append(try Self.address(peer, topology, options.namespaces)) }
            member.arguments += Self.controlArguments(
                member, peers: peers, port: sidecar.controlPort, secretFile: state.secretFile(Secrets.controlFile))
            member.arguments += options.proxyArguments
            members.append(options.namespaces?.moving(member, to: name) ?? member)
        }
    }

    private static func server(
        _ kind: StackManifest.Kind, _ name: String, _ topology: StoreTopology, _ state: StateDirectory, port: Int,
        executable: String, arguments: [String], _ namespaces: HostNamespaces?
    ) throws(StackError) -> Member {
        let server: RenderLayout.Server = kind == .redis ? .redis : .sentinel
        let paths = RenderLayout.local(directory: state.hosts).paths(server, on: name)
        let member = Member(
            name: name, kind: kind,
            endpoint: RedisEndpoint(host: try address(name, topology, namespaces), port: port),
            executable: executable, arguments: [paths.configuration] + arguments,
            log: paths.logFile.isEmpty ? state.log(of: name) : paths.logFile)
        return namespaces?.moving(member, to: name) ?? member
    }

    static func address(
        _ name: String, _ topology: StoreTopology, _ namespaces: HostNamespaces?
    ) throws(StackError) -> String {
        guard let address = topology.address(of: name) else {
            throw StackError("no_address", "the host \(name) has no address")
        }
        guard namespaces != nil || IPAddress(address)?.isLoopback == true else {
            throw StackError(
                "not_loopback", "\(name) has the address \(address), which is not on this machine's loopback",
                hint: "`breakwater up` runs a store on this machine alone: use `provider: local`, or remove the "
                    + "addresses from a copy of the topology")
        }
        return address
    }

    private static func chosen(_ nodes: [String], _ sidecars: StackOptions.Sidecars) -> [String] {
        switch sidecars {
        case .all: nodes
        case .first(let count): Array(nodes.prefix(max(0, count)))
        case .none: []
        }
    }

    /// Every sidecar listens on its own socket in the state directory and over TCP: as the topology says, or on its
    /// host's address. A unix path of the topology is one for many hosts and has no place on a single machine.
    private static func listeners(
        _ sidecar: SidecarTopology, host: String, socket: String
    ) -> (tcp: RedisEndpoint, all: [RedisAddress]) {
        var tcp: [RedisEndpoint] = []
        for address in sidecar.listen {
            switch address {
            case .loopback(let port): tcp.append(RedisEndpoint(host: host, port: port))
            case .tcp(let given, let port) where given == host: tcp.append(RedisEndpoint(host: given, port: port))
            case .tcp, .unix: break
            }
        }
        if tcp.isEmpty { tcp = [RedisEndpoint(host: host, port: 6379)] }
        return (tcp[0], [.unix(path: socket)] + tcp.map { .tcp($0) })
    }

    private static func admin(_ sidecar: SidecarTopology, host: String) -> RedisEndpoint {
        switch sidecar.admin {
        case .loopback(let port), .tcp(_, let port): RedisEndpoint(host: host, port: port)
        case .unix: RedisEndpoint(host: host, port: 9122)
        }
    }

    private static func arguments(
        _ member: Member, listeners: [RedisAddress], sentinels: [RedisEndpoint], redis: RedisTopology,
        sidecar: SidecarTopology, passwordFile: String?, controlPasswordFile: String?, clientPasswordFile: String?
    ) -> [String] {
        var arguments = sentinels.flatMap { ["--sentinel", $0.description] }
        arguments += ["--service", redis.service]
        arguments += listeners.flatMap { ["--listen", $0.description] }
        if let passwordFile { arguments += ["--password-file", passwordFile] }
        if let clientPasswordFile { arguments += ["--client-password-file", clientPasswordFile] }
        arguments += ["--hold", sidecar.hold.topologyText, "--on-timeout", sidecar.onTimeout.rawValue]
        arguments += ["--role", redis.role.rawValue, "--failover", redis.failover.rawValue]
        if redis.failover == .assisted {
            arguments += ["--hang-after", redis.hangAfter.topologyText]
            arguments += ["--early-release", redis.earlyRelease ? "on" : "off"]
            if let controlPasswordFile { arguments += ["--control-password-file", controlPasswordFile] }
        }
        arguments += ["--self-fence", sidecar.selfFence.topologyText]
        arguments += redis.idempotent.flatMap { ["--idempotent", $0] }
        arguments += redis.durable.flatMap { ["--durable", $0] }
        if !redis.durable.isEmpty {
            arguments += ["--durable-replicas", "\(redis.durableReplicas)"]
            arguments += ["--durable-timeout", redis.durableTimeout.topologyText]
        }
        let reads = redis.replicaReads
        arguments += reads.prefixes.flatMap { ["--replica-read", $0] }
        arguments += reads.commands.flatMap { ["--replica-read-command", $0] }
        if !reads.isEmpty { arguments += ["--replica-max-lag", reads.maxLag.topologyText] }
        if let admin = member.admin { arguments += ["--admin", admin.description] }
        return arguments
    }

    /// The flags of TLS, with the host's own certificate on either side.
    private static func encryption(
        _ redis: RedisTopology, _ sidecar: SidecarTopology, _ files: TLSTopology.Files
    ) -> [String] {
        var arguments: [String] = []
        if redis.tls != nil {
            arguments += [
                "--tls", "--tls-ca", files.ca, "--tls-certificate", files.certificate, "--tls-key", files.key,
            ]
        }
        if let tls = sidecar.tls {
            arguments += ["--listen-tls-certificate", files.certificate, "--listen-tls-key", files.key]
            arguments += ["--listen-tls-ca", files.ca, "--listen-tls-clients", tls.clients.rawValue]
        }
        return arguments
    }

    private static func controlArguments(
        _ member: Member, peers: [String], port: Int, secretFile: String
    ) -> [String] {
        guard let control = member.control else { return [] }
        var arguments = ["--control", control.description, "--control-secret-file", secretFile]
        for peer in peers { arguments += ["--peer", RedisEndpoint(host: peer, port: port).description] }
        return arguments
    }

    private func checkSocketPaths() throws(StackError) {
        for member in members {
            guard let socket = member.socket, RedisAddress(parsing: "unix:\(socket)") == nil else { continue }
            throw StackError(
                "path_too_long", "the path of the socket \(socket) is longer than the 107 bytes the kernel allows",
                hint: "choose a shorter directory with --state")
        }
    }
}
