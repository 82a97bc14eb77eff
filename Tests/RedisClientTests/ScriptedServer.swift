import NIOCore
import NIOPosix
import RESP
import Synchronization

@testable import RedisClient

/// A server on loopback that answers each command as a script says: the raw bytes to send, nil to say nothing.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable ([String]) -> Answer

    enum Answer {
        case send(String)
        case silence
        case hangUp
        /// Sends the same bytes over and over until the client has had enough.
        case endless(String)
    }

    let endpoint: RedisEndpoint
    private let channel: any Channel

    private init(channel: any Channel, port: Int) {
        self.channel = channel
        endpoint = RedisEndpoint(host: "127.0.0.1", port: port)
    }

    @discardableResult
    static func running<Result: Sendable>(
        _ script: @escaping Script, prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
        body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    try channel.pipeline.syncOperations.addHandler(ScriptedHandler(script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel, port: channel.localAddress?.port ?? 0)
        do {
            let result = try await body(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    func connect(_ adjust: (inout RedisConnection.Options) -> Void = { _ in }) async throws -> RedisConnection {
        var options = RedisConnection.Options()
        // Tests share the machine with others; only those that are about time set one.
        options.connectTimeout = .seconds(60)
        options.commandTimeout = .seconds(60)
        adjust(&options)
        return try await RedisConnection.connect(to: .tcp(endpoint), options: options)
    }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let script: ScriptedServer.Script
    private var decoder = RESPValueDecoder()
    private var received = ByteBuffer()

    init(script: @escaping ScriptedServer.Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        while let command = try? decoder.decode(&received) {
            switch script(command.elements?.compactMap(\.string) ?? []) {
            case .silence: break
            case .hangUp: context.close(promise: nil)
            case .send(let text): context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
            case .endless(let text): flood(context.channel, ByteBuffer(string: String(repeating: text, count: 1000)))
            }
        }
    }

    private func flood(_ channel: any Channel, _ bytes: ByteBuffer) {
        guard channel.isActive else { return }
        let loop = channel.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        channel.writeAndFlush(bytes).whenSuccess { loop.execute { bound.value.flood(channel, bytes) } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
