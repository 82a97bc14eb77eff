package import Topology

/// A topology's configuration files. Pure: the same arguments give the same files, byte for byte.
package enum Renderer {
    /// Renders the files of the targets, in the order of the hosts; no two have the same path.
    ///
    /// `secrets` may be `nil` only for nodes on loopback, which then accept everybody on this machine. `topologyText`
    /// is the topology file itself, which the sidecar's machines get a copy of.
    package static func render(
        _ topology: StoreTopology, targets: Set<RenderTarget>, layout: RenderLayout, secrets: RedisSecrets?,
        topologyText: String = "", web settings: WebRenderingSettings = WebRenderingSettings()
    ) throws(RenderError) -> [RenderedFile] {
        guard let redis = topology.redis else { throw .noRedis }
        if let user = secrets?.unusable { throw .passwordUnusable(user: user) }
        if targets.contains(.systemd), topology.provider == .local {
            throw .targetNotForProvider(.systemd, topology.provider)
        }
        var files: [RenderedFile] = []
        for host in topology.hosts {
            let isNode = redis.nodes.contains(host.name)
            let isSentinel = redis.sentinels.contains(host.name)
            if isNode, targets.contains(.redis) {
                let node = try RedisNode(host.name, redis, topology, layout, secrets)
                files += node.files
            }
            if isSentinel, targets.contains(.sentinel) {
                let sentinel = try SentinelNode(host.name, redis, topology, layout, secrets)
                files.append(sentinel.file)
            }
            if let web = topology.web, web.nodes.contains(host.name) {
                let node = try WebNode(host.name, web, topology, layout, settings)
                if targets.contains(.nginx) { files += node.serverFiles }
                if targets.contains(.wordpress) { files.append(node.wordpressFile) }
            }
            if let balancer = topology.loadBalancer, balancer.nodes.contains(host.name), targets.contains(.haproxy) {
                files.append(try BalancerNode(host.name, balancer, topology, layout).file)
            }
            if targets.contains(.systemd) {
                let units = SystemdUnits(topology: topology, redis: redis, host: host.name, layout: layout)
                files += units.files(topologyText: topologyText)
            }
        }
        return files
    }

    /// The address of a host, or why there is none.
    static func address(of host: String, in topology: StoreTopology) throws(RenderError) -> String {
        guard let address = topology.address(of: host) else { throw .addressMissing(host: host) }
        return address
    }

    /// Whether a host without passwords can be reached from this machine alone.
    static func checkSecrets(_ secrets: RedisSecrets?, for address: String) throws(RenderError) {
        if secrets == nil, IPAddress(address)?.isLoopback != true { throw .secretsMissing }
    }
}
