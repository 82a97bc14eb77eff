package import ArgumentParser
internal import HAProxy
internal import LocalStack
internal import Rendering
internal import Topology

/// Which HAProxy is meant.
package struct BalancerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "HAProxy's runtime socket (default: those of the store on this machine, or /run/haproxy/admin.sock).",
            valueName: "path"))
    package var socket: String?
    @OptionGroup package var topology: TopologyOptions
    @OptionGroup package var state: StateOptions

    package init() {}
}

/// The balancers that can be asked from here, and what stands behind them.
struct LoadBalancerPlace {
    struct Balancer {
        /// The host; of a balancer in production it is the one that this runs on, whichever that is.
        var name: String?
        var path: String

        /// What `body` does with the socket, with the error that a user sees.
        func with<Value>(_ body: (HAProxySocket) throws(HAProxyError) -> Value) throws -> Value {
            do {
                return try body(HAProxySocket(path: path))
            } catch {
                throw UserFacingError(
                    code: "lb.haproxy", summary: "HAProxy at \(path) could not be asked, or refused",
                    hint: "is it running, and may this user write to its socket? --socket names another one",
                    cause: error.reason)
            }
        }
    }

    let balancers: [Balancer]
    /// With the addresses of a local store, when one is there.
    let topology: StoreTopology

    var nodes: [String] { topology.web?.nodes ?? [] }

    init(_ options: BalancerOptions, _ console: Console) throws {
        var topology = try options.topology.load(console)
        guard let balancer = topology.loadBalancer, !balancer.nodes.isEmpty else {
            throw UserFacingError(
                code: "lb.not_own", summary: "the store has no load balancer of its own",
                hint: "`load_balancer.nodes` names the hosts that run HAProxy; the provider's balancer is not asked",
                status: .invalid)
        }
        if topology.provider == .local {
            topology = topology.assigned(from: options.state.directory(topology: options.topology.file))
        }
        self.topology = topology
        if let socket = options.socket {
            balancers = [Balancer(name: nil, path: socket)]
        } else if topology.provider == .local {
            let layout = RenderLayout.local(
                directory: options.state.directory(topology: options.topology.file).hosts)
            balancers = balancer.nodes.map { Balancer(name: $0, path: layout.balancer(on: $0).adminSocket) }
        } else {
            // A socket is reached on its own machine alone, and all of them have it in the same place.
            balancers = [
                Balancer(name: nil, path: RenderLayout.production.balancer(on: balancer.nodes[0]).adminSocket)
            ]
        }
    }

    func check(_ node: String) throws {
        guard nodes.contains(node) else {
            throw UserFacingError(
                code: "lb.unknown_node", summary: "there is no web node \(node)",
                hint: "the nodes are \(nodes.joined(separator: ", "))", status: .invalid)
        }
    }
}
