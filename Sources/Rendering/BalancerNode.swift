internal import Topology

/// HAProxy before the web nodes.
struct BalancerNode {
    let name: String
    let topology: StoreTopology
    let balancer: LoadBalancerTopology
    let layout: RenderLayout
    let address: String
    /// The web nodes, by name and address.
    let servers: [(name: String, address: String)]

    init(
        _ name: String, _ balancer: LoadBalancerTopology, _ topology: StoreTopology, _ layout: RenderLayout
    ) throws(RenderError) {
        self.name = name
        self.topology = topology
        self.balancer = balancer
        self.layout = layout
        address = try Renderer.address(of: name, in: topology)
        var servers: [(name: String, address: String)] = []
        for node in topology.web?.nodes ?? [] {
            servers.append((node, try Renderer.address(of: node, in: topology)))
        }
        self.servers = servers
    }

    var file: RenderedFile {
        RenderedFile(
            path: layout.output(absolute: layout.balancer(on: name).configuration, on: name), contents: configuration,
            mode: 0o644)
    }

    private var configuration: String {
        let blocks = [head, defaults] + balancer.forward.map(frontend) + backends
        return blocks.joined(separator: "\n")
    }

    private var head: String {
        let paths = layout.balancer(on: name)
        // As a service of Debian it gives up root after binding; a local store runs as whoever started it.
        let privileges = layout.isLocal ? "" : "    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n"
        return """
            # HAProxy on \(name), before the web nodes of the store \(topology.store).
            # Rendered by Breakwater from the topology; change that and render again.

            global
                log stdout format raw local0 notice
            \(privileges)    maxconn 4096
                # `breakwater lb` drains and reads through it. A reload takes the listening sockets over from it, so that no
                # connection is refused meanwhile.
                stats socket \(paths.adminSocket) mode 600 level admin expose-fd listeners
                # What a reload leaves running has this long to end.
                hard-stop-after 35s

            """
    }

    private var defaults: String {
        """
        defaults
            mode http
            log global
            option dontlognull
            option http-keep-alive
            # A request that got no answer at all may go to another node.
            option redispatch 1
            retries 2
            timeout connect 1s
            timeout client 30s
            # Longer than PHP may take; a page that takes longer is a 504.
            timeout server 35s
            timeout http-request 10s
            timeout http-keep-alive 15s
            # With all nodes busy: better a 503 than a queue nobody sees the end of.
            timeout queue 5s
            timeout tunnel 1h

        """
    }

    private func frontend(_ forward: LoadBalancerTopology.Forward) -> String {
        let name = "\(forward.from.scheme.rawValue)-\(forward.from.port)"
        let target = Self.backend(forward.to)
        guard forward.from.scheme != .tcp, forward.to.scheme != .tcp, forward.to.scheme != .https else {
            return """
                # TLS ends at the web nodes: what is inside cannot be looked at, or sent a second time.
                frontend \(name)
                    mode tcp
                    bind \(bind(forward.from))
                    default_backend \(target)

                """
        }
        let isEncrypted = forward.from.scheme != .http
        let tls = isEncrypted ? " ssl crt \(balancer.certificate ?? "") alpn h2,http/1.1 ssl-min-ver TLSv1.2" : ""
        return """
            frontend \(name)
                bind \(bind(forward.from))\(tls)
                # HAProxy's own health, for whatever stands before it.
                monitor-uri /breakwater-balancer
                # What a client says of itself is not believed.
                http-request del-header X-Forwarded-For
                option forwardfor
                http-request set-header X-Forwarded-Proto \(isEncrypted ? "https" : "http")
                # Only what changes nothing is sent again once a node may have seen it. A POST whose node has died is an
                # error: it may have been an order.
                http-request disable-l7-retry unless METH_GET
                default_backend \(target)

            """
    }

    private func bind(_ endpoint: LoadBalancerTopology.Endpoint) -> String {
        "\(address.contains(":") ? "[\(address)]" : address):\(endpoint.port)"
    }

    /// The first one is `web`, which `breakwater lb` knows by name.
    private static func backend(_ endpoint: LoadBalancerTopology.Endpoint) -> String {
        [.http, .http2].contains(endpoint.scheme) ? "web" : "web-\(endpoint.scheme.rawValue)-\(endpoint.port)"
    }

    private var backends: [String] {
        var seen: Set<String> = []
        return balancer.forward.map(\.to).compactMap { endpoint in
            let name = Self.backend(endpoint)
            return seen.insert(name).inserted ? backend(name, endpoint) : nil
        }
    }

    private func backend(_ name: String, _ endpoint: LoadBalancerTopology.Endpoint) -> String {
        let health = balancer.health
        let isHTTP = name == "web"
        let sticky = isHTTP && balancer.sticky == .cookie
        var lines = ["backend \(name)"]
        if isHTTP {
            lines += [
                "    balance leastconn",
                "    # Of a node that dies in the middle of a page, another one makes the page: GET and HEAD alone, see above.",
                "    retry-on conn-failure empty-response response-timeout",
            ]
        } else {
            lines += ["    mode tcp", "    balance leastconn"]
        }
        if sticky {
            lines += [
                "    # A shopper stays on a node while it serves.",
                "    cookie breakwater_node insert indirect nocache httponly",
            ]
        }
        // The agent's own endpoint tells a node that is drained from one that is broken, for who asks it so.
        let isOurs = health.path == "/healthz"
        if isOurs {
            lines += [
                "    # The agent answers 200 or 503, exactly, and only for faults of the node itself (docs/agent.md); a node that",
                "    # is being drained answers 404 to this question: it gets nothing new, and what it has begun it may end.",
            ]
        }
        lines += [
            "    option httpchk",
            "    http-check send meth GET uri \(health.path)\(isOurs ? "?drain=404" : "") ver HTTP/1.1 hdr Host "
                + (topology.domain ?? "localhost"),
            "    http-check expect status 200",
        ]
        if isOurs { lines.append("    http-check disable-on-404") }
        lines += [
            "    timeout check \(milliseconds(health.timeout))",
            "    # Down after \(health.unhealthy) failed checks, one each \(health.interval.topologyText); up after "
                + "\(health.healthy). A node that refuses three",
            "    # connections in a row counts as having failed its checks. What hangs on a node that is down is cut off: a",
            "    # shopper would wait for the whole of `timeout server`.",
            "    default-server check port \(health.port) inter \(milliseconds(health.interval)) fall "
                + "\(health.unhealthy) rise \(health.healthy) observe layer4 error-limit 3 on-error mark-down on-marked-down shutdown-sessions "
                + "maxconn \(max(8, (topology.web?.workers ?? 8) * 4))",
        ]
        lines += servers.map { server in
            "    server \(server.name) \(server.address):\(endpoint.port)\(sticky ? " cookie \(server.name)" : "")"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func milliseconds(_ duration: Duration) -> String { "\(duration.wholeMilliseconds)ms" }
}
