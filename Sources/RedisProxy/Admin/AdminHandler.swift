import Logging
package import NIOCore
import NIOHTTP1
import RedisClient

/// A request as the pages see it.
package struct AdminRequest: Sendable {
    package var method: String
    package var target: String
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8] = []
    /// The connection's two ends.
    package var local: SocketAddress?
    package var peer: SocketAddress?

    /// The header's value; nil when it is missing or given twice.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name.lowercased() }
        return values.count == 1 ? values[0].value : nil
    }
}

/// Answers the requests of one connection, one after the other.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let bodyLimit = ControlRequest.bodyLimit

    private let logger: Logger
    private let respond: AdminServer.Responder
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(logger: Logger, respond: @escaping AdminServer.Responder) {
        self.logger = logger
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let bytes):
            guard body.count + bytes.readableBytes <= Self.bodyLimit else { return context.close(promise: nil) }
            body += bytes.readableBytesView
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    /// The pipeline passes no further request on before this one is answered.
    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let question = AdminRequest(
            method: request.method.rawValue, target: request.uri,
            headers: request.headers.map { (name: $0.name, value: $0.value) }, body: body,
            local: context.channel.localAddress, peer: context.channel.remoteAddress)
        context.eventLoop.makeFutureWithTask { [respond] in
            await respond(question)
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
        for (name, value) in response.headers { headers.add(name: name, value: value) }
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
