internal import HAProxy
internal import Topology

/// Something that a running HAProxy has otherwise than the topology. Pure.
enum BalancerDifference: Equatable {
    /// Its configuration lacks a server, or has one that the topology does not know: only a reload changes that.
    case missing(String)
    case foreign(String)
    /// A server is elsewhere.
    case moved(String, from: String, to: String, address: String, port: Int)
    /// An operator has told it to be something else than ready. It stays so.
    case ordered(String, String)

    /// Whether it can be set right while HAProxy runs.
    var isApplicable: Bool { if case .moved = self { true } else { false } }

    var kind: String {
        switch self {
        case .missing: "missing"
        case .foreign: "foreign"
        case .moved: "moved"
        case .ordered: "ordered"
        }
    }

    var server: String {
        switch self {
        case .missing(let server), .foreign(let server), .moved(let server, _, _, _, _), .ordered(let server, _): server
        }
    }

    var description: String {
        switch self {
        case .missing(let server): "\(server) is not there: render haproxy.cfg and reload HAProxy"
        case .foreign(let server): "\(server) is not in the topology: render haproxy.cfg and reload HAProxy"
        case .moved(let server, let from, let to, _, _): "\(server) is at \(from), and should be at \(to)"
        case .ordered(let server, let order):
            "\(server) was told to be in \(order); `breakwater lb ready` takes it in again"
        }
    }

    /// - Parameters:
    ///   - servers: Those of all backends, as HAProxy has them.
    ///   - topology: With an address for every web node.
    /// - Returns: In the order of the topology, then of HAProxy.
    static func all(between servers: [HAProxyServer], and topology: StoreTopology) -> [BalancerDifference] {
        var differences: [BalancerDifference] = []
        // Backends are looked at as they are called: one that forwards to another port is rendered under another name.
        let backends = servers.map(\.backend).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let nodes = topology.web?.nodes ?? []
        for backend in backends.isEmpty ? ["web"] : backends {
            for node in nodes {
                let path = "\(backend)/\(node)"
                guard let server = servers.first(where: { $0.path == path }) else {
                    differences.append(.missing(path))
                    continue
                }
                // Of another backend the port is in its name alone; it stays.
                let port = backend == "web" ? topology.webPort : server.port
                if let address = topology.address(of: node), (server.address, server.port) != (address, port) {
                    differences.append(
                        .moved(
                            path, from: "\(server.address):\(server.port)", to: "\(address):\(port)", address: address,
                            port: port))
                }
                if server.orders.contains(.maintenance) {
                    differences.append(.ordered(path, "maintenance"))
                } else if server.orders.contains(.drain) {
                    differences.append(.ordered(path, "drain"))
                }
            }
            for server in servers where server.backend == backend && !nodes.contains(server.name) {
                differences.append(.foreign(server.path))
            }
        }
        return differences
    }
}
