internal import Glibc
package import NIOCore
internal import NIOPosix
package import RESP

/// One connection to a Redis or Sentinel server, for control: probes, the watcher, drills. Commands are pipelined
/// and matched to their replies first-in-first-out. It does not reconnect. (The sidecar's data path has connections of
/// its own.)
///
/// A command whose time runs out closes the connection, since nothing behind it would be answered either. A cancelled
/// task gets `CancellationError` at once; its command may still run, and its reply is dropped.
package final class RedisConnection: Sendable {
    /// How to connect and greet.
    package struct Options: Sendable {
        package enum ProtocolVersion: Sendable { case resp2, resp3 }

        /// For the connection, TLS and the greeting (`AUTH`, `HELLO`) together.
        package var connectTimeout: TimeAmount = .seconds(2)
        /// For each command, unless it says otherwise.
        package var commandTimeout: TimeAmount = .seconds(2)
        package var credentials: RedisCredentials?
        /// Nil for a connection in the clear. Unix sockets are always in the clear.
        package var tls: RedisTLS?
        package var clientName: String?
        /// RESP3 is needed for subscriptions.
        package var protocolVersion: ProtocolVersion = .resp2
        package var limits = RESPLimits(bulkLength: 64 << 20, elementCount: 1 << 20)
        /// The most bytes that one reply may take up.
        package var maximumReplyBytes = 128 << 20
        /// Takes RESP3's out-of-band data on the event loop; must not block. Subscription confirmations are not
        /// passed on.
        package var onPush: (@Sendable (RESPValue) -> Void)?

        package init() {}
    }

    package let address: RedisAddress
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisConnectionHandler>
    private let commandTimeout: TimeAmount

    private init(
        address: RedisAddress, channel: any Channel, handler: NIOLoopBound<RedisConnectionHandler>,
        commandTimeout: TimeAmount
    ) {
        self.address = address
        self.channel = channel
        self.handler = handler
        self.commandTimeout = commandTimeout
    }

    /// Connects and greets: `HELLO 3 [AUTH …]` for RESP3, otherwise `AUTH` if there are credentials.
    ///
    /// - Throws: `RedisConnectionError`, or `CancellationError`.
    package static func connect(
        to address: RedisAddress, options: Options = Options(),
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RedisConnection {
        let deadline = NIODeadline.now() + options.connectTimeout
        let loop = group.next()
        let attempt = Attempt(address, options, deadline: deadline)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(options.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try attempt.prepare(channel) }
            }
        let channel: any Channel
        let handler: NIOLoopBound<RedisConnectionHandler>
        do {
            channel = try await open(address, bootstrap)
            handler = try await attempt.established(channel)
        } catch let error as RedisConnectionError {
            throw error
        } catch let error as ChannelError {
            if case .connectTimeout = error { throw RedisConnectionError.connectTimedOut(address) }
            throw RedisConnectionError.cannotConnect(address, reason: "\(error)")
        } catch {
            throw RedisConnectionError.cannotConnect(address, reason: reason(error))
        }
        let connection = RedisConnection(
            address: address, channel: channel, handler: handler, commandTimeout: options.commandTimeout)
        do {
            try Task.checkCancellation()
            try await connection.greet(options, deadline: deadline)
        } catch {
            connection.abandon()
            // In TLS 1.3 a server refuses a certificate when the handshake is over for the client, maybe before this.
            if case RedisConnectionError.notSent = error,
                let cause = try? await channel.eventLoop.submit({ handler.value.failure }).get()
            {
                throw cause
            }
            if case RedisConnectionError.timedOut = error { throw RedisConnectionError.connectTimedOut(address) }
            throw error
        }
        return connection
    }

    private static func open(_ address: RedisAddress, _ bootstrap: ClientBootstrap) async throws -> any Channel {
        switch address {
        case .unix(let path):
            return try await bootstrap.connect(unixDomainSocketPath: path).get()
        case .tcp(let endpoint):
            // A numeric address must not wait for a resolver.
            if let socketAddress = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
                return try await bootstrap.connect(to: socketAddress).get()
            }
            return try await bootstrap.connect(host: endpoint.host, port: endpoint.port).get()
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            if let failure = error.connectionErrors.first { return reason(failure.error) }
            return "the host name does not resolve"
        }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return "\(error)"
    }

    private func greet(_ options: Options, deadline: NIODeadline) async throws {
        var commands: [[String]] = []
        let credentials = options.credentials
        switch options.protocolVersion {
        case .resp3:
            let auth = credentials.map { ["AUTH", $0.username ?? "default", $0.password.exposed] } ?? []
            commands.append(["HELLO", "3"] + auth)
        case .resp2:
            if let credentials {
                commands.append(["AUTH"] + [credentials.username, credentials.password.exposed].compactMap { $0 })
            }
        }
        if let name = options.clientName { commands.append(["CLIENT", "SETNAME", name]) }
        guard !commands.isEmpty else { return }
        let replies = try await pipeline(commands, timeout: max(.milliseconds(1), deadline - .now()))
        if let error = replies.first?.errorMessage {
            throw RedisConnectionError.refused(address, reply: error)
        }
    }

    /// Sends one command and returns its reply; an error reply is returned as `RESPValue.error`.
    package func send(_ command: [String], timeout: TimeAmount? = nil) async throws -> RESPValue {
        try await roundTrip([command.map { ByteBuffer(string: $0) }], timeout: timeout).first ?? .null
    }

    /// The same for arguments that are bytes.
    package func send(_ command: [ByteBuffer], timeout: TimeAmount? = nil) async throws -> RESPValue {
        try await roundTrip([command], timeout: timeout).first ?? .null
    }

    /// Sends commands in one write and returns their replies in order.
    package func pipeline(_ commands: [[String]], timeout: TimeAmount? = nil) async throws -> [RESPValue] {
        try await roundTrip(commands.map { $0.map { ByteBuffer(string: $0) } }, timeout: timeout)
    }

    /// The same for arguments that are bytes.
    package func pipeline(_ commands: [[ByteBuffer]], timeout: TimeAmount? = nil) async throws -> [RESPValue] {
        try await roundTrip(commands, timeout: timeout)
    }

    /// Subscribes to channels (not patterns) and returns when all are confirmed. Messages go to ``Options/onPush``.
    /// Returns the error reply when the server refuses. Needs RESP3.
    package func subscribe(to channels: [String]) async throws -> String? {
        let command = (["SUBSCRIBE"] + channels).map { ByteBuffer(string: $0) }
        let reply = try await roundTrip([command], confirmations: channels.count, timeout: nil)
        return reply.first?.errorMessage
    }

    /// Closes the connection; commands without a reply fail. Returns when it is closed.
    package func close() async {
        try? await channel.close().get()
    }

    /// Closes without waiting; callable from anywhere, any number of times.
    package func abandon() {
        channel.close(promise: nil)
    }

    /// Calls `body` once, when the connection is closed, by whomever (also when it is closed already).
    package func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }

    /// False once the connection is closed. It may be lost right after.
    package var isOpen: Bool { channel.isActive }

    private func roundTrip(
        _ commands: [[ByteBuffer]], confirmations: Int = 0, timeout: TimeAmount?
    ) async throws -> [RESPValue] {
        try Task.checkCancellation()
        guard !commands.isEmpty else { return [] }
        var bytes = channel.allocator.buffer(capacity: 256)
        for command in commands { bytes.writeCommand(command.map(\.readableBytesView)) }
        let promise = channel.eventLoop.makePromise(of: [RESPValue].self)
        let request = RedisRequest(
            bytes: bytes, count: commands.count, confirmations: confirmations,
            deadline: .now() + (timeout ?? commandTimeout), promise: promise)
        return try await withTaskCancellationHandler {
            channel.eventLoop.execute { self.handler.value.send(request) }
            return try await promise.futureResult.get()
        } onCancel: {
            // The handler keeps the place in the queue; a promise takes only its first outcome.
            promise.fail(CancellationError())
        }
    }
}
