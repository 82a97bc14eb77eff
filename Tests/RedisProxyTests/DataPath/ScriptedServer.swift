import Glibc
import NIOCore
import NIOPosix
import RESP
import RedisClient
import Synchronization

/// A server that answers as a test says, so that each case of a lost or refused command can be brought about exactly.
final class ScriptedServer: Sendable {
    enum Answer {
        case reply(String)
        /// Takes the command and says nothing.
        case silence
        /// Takes the command and closes the connection.
        case close
        /// Sends this and then closes the connection.
        case replyThenClose(String)
    }

    typealias Script = @Sendable ([String]) -> Answer

    private struct State {
        var script: Script
        var role = "master"
        var commands: [[String]] = []
        var resets = 0
    }

    private let state: Mutex<State>
    private let channel: any Channel
    let endpoint: RedisEndpoint

    /// The set-up of a connection (CLIENT SETNAME, SELECT, HELLO, ROLE) is answered by itself; all other commands go to
    /// `script` and into the record.
    static func start(on group: any EventLoopGroup, script: @escaping Script) async throws -> ScriptedServer {
        let box = Mutex<ScriptedServer?>(nil)
        let holder = Holder()
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptedConnection(holder: holder))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel, script: script)
        holder.server.withLock { $0 = server }
        box.withLock { $0 = server }
        return server
    }

    private init(channel: any Channel, script: @escaping Script) {
        self.channel = channel
        endpoint = RedisEndpoint(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
        state = Mutex(State(script: script))
    }

    /// What was asked, in order of arrival.
    var commands: [[String]] { state.withLock { $0.commands } }

    /// Connections that ended in a reset: what was still on its way to the server was dropped.
    var resets: Int { state.withLock { $0.resets } }

    fileprivate func noteReset() { state.withLock { $0.resets += 1 } }

    func setScript(_ script: @escaping Script) { state.withLock { $0.script = script } }
    func setRole(_ role: String) { state.withLock { $0.role = role } }

    func stop() async throws { try await channel.close().get() }

    fileprivate func answer(_ command: [String]) -> Answer {
        switch command.first?.uppercased() {
        case "CLIENT", "SELECT", "AUTH": return .reply("+OK\r\n")
        case "ROLE":
            let role = state.withLock { $0.role }
            if role == "slave" { return .reply("*5\r\n$5\r\nslave\r\n$1\r\nm\r\n:1\r\n$9\r\nconnected\r\n:0\r\n") }
            return .reply("*3\r\n$\(role.utf8.count)\r\n\(role)\r\n:0\r\n*0\r\n")
        default:
            let script = state.withLock { state in
                state.commands.append(command)
                return state.script
            }
            return script(command)
        }
    }

    final class Holder: Sendable {
        let server = Mutex<ScriptedServer?>(nil)
    }
}

private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let holder: ScriptedServer.Holder
    private var inbound = ByteBuffer()
    private var parser = RequestParser()

    init(holder: ScriptedServer.Holder) { self.holder = holder }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if (error as? IOError)?.errnoCode == ECONNRESET { holder.server.withLock { $0 }?.noteReset() }
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbound.writeImmutableBuffer(unwrapInboundIn(data))
        while case .command(let frame)? = try? inbound.withUnsafeReadableBytes({ try parser.next($0) }) {
            guard let bytes = inbound.readSlice(length: frame.length), let arguments = bytes.commandArguments(),
                let server = holder.server.withLock({ $0 })
            else { return }
            switch server.answer(arguments.map { String(buffer: $0) }) {
            case .reply(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .silence:
                break
            case .close:
                return context.close(promise: nil)
            case .replyThenClose(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                return context.close(promise: nil)
            }
        }
    }
}
