package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
package import RedisClient
import ServiceLifecycle

/// Serves `/livez`, `/readyz` and `/metrics` over HTTP/1.1. Bounded in connections, time and bytes, since whoever can
/// reach the address may ask; without a password, so it belongs on loopback.
package struct AdminServer: Service {
    /// Answers one request.
    package typealias Responder = @Sendable (AdminRequest) async -> AdminResponse

    private static let idleTimeout = TimeAmount.seconds(15)

    private let listener: any Channel
    private let connections: AdminConnections

    /// The address it listens on.
    package var address: SocketAddress? { listener.localAddress }

    /// Opens the address and serves from then on; `run()` keeps it up. `status` is called for each request that shows
    /// it.
    ///
    /// - Throws: `ConfigurationProblem`.
    package static func bind(
        to endpoint: RedisEndpoint, group: any EventLoopGroup, logger: Logger,
        status: @escaping @Sendable () async -> ProxyStatus
    ) async throws -> AdminServer {
        try await bind(to: endpoint, group: group, logger: logger) { request in
            await AdminResponse.to(method: request.method, target: request.target, status: status)
        }
    }

    /// The same for other pages, which must see for themselves who asks when the address is not loopback.
    ///
    /// - Throws: `ConfigurationProblem`.
    package static func bind(
        to endpoint: RedisEndpoint, group: any EventLoopGroup, logger: Logger, respond: @escaping Responder
    ) async throws -> AdminServer {
        let connections = AdminConnections()
        do {
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(ListenerBinder.reusePort, value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try configure(channel, connections, logger, respond)
                    }
                }
                .bind(host: endpoint.host, port: endpoint.port).get()
            return AdminServer(listener: listener, connections: connections)
        } catch {
            throw ConfigurationProblem.cannotListen(on: endpoint.description, error)
        }
    }

    private static func configure(
        _ channel: any Channel, _ connections: AdminConnections, _ logger: Logger, _ respond: @escaping Responder
    ) throws {
        guard connections.admit(channel) else { return channel.close(promise: nil) }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(IdleStateHandler(allTimeout: idleTimeout))
        try pipeline.configureHTTPServerPipeline()
        try pipeline.addHandler(AdminHandler(logger: logger, respond: respond))
    }

    /// Serves until it is cancelled or the service group shuts down; its connections end with it.
    package func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await listener.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            listener.close(promise: nil)
        }
        connections.closeAll()
    }
}
