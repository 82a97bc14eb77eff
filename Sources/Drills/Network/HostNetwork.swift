internal import Glibc
package import LocalStack

/// Hosts as network namespaces on one bridge, and the links between them as something that can be cut.
///
/// The bridge is this process' own end: `10.231.0.254`. What the drill itself sends and receives is not forwarded, so
/// it reaches every host whatever is cut, and can watch both sides of a partition. Packets between two hosts are
/// forwarded by the bridge, and pass the one chain of rules there.
///
/// Lives in the namespaces of ``OwnNetwork``, which end with this process.
package final class HostNetwork: Sendable {
    package let namespaces: HostNamespaces
    /// In the order of their addresses, from `10.231.0.1`.
    package let hosts: [String]

    private init(hosts: [String], namespaces: HostNamespaces) {
        self.hosts = hosts
        self.namespaces = namespaces
    }

    static let directory = "/run/netns"

    /// Makes the bridge and the hosts.
    /// - Throws: `DrillError` when this process has no network of its own, or a tool fails.
    package static func build(_ hosts: [String]) async throws -> HostNetwork {
        guard OwnNetwork.isEntered else {
            throw DrillError("drill.network", "hosts are made only in a network of the drill's own")
        }
        guard let nsenter = SystemProgram.path("nsenter"), hosts.count < 250 else {
            throw DrillError("drill.network_tools", "nsenter is not installed")
        }
        // `ip netns` names namespaces by files there. This mount is seen by nobody outside.
        mkdir(directory, 0o755)
        try await SystemProgram.run("mount", ["-t", "tmpfs", "breakwater", directory])
        var lines = ["link set lo up", "link add bridge0 type bridge", "address add \(hub)/24 dev bridge0"]
        lines.append("link set bridge0 up")
        try await SystemProgram.run("ip", ["-batch", "-"], input: lines.joined(separator: "\n") + "\n")
        var places: [String: HostNamespaces.Place] = [:]
        for (index, host) in hosts.enumerated() {
            let place = HostNamespaces.Place(address: "10.231.0.\(index + 1)", namespace: "\(directory)/\(host)")
            let port = port(index)
            let outside = [
                "netns add \(host)", "link add \(port) type veth peer name eth0 netns \(host)",
                "link set \(port) master bridge0 up",
            ]
            let inside = ["link set lo up", "address add \(place.address)/24 dev eth0", "link set eth0 up"]
            try await SystemProgram.run("ip", ["-batch", "-"], input: outside.joined(separator: "\n") + "\n")
            try await SystemProgram.run(
                "ip", ["-n", host, "-batch", "-"], input: inside.joined(separator: "\n") + "\n")
            places[host] = place
        }
        try await SystemProgram.run(
            "nft", ["-f", "-"],
            input: "table bridge breakwater {\n chain cut { type filter hook forward priority 0; policy accept; }\n}\n")
        return HostNetwork(hosts: hosts, namespaces: HostNamespaces(places: places, program: nsenter))
    }

    private static let hub = "10.231.0.254"

    /// The bridge's end of a host's link.
    private static func port(_ index: Int) -> String { "host\(index + 1)" }

    func port(of host: String) -> String? { hosts.firstIndex(of: host).map(Self.port) }

    func address(of host: String) -> String? { namespaces.places[host]?.address }

    /// Sends one datagram from a host to another; whether it arrives is for the rules to say.
    func knock(from: String, to: String) async throws {
        guard let source = namespaces.places[from], let address = address(of: to) else { return }
        // The port is nobody's (discard), and the answer, if any, is of no interest.
        _ = try? await SystemProgram.run(
            "nsenter",
            ["--net=\(source.namespace)", "--", "/bin/bash", "-c", "echo > /dev/udp/\(address)/9"])
    }
}
