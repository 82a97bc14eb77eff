internal import NIOCore
internal import NIOPosix
internal import RedisClient

/// One GET to a sidecar's admin address.
enum HTTPProbe {
    /// The status code, or nil when there is no answer within the time. The body is ignored.
    static func status(_ endpoint: RedisEndpoint, path: String, timeout: TimeAmount = .seconds(1)) async -> Int? {
        guard let address = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) else { return nil }
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: Int?.self)
        let bootstrap = ClientBootstrap(group: promise.futureResult.eventLoop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StatusLineReader(promise: promise))
                }
            }
        do {
            let channel = try await bootstrap.connect(to: address).get()
            let request = "GET \(path) HTTP/1.1\r\nHost: \(endpoint)\r\nConnection: close\r\n\r\n"
            channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
            try await channel.writeAndFlush(channel.allocator.buffer(string: request))
        } catch {
            promise.succeed(nil)
        }
        return try? await promise.futureResult.get()
    }
}

/// Reads `HTTP/1.1 200 …`, which is far shorter than a segment, and closes.
private final class StatusLineReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Int?>
    private var received = ByteBuffer()

    init(promise: EventLoopPromise<Int?>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard received.readableBytes >= 12 else { return }
        let words = received.getString(at: received.readerIndex, length: 12)?.split(separator: " ") ?? []
        promise.succeed(words.count == 2 && words[0].hasPrefix("HTTP/1.") ? Int(words[1]) : nil)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
