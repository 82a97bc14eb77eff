package import LocalStack
package import RedisClient
internal import Topology

/// A local stack as the stage of a drill.
package struct LocalStackStage: DrillStage {
    private let stack: LocalStack
    package let redis: [StageNode]
    package let sentinels: [StageNode]
    package let downAfter: Duration
    package let isPersistent: Bool

    package init(_ stack: LocalStack) {
        self.stack = stack
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

    package func pid(of name: String) async -> Int32? { stack.pid(of: name) }

    package func start(_ name: String) async throws {
        // The supervisor may not have noticed the death yet that the kernel already told the drill of.
        await stack.ended(name)
        try stack.start(name)
    }
}

extension LocalStack {
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
