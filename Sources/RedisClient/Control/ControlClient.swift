internal import FoundationEssentials
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks sidecars on their control addresses. One connection for each question: questions are rare, and a connection
/// that nobody keeps cannot be stale when it matters.
package struct ControlClient: Sendable {
    private let key: ControlKey
    private let group: any EventLoopGroup

    package init(key: ControlKey, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.key = key
        self.group = group
    }

    /// - Throws: `ControlError`, or `CancellationError`.
    package func ask<Answer: Decodable & Sendable>(
        _ endpoint: RedisEndpoint, _ verb: ControlVerb, _ question: some Encodable & Sendable = Nothing(),
        as answer: Answer.Type = Answer.self, timeout: TimeAmount
    ) async throws -> Answer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = [UInt8](try encoder.encode(question))
        let reply = try await exchange(endpoint, verb, body, timeout)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard reply.status == 200 else {
            let refusal = try? decoder.decode(ControlRefusal.self, from: Data(reply.body))
            let reason = refusal?.error ?? "HTTP \(reply.status)"
            throw reply.status == 409 ? ControlError.declined(reason) : ControlError.failed(reason)
        }
        do {
            return try decoder.decode(Answer.self, from: Data(reply.body))
        } catch {
            throw ControlError.failed("it gave an answer that cannot be read")
        }
    }

    /// A question without a body.
    package struct Nothing: Encodable, Sendable {
        package init() {}
    }

    private func exchange(
        _ endpoint: RedisEndpoint, _ verb: ControlVerb, _ body: [UInt8], _ timeout: TimeAmount
    ) async throws -> ControlReply {
        try Task.checkCancellation()
        let loop = group.next()
        let promise = loop.makePromise(of: ControlReply.self)
        let timer = loop.scheduleTask(in: timeout) { promise.fail(ControlError.unreachable("no answer in time")) }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        let question = ControlQuestion(key: key, verb: verb, body: body, host: endpoint.description)
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(ControlQuestioner(question, promise))
            }
        }
        let connecting =
            (try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port)).map { bootstrap.connect(to: $0) }
            ?? bootstrap.connect(host: endpoint.host, port: endpoint.port)
        connecting.whenComplete { result in
            switch result {
            case .success(let channel): promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
            case .failure(let error): promise.fail(ControlError.unreachable("\(error)"))
            }
        }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            promise.fail(CancellationError())
        }
    }
}

/// Why a question to a sidecar had no good answer.
package enum ControlError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nobody answered, or not in time; the question may have been heard.
    case unreachable(String)
    /// The answer does not prove that whoever gave it knows the secret.
    case unproven
    /// It was heard, and is in conflict with something: another switchover, another master.
    case declined(String)
    /// The secret, the clock, the request or the sidecar is not as it should be.
    case failed(String)

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .unproven: "its answer does not prove that it knows the control secret"
        case .declined(let reason), .failed(let reason): reason
        }
    }
}

private struct ControlQuestion: Sendable {
    var key: ControlKey
    var verb: ControlVerb
    var body: [UInt8]
    var host: String
}

private struct ControlReply: Sendable {
    var status: Int
    var body: [UInt8]
}

/// Sends one sealed request and takes one sealed reply.
private final class ControlQuestioner: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let question: ControlQuestion
    private let promise: EventLoopPromise<ControlReply>
    private var nonce = ""
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    init(_ question: ControlQuestion, _ promise: EventLoopPromise<ControlReply>) {
        self.question = question
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        guard let audience = ControlRequest.audience(context.channel.remoteAddress) else {
            return promise.fail(ControlError.unreachable("the connection has no address"))
        }
        let request = ControlRequest(
            audience: audience, verb: question.verb.rawValue, time: ControlRequest.clock,
            nonce: ControlRequest.newNonce(), body: question.body)
        nonce = request.nonce
        let headers = HTTPHeaders([
            ("Host", question.host), ("Content-Type", "application/json"), ("Content-Length", "\(request.body.count)"),
            ("Connection", "close"), (ControlRequest.Header.time, "\(request.time)"),
            (ControlRequest.Header.nonce, request.nonce),
            (ControlRequest.Header.seal, question.key.seal(of: request)),
        ])
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: ControlRequest.path + request.verb, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let bytes):
            body += bytes.readableBytesView
            if body.count > ControlRequest.bodyLimit { promise.fail(ControlError.failed("its answer is too long")) }
        case .end:
            guard let head else { return }
            let status = Int(head.status.code)
            let seal = head.headers.first(name: ControlRequest.Header.seal) ?? ""
            if question.key.isSeal(seal, ofReplyTo: nonce, status: status, body: body) {
                promise.succeed(ControlReply(status: status, body: body))
            } else if status == 401 {
                // Whoever does not know our secret cannot seal the refusal with it.
                promise.fail(ControlError.failed(String(decoding: body.prefix(200), as: UTF8.self)))
            } else {
                promise.fail(ControlError.unproven)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ControlError.unreachable("the connection was closed without an answer"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(ControlError.failed("\(error)"))
        context.close(promise: nil)
    }
}
