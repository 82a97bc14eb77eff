import Glibc
import NIOCore
import NIOPosix
import RESP
import RedisClient

/// Why an upstream connection could not be used.
enum UpstreamFailure: Error, CustomStringConvertible {
    case connect(any Error)
    case closedDuringHandshake
    /// TLS is not what it should be, on either side.
    case untrusted(String)
    case wrongRole(String)
    case refused(String)
    case handshake(String)

    var description: String {
        switch self {
        case .connect(let error): "cannot connect: \(error)"
        case .closedDuringHandshake: "closed while it was set up"
        case .untrusted(let reason): "no trusted connection: \(reason)"
        case .wrongRole(let role): "says its role is \(role)"
        case .refused(let text): "refuses: \(text)"
        case .handshake(let text): "answers the set-up with: \(text)"
        }
    }

    /// The server is there and will go on refusing: wrong password, no such database.
    var isPermanent: Bool {
        if case .refused = self { true } else { false }
    }
}

/// Whoever uses an upstream connection. All calls come on the connection's event loop.
protocol UpstreamOwner: AnyObject {
    func upstreamReady(_ upstream: UpstreamConnection)
    func upstreamFailed(_ upstream: UpstreamConnection, _ failure: UpstreamFailure)
    func upstreamRead(_ upstream: UpstreamConnection, _ buffer: ByteBuffer)
    func upstreamReadComplete(_ upstream: UpstreamConnection)
    /// What was written before has left for the kernel.
    func upstreamDrained(_ upstream: UpstreamConnection)
    /// A connection that was ready is gone. Called once; never after `close()`.
    func upstreamLost(_ upstream: UpstreamConnection)
}

/// One connection to a Redis node: connects, authenticates, selects, asks for the role, and then hands bytes to its
/// owner. Confined to one event loop.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case connecting
        case handshaking(remaining: [HandshakeStep])
        case ready
        case closed
    }

    private enum HandshakeStep {
        case authenticate, hello, select, name, version, role
    }

    let endpoint: RedisEndpoint
    /// How the server sees this connection. An owner that changes it (SELECT on a private connection) updates it.
    var key: UpstreamKey
    /// The CLIENT SETNAME that was sent last on behalf of a session.
    var clientName: [UInt8]?
    /// Held strongly until the connection ends: an object that anybody refers to weakly is counted the slow way, and
    /// lanes are counted for every command.
    var owner: (any UpstreamOwner)?

    private var state = State.connecting
    private var context: ChannelHandlerContext?
    private var decoder = RESPValueDecoder()
    private var handshakeBytes = ByteBuffer()
    private var readsPaused = false
    private var readWanted = false

    /// What CLIENT LIST shows; nil on a connection that belongs to one client and carries that client's name or none.
    private let connectionName: String?

    /// What the server says of itself, if that was asked for and answered.
    private(set) var serverVersion: String?
    private let asksVersion: Bool

    private init(
        endpoint: RedisEndpoint, key: UpstreamKey, connectionName: String?, asksVersion: Bool, owner: any UpstreamOwner
    ) {
        self.asksVersion = asksVersion
        self.endpoint = endpoint
        self.key = key
        self.connectionName = connectionName
        clientName = connectionName.map { Array($0.utf8) }
        self.owner = owner
    }

    /// Starts to connect; the owner hears of the outcome, never before this returns.
    static func connect(
        to endpoint: RedisEndpoint, key: UpstreamKey, name: String? = nil, asksVersion: Bool = false,
        on eventLoop: any EventLoop, timeout: TimeAmount, tls: RedisTLS?, owner: any UpstreamOwner
    ) -> UpstreamConnection {
        let upstream = UpstreamConnection(
            endpoint: endpoint, key: key, connectionName: name, asksVersion: asksVersion, owner: owner)
        let bound = NIOLoopBound(upstream, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // With these marks "writable" means that the kernel has taken everything.
            .channelOption(.writeBufferWaterMark, value: .init(low: 1, high: 2))
            .channelOption(.maxMessagesPerRead, value: 4)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try tls?.secure(channel, host: endpoint.host)
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .whenFailure { error in bound.value.fail(.connect(error)) }
        return upstream
    }

    /// True when the kernel has taken all that was written.
    var isDrained: Bool { context?.channel.isWritable ?? false }

    func writeAndFlush(_ buffer: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Stops reading from the server until `resumeReading`; the kernel's buffers then slow the server down.
    func pauseReading() { readsPaused = true }

    func resumeReading() {
        readsPaused = false
        if readWanted {
            readWanted = false
            context?.read()
        }
    }

    /// Closes without telling the owner. What the kernel has not delivered yet never will be: it would go on trying
    /// for minutes, and a master that was cut off would run writes after it was replaced, whose clients were told that
    /// nobody knows, or which were sent again elsewhere.
    func close() {
        owner = nil
        state = .closed
        if let socket = context?.channel as? any SocketOptionProvider {
            // Closing with a linger of zero drops the send queue (socket(7), SO_LINGER). On the loop it takes effect
            // at once; that a socket which is closed already refuses it does not matter.
            _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        context?.close(promise: nil)
    }

    // MARK: Handshake

    private func startHandshake() {
        var steps: [HandshakeStep] = []
        var buffer = ByteBuffer()
        let credentials = key.identity.credentials
        if key.protocolVersion == 3 {
            var arguments = ["HELLO", "3"]
            if let credentials {
                arguments += ["AUTH", credentials.username ?? "default", credentials.password.exposed]
            }
            buffer.writeCommand(arguments.map(\.utf8))
            steps.append(.hello)
        } else if let credentials {
            buffer.writeCommand(
                (["AUTH", credentials.username, credentials.password.exposed].compactMap { $0 }).map(\.utf8))
            steps.append(.authenticate)
        }
        if let connectionName {
            buffer.writeCommand("CLIENT", "SETNAME", connectionName)
            steps.append(.name)
        }
        if key.database != 0 {
            buffer.writeCommand("SELECT", String(key.database))
            steps.append(.select)
        }
        if asksVersion {
            buffer.writeCommand("INFO", "server")
            steps.append(.version)
        }
        buffer.writeCommand("ROLE")
        steps.append(.role)
        state = .handshaking(remaining: steps)
        writeAndFlush(buffer)
    }

    private func handshakeReply(_ step: HandshakeStep, _ reply: RESPValue) -> UpstreamFailure? {
        if let message = reply.errorMessage {
            let code = message.prefix { $0 != " " }
            switch (step, code) {
            // What a restricted user may not ask cannot be required of the connection: the watcher, which has its
            // own credentials, has checked the role.
            case (.name, _), (.version, _), (.role, "NOPERM"), (.role, "NOAUTH"), (.select, "NOAUTH"): return nil
            case (_, "LOADING"), (_, "MASTERDOWN"), (_, "BUSY"): return .handshake(message)
            case (.authenticate, _), (.hello, _), (.select, _): return .refused(message)
            case (.role, _): return .handshake(message)
            }
        }
        if step == .version { serverVersion = reply.string.flatMap(ServerVersion.init)?.text }
        return step == .role ? roleFailure(reply.elements ?? []) : nil
    }

    /// A replica that has just started and not synced says so; it may be empty.
    private func roleFailure(_ answer: [RESPValue]) -> UpstreamFailure? {
        guard let role = answer.first?.string else { return nil }
        guard key.replica != nil else { return role == "master" ? nil : .wrongRole(role) }
        let state = answer.count > 3 ? answer[3].string : nil
        return role == "slave" && state == "connected" ? nil : .wrongRole("\(role) (\(state ?? "no link"))")
    }

    private func continueHandshake(_ remaining: [HandshakeStep], _ buffer: ByteBuffer) {
        var remaining = remaining
        handshakeBytes.writeImmutableBuffer(buffer)
        do {
            while let step = remaining.first, let reply = try decoder.decode(&handshakeBytes) {
                remaining.removeFirst()
                if let failure = handshakeReply(step, reply) { return fail(failure) }
            }
        } catch {
            return fail(.handshake("\(error)"))
        }
        if remaining.isEmpty {
            guard handshakeBytes.readableBytes == 0 else { return fail(.handshake("more than was asked for")) }
            state = .ready
            owner?.upstreamReady(self)
        } else {
            state = .handshaking(remaining: remaining)
        }
    }

    private func fail(_ failure: UpstreamFailure) {
        if case .closed = state { return }
        state = .closed
        context?.close(promise: nil)
        let owner = owner
        self.owner = nil
        owner?.upstreamFailed(self, failure)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if case .closed = state { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if case .connecting = state { startHandshake() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        switch state {
        case .ready: owner?.upstreamRead(self, buffer)
        case .handshaking(let remaining): continueHandshake(remaining, buffer)
        case .connecting, .closed: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .ready = state { owner?.upstreamReadComplete(self) }
    }

    func read(context: ChannelHandlerContext) {
        if readsPaused { readWanted = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .ready = state, context.channel.isWritable { owner?.upstreamDrained(self) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .handshaking = state, let reason = TLSFailure.reason(error) { return fail(.untrusted(reason)) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        case .ready:
            state = .closed
            let owner = owner
            self.owner = nil
            owner?.upstreamLost(self)
        case .connecting, .handshaking:
            fail(.closedDuringHandshake)
        case .closed:
            break
        }
    }
}
