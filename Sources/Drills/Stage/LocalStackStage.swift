package import LocalStack
package import RedisClient
package import Topology

/// A local stack as the stage of a drill.
package struct LocalStackStage: DrillStage {
    private let stack: LocalStack
    package let redis: [StageNode]
    package let sentinels: [StageNode]
    package let downAfter: Duration
    package let isPersistent: Bool

    package let role: RedisTopology.Role
    package let isDurable: Bool
    package let selfFence: Duration
    package let sidecarHosts: [String]
    package let network: HostNetwork?

    package init(_ stack: LocalStack, network: HostNetwork? = nil) {
        self.stack = stack
        self.network = network
        role = stack.topology.redis?.role ?? .store
        isDurable = stack.topology.redis?.durable.contains(ClientKeys.durablePrefix) ?? false
        selfFence = stack.topology.sidecar?.selfFence ?? .zero
        sidecarHosts = stack.topology.sidecar?.nodes ?? []
        func nodes(_ kind: StackManifest.Kind) -> [StageNode] {
            stack.members(kind).compactMap { member in
                member.endpoint.map { StageNode(name: member.name, endpoint: $0) }
            }
        }
        redis = nodes(.redis)
        sentinels = nodes(.sentinel)
        downAfter = stack.topology.redis?.downAfter ?? .zero
        isPersistent = stack.topology.redis.map { $0.persistence != .off } ?? false
    }

    package var service: String { stack.service }
    package var nodeCredentials: RedisCredentials? { stack.nodeCredentials }
    package var sentinelCredentials: RedisCredentials? { nil }
    package var tls: RedisTLS? { stack.tls }

    package func dataDirectory(of name: String) -> String? { stack.dataDirectory(of: name) }

    package func pid(of name: String) async -> Int32? { stack.pid(of: name) }

    package func switchOver() async throws {
        try await SwitchoverProgram(directory: stack.programDirectory, stateDirectory: stack.state.path).run()
    }

    package func start(_ name: String) async throws {
        // The supervisor may not have noticed the death yet that the kernel already told the drill of.
        await stack.ended(name)
        try stack.start(name)
    }
}

extension LocalStack {
    /// The number of the sidecar behind each of ``sidecarRoutes``.
    package var sidecarsOfRoutes: [Int] {
        members(.sidecar).enumerated().flatMap { number, member in
            Array(repeating: number, count: (member.socket == nil ? 0 : 1) + (member.endpoint == nil ? 0 : 1))
        }
    }

    /// The sidecars' addresses, sockets and TCP in turn, as clients of a store would use them.
    package var sidecarRoutes: [Route] {
        members(.sidecar).flatMap { member -> [Route] in
            let socket = member.socket.map { Route.address(.unix(path: $0)) }
            // The clients of drills speak in the clear.
            let tcp = topology.sidecar?.tls == nil ? member.endpoint.map { Route.address(.tcp($0)) } : nil
            return [socket, tcp].compactMap { $0 }
        }
    }
}
