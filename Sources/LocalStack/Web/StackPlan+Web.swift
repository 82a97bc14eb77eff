internal import Glibc
internal import RedisClient
internal import Rendering
internal import Topology

/// The web nodes and the balancer before them.
extension StackPlan {
    static func webSettings(_ topology: StoreTopology, _ state: StateDirectory) -> WebRenderingSettings {
        var settings = WebRenderingSettings()
        for name in topology.sidecar?.nodes ?? [] { settings.sidecarSockets[name] = state.socket(of: name) }
        if let mysql = topology.mysql, let host = mysql.primary.flatMap(topology.address(of:)) {
            settings.databaseAddress = "\(host):\(mysql.port)"
            settings.databaseName = mysql.database ?? MySQLTopology.localDatabase
            settings.databaseUser = mysql.user ?? MySQLTopology.localUser
            settings.databasePasswordFile = state.secretFile(Secrets.databaseFile)
        }
        settings.runsAsRoot = geteuid() == 0
        return settings
    }

    mutating func planWeb(
        _ state: StateDirectory, _ options: StackOptions, _ programs: Programs
    ) throws(StackError) {
        guard let programs = programs.web, let web = topology.web else { return }
        let layout = RenderLayout.local(directory: state.hosts)
        for name in web.nodes {
            let host = try Self.address(name, topology, options.namespaces)
            let paths = layout.web(on: name, topology: topology)
            let endpoint = RedisEndpoint(host: host, port: topology.webPort)
            let asRoot = geteuid() == 0 ? ["--allow-to-run-as-root"] : []
            let php = Member(
                name: "php-\(name)", kind: .php, endpoint: endpoint, socket: paths.phpSocket,
                executable: programs.phpFPM,
                arguments: ["--nodaemonize", "--fpm-config", paths.phpConfiguration] + asRoot,
                log: state.log(of: "php-\(name)"))
            let nginx = Member(
                name: "nginx-\(name)", kind: .web, endpoint: endpoint, executable: programs.nginx,
                arguments: ["-c", paths.nginxConfiguration, "-e", paths.nginxErrorLog, "-g", "daemon off;"],
                log: state.log(of: "nginx-\(name)"))
            let agent = Member(
                name: "agent-\(name)", kind: .agent,
                endpoint: RedisEndpoint(host: host, port: topology.loadBalancer?.health.port ?? 8_080),
                executable: programs.breakwater,
                arguments: agentArguments(name, host: host, paths, web, state), log: state.log(of: "agent-\(name)"))
            for member in [php, nginx, agent] { members.append(options.namespaces?.moving(member, to: name) ?? member) }
        }
        try planBalancers(state, layout, options, programs)
    }

    private mutating func planBalancers(
        _ state: StateDirectory, _ layout: RenderLayout, _ options: StackOptions, _ programs: WebPrograms
    ) throws(StackError) {
        guard let balancer = topology.loadBalancer, let first = balancer.forward.first else { return }
        for name in balancer.nodes {
            let host = try Self.address(name, topology, options.namespaces)
            let paths = layout.balancer(on: name)
            let member = Member(
                name: name, kind: .balancer, endpoint: RedisEndpoint(host: host, port: first.from.port),
                socket: paths.adminSocket, executable: programs.haproxy,
                arguments: ["-W", "-f", paths.configuration], log: state.log(of: name))
            members.append(options.namespaces?.moving(member, to: name) ?? member)
        }
    }

    private func agentArguments(
        _ name: String, host: String, _ paths: RenderLayout.WebPaths, _ web: WebTopology, _ state: StateDirectory
    ) -> [String] {
        var arguments = [
            "agent", "health", "--listen", "\(host):\(topology.loadBalancer?.health.port ?? 8_080)", "--php-fpm",
            "unix:\(paths.phpSocket)", "--web-server", "\(host):\(topology.webPort)", "--docroot", paths.docroot,
            "--drain-file", paths.drainFile,
        ]
        if let site = siteHost { arguments += ["--page-host", site] }
        if members(.sidecar).contains(where: { $0.name == "sidecar-\(name)" }) {
            arguments += ["--redis", "unix:\(state.socket(of: name))"]
            if topology.sidecar?.password != nil {
                arguments += ["--redis-password-file", state.secretFile(Secrets.clientFile)]
            }
        }
        if redis.tls == nil {
            arguments += members(.sentinel).flatMap { ["--sentinel", $0.endpoint.description] }
            arguments += ["--service", redis.service]
        }
        if let access = databaseAccess(state) {
            arguments += ["--database", "mysql://\(access.user)@\(access.address)/\(access.name)?tls=off"]
            arguments += ["--password-file", access.passwordFile, "--options-table", "wp_options"]
            for member in members(.database) where access.replicas?.contains(member.name) == true {
                arguments += ["--replica", "mysql://\(access.user)@\(member.endpoint)?tls=off"]
            }
        }
        return arguments + web.strict.flatMap { ["--strict", $0] }
    }

    /// `HOST:PORT` under which shoppers reach the shop: the first balancer, or without one the first web node.
    var siteHost: String? {
        if let balancer = topology.loadBalancer, let host = balancer.nodes.first.flatMap(topology.address(of:)),
            let port = balancer.forward.first?.from.port
        {
            return "\(host):\(port)"
        }
        return topology.web?.nodes.first.flatMap(topology.address(of:)).map { "\($0):\(topology.webPort)" }
    }

    /// What others need to reach the shop; nil without web nodes.
    func shop(_ state: StateDirectory) -> StackManifest.Shop? {
        guard let web = topology.web, !members(.web).isEmpty, let siteHost else { return nil }
        let layout = RenderLayout.local(directory: state.hosts)
        let paths = web.nodes.map { ($0, layout.web(on: $0, topology: topology)) }
        return StackManifest.Shop(
            url: "http://\(siteHost)", docroots: Dictionary(uniqueKeysWithValues: paths.map { ($0, $1.docroot) }),
            drainFiles: Dictionary(uniqueKeysWithValues: paths.map { ($0, $1.drainFile) }))
    }
}
