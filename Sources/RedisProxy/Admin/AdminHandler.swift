import Logging
import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, one after the other.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Nothing here takes a body.
    private static let bodyLimit = 8 * 1024

    private let logger: Logger
    private let status: @Sendable () async -> ProxyStatus
    private var head: HTTPRequestHead?
    private var bodyBytes = 0

    init(logger: Logger, status: @escaping @Sendable () async -> ProxyStatus) {
        self.logger = logger
        self.status = status
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyBytes = 0
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            if bodyBytes > Self.bodyLimit { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    /// The pipeline passes no further request on before this one is answered.
    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let method = request.method.rawValue
        context.eventLoop.makeFutureWithTask { [status] in
            await AdminResponse.to(method: method, target: request.uri, status: status)
        }.whenSuccess { response in
            let (handler, context) = bound.value
            handler.write(response, to: request, context)
        }
    }

    private func write(_ response: AdminResponse, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        var headers = HTTPHeaders([
            ("Content-Type", response.contentType),
            ("Content-Length", "\(response.body.utf8.count)"),
            ("Cache-Control", "no-store"),
        ])
        if let allow = response.allow { headers.add(name: "Allow", value: allow) }
        if !request.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !request.isKeepAlive { bound.value.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("an admin connection ended", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }
}
