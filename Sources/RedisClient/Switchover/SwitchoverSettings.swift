package import NIOCore
import NIOPosix

/// What a planned switchover deals with.
package struct SwitchoverSettings: Sendable {
    /// A sidecar and its control address.
    package struct Sidecar: Hashable, Sendable {
        package var name: String
        package var control: RedisEndpoint

        package init(name: String, control: RedisEndpoint) {
            self.name = name
            self.control = control
        }
    }

    /// The name in `sentinel monitor NAME …`.
    package var service: String
    /// All of them: the majority is counted among these.
    package var sentinels: [RedisEndpoint]
    package var sentinelCredentials: RedisCredentials?
    /// Of the ACL user `breakwater`, on the Redis nodes; nil when they ask for none.
    package var credentials: RedisCredentials?
    /// Of the ACL user `operator`, who may set a node's priority; only a switchover with a target needs it.
    package var operatorCredentials: RedisCredentials?
    /// Of the nodes and the Sentinels; nil for connections in the clear.
    package var tls: RedisTLS?
    /// Every sidecar that could write to the master.
    package var sidecars: [Sidecar]
    package var key: ControlKey
    /// The node that is to become master; nil for whom Sentinel prefers.
    package var target: RedisEndpoint?
    /// Sidecars that may be missing, by name.
    package var without: Set<String> = []
    /// How long clients may wait before a Sentinel is asked; beyond that everything is undone.
    package var patience: Duration = .milliseconds(400)
    package var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    package init(
        service: String, sentinels: [RedisEndpoint], credentials: RedisCredentials?, sidecars: [Sidecar],
        key: ControlKey
    ) {
        self.service = service
        self.sentinels = sentinels
        self.credentials = credentials
        self.sidecars = sidecars
        self.key = key
    }
}
