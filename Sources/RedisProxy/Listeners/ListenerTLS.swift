package import NIOCore
internal import NIOSSL
internal import NIOTLS
package import RedisClient
internal import Synchronization

/// TLS towards clients, on TCP listeners. Certificates may be replaced while clients are connected: those stay, new
/// ones see the new certificate.
package final class ListenerTLS: Sendable {
    /// Whether clients need a certificate.
    package enum Clients: String, Sendable, CaseIterable {
        /// Of one of the authorities.
        case required
        /// One that is presented must be valid; none is fine.
        case optional
    }

    /// What it is made from. Equal when the files say the same.
    package struct Settings: Sendable, Equatable {
        let material: TLSMaterial
        let clients: Clients
        let context: NIOSSLContext

        /// Reads the files. Without `ca` clients are not asked for certificates.
        package init(_ files: TLSMaterial.Files, clients: Clients) throws(TLSProblem) {
            material = try TLSMaterial(files)
            self.clients = clients
            guard let key = material.key else { throw TLSProblem("the listener", "has no certificate") }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: [], privateKey: .privateKey(key))
            if material.authorities != nil {
                configuration.certificateVerification =
                    clients == .required ? .noHostnameVerification : .optionalVerification
            }
            context = try material.context(configuration, files)
        }

        package static func == (left: Settings, right: Settings) -> Bool {
            left.material == right.material && left.clients == right.clients
        }
    }

    /// How long a handshake may take; a client that takes longer holds a connection for nothing.
    static let handshakeLimit = TimeAmount.seconds(5)

    private let state: Mutex<Settings>
    private let limit: TimeAmount

    package init(_ settings: Settings, handshakeLimit: TimeAmount = ListenerTLS.handshakeLimit) {
        state = Mutex(settings)
        limit = handshakeLimit
    }

    /// Clients that connect from now on see these.
    package func update(_ settings: Settings) {
        state.withLock { $0 = settings }
    }

    /// Puts TLS in front of an accepted client, on its event loop. `onFailure` is told why a handshake failed.
    func secure(_ channel: any Channel, onFailure: @escaping (String) -> Void) throws {
        let context = state.withLock(\.context)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLServerHandler(context: context))
        try pipeline.addHandler(TLSHandshakeGuard(limit: limit, onFailure: onFailure))
    }
}

/// Between TLS and the session until the handshake is over.
final class TLSHandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let limit: TimeAmount
    private let onFailure: (String) -> Void
    private var late: Scheduled<Void>?

    init(limit: TimeAmount, onFailure: @escaping (String) -> Void) {
        self.limit = limit
        self.onFailure = onFailure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        late = context.eventLoop.scheduleTask(in: limit) {
            let (guardian, context) = bound.value
            guardian.fail("no handshake within \(guardian.limit.nanoseconds / 1_000_000) ms", context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { late?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(TLSFailure.reason(error) ?? "\(error)", context)
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        onFailure(reason)
        context.close(promise: nil)
    }
}
