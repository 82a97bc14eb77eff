internal import Topology

/// Hosts that have a network of their own, instead of an address on this machine's loopback.
///
/// Whoever makes these networks keeps them alive for as long as the stack runs, and must be in one that reaches them
/// all. A process is started in its host's network by `nsenter`, which becomes the program: the process id is the
/// program's, and the supervisor treats it like any other.
package struct HostNamespaces: Sendable, Equatable {
    package struct Place: Sendable, Equatable {
        package var address: String
        /// What `setns(2)` takes, such as `/run/netns/redis-1`.
        package var namespace: String

        package init(address: String, namespace: String) {
            self.address = address
            self.namespace = namespace
        }
    }

    /// By the host's name.
    package var places: [String: Place]
    /// The path of util-linux' `nsenter`.
    package var program: String

    package init(places: [String: Place], program: String) {
        self.places = places
        self.program = program
    }

    /// The same topology with these hosts' addresses; nil when one of its hosts has no place.
    func assigned(_ topology: StoreTopology) -> StoreTopology? {
        var topology = topology
        for index in topology.hosts.indices {
            guard let place = places[topology.hosts[index].name] else { return nil }
            topology.hosts[index].address = place.address
        }
        return topology
    }

    /// The member as it is started on that host.
    func moving(_ member: StackPlan.Member, to host: String) -> StackPlan.Member {
        guard let place = places[host] else { return member }
        var member = member
        member.arguments = ["--net=\(place.namespace)", "--", member.executable] + member.arguments
        member.executable = program
        return member
    }
}
