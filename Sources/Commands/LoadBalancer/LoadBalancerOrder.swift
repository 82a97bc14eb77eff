internal import HAProxy
internal import Topology

/// Tells a node's servers in all balancers what to be, and waits until they are.
struct LoadBalancerOrder {
    private static let slice = Duration.milliseconds(100)

    var place: LoadBalancerPlace
    var node: String
    var state: HAProxySocket.ServerState

    /// Whether nobody would be left in some backend of some balancer.
    func leavesNobody() throws -> Bool {
        try place.balancers.contains { balancer in
            let view = try BalancerView(balancer)
            return try view.servers(of: node).contains { mine in
                !view.servers.contains { $0.backend == mine.backend && $0.name != node && $0.serving }
            }
        }
    }

    func give() throws {
        // All are looked at before the first is told anything.
        let views = try place.balancers.map { ($0, try BalancerView($0).servers(of: node)) }
        for (balancer, servers) in views {
            for server in servers {
                try balancer.with { socket throws(HAProxyError) in
                    try socket.set("\(server.backend)/\(server.name)", state: state)
                }
            }
        }
    }

    /// Waits at most so long; looks once at least.
    func settle(within limit: Duration, until isSettled: (BalancerView.Server) -> Bool) async throws -> BalancerViews {
        let end = ContinuousClock.now + limit
        while true {
            let views = try place.balancers.map { try BalancerView($0) }
            let settled = try views.allSatisfy { try $0.servers(of: node).allSatisfy(isSettled) }
            if settled || ContinuousClock.now >= end { return BalancerViews(settled: settled, balancers: views) }
            try await Task.sleep(for: Self.slice)
        }
    }

    static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(topologyText: text), duration <= .seconds(3600) else {
            throw UserFacingError(
                code: "lb.wait", summary: "'\(text)' is not a duration of at most 1h, such as 30s", status: .invalid)
        }
        return duration
    }
}
