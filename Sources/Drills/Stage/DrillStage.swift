package import RedisClient
package import Topology

/// A server of the stack under test.
package struct StageNode: Sendable, Hashable {
    package var name: String
    package var endpoint: RedisEndpoint

    package init(name: String, endpoint: RedisEndpoint) {
        self.name = name
        self.endpoint = endpoint
    }
}

/// The stack that a drill strikes: real processes on this machine, which somebody else started and supervises.
///
/// The drill takes nothing on trust from it but names, addresses and process ids: whether a fault took effect and
/// whether the stack has healed is asked from the kernel and from the servers themselves.
package protocol DrillStage: Sendable {
    var redis: [StageNode] { get }
    var sentinels: [StageNode] { get }
    /// The name in `sentinel monitor NAME …`.
    var service: String { get }
    /// For commands that an operator runs on the Redis nodes.
    var nodeCredentials: RedisCredentials? { get }
    var sentinelCredentials: RedisCredentials? { get }
    /// For connections to nodes and Sentinels; nil when they speak in the clear.
    var tls: RedisTLS? { get }
    var downAfter: Duration { get }
    /// Whether the Redis nodes keep their data over a restart.
    var isPersistent: Bool { get }
    var role: RedisTopology.Role { get }
    /// Whether the drill's durable prefix is declared.
    var isDurable: Bool { get }
    /// How long a sidecar may write without having heard a Sentinel majority.
    var selfFence: Duration { get }
    /// The host of each sidecar, in the order of the topology.
    var sidecarHosts: [String] { get }
    /// The hosts' links, where hosts have any.
    var network: HostNetwork? { get }
    /// Where a Redis node keeps its data.
    func dataDirectory(of name: String) -> String?

    /// The process id of a server, or `nil` when it is not running.
    func pid(of name: String) async -> Int32?
    /// Makes another node the master, as an operator would: runs `breakwater switchover redis` to its end.
    func switchOver() async throws
    /// Starts a server again that was killed, with the files it had.
    func start(_ name: String) async throws
}

extension DrillStage {
    package var tls: RedisTLS? { nil }
}
