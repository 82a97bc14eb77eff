internal import NIOCore
internal import NIOTLS

/// Stands behind the TLS handler and says when the handshake is over, within a time.
final class TLSHandshakeObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let deadline: NIODeadline
    private let outcome: EventLoopPromise<Void>
    private var late: Scheduled<Void>?

    init(_ eventLoop: any EventLoop, deadline: NIODeadline) {
        outcome = eventLoop.makePromise()
        self.deadline = deadline
    }

    /// Fails with a `RedisConnectionError`; the channel is then closed.
    func established(_ address: RedisAddress) -> EventLoopFuture<Void> {
        outcome.futureResult.flatMapErrorThrowing { throw RedisConnectionError(handshake: $0, address) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        late = context.eventLoop.scheduleTask(deadline: deadline) { [outcome] in
            outcome.fail(ChannelError.connectTimeout(.zero))
            channel.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            late?.cancel()
            outcome.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome.fail(error)
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        late?.cancel()
        outcome.fail(ChannelError.eof)
    }
}

extension RedisConnectionError {
    fileprivate init(handshake error: any Error, _ address: RedisAddress) {
        if case ChannelError.connectTimeout = error {
            self = .connectTimedOut(address)
        } else if let reason = TLSFailure.reason(error), !TLSFailure.isHangUp(error) {
            self = .untrusted(address, reason: reason)
        } else {
            self = .connectionLost(reason: "closed during the TLS handshake")
        }
    }
}
