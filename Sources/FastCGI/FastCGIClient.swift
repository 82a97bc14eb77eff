internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Asks a FastCGI server one thing over a connection of its own, as a web server does.
package struct FastCGIClient: Sendable {
    package enum Endpoint: Sendable, Hashable {
        case unix(String)
        case tcp(host: String, port: Int)
    }

    package var endpoint: Endpoint
    /// For all of it, from the connection to the last byte.
    package var timeout: Duration
    /// How large an answer may be, in bytes.
    package var limit: Int

    package init(_ endpoint: Endpoint, timeout: Duration = .seconds(2), limit: Int = 4 << 20) {
        self.endpoint = endpoint
        self.timeout = timeout
        self.limit = limit
    }

    /// Whether PHP-FPM answers its own ping, for which it needs a free worker but no script.
    ///
    /// - Parameter path: `ping.path` of the pool.
    /// - Throws: `FastCGIError`, `CancellationError`.
    package func ping(_ path: String = "/ping") async throws {
        let response = try await send(.get(path))
        guard response.status == 200 else { throw FastCGIError.malformed }
    }

    /// - Throws: `FastCGIError`, `CancellationError`.
    package func send(_ request: FastCGIRequest) async throws -> FastCGIResponse {
        try await withThrowingTaskGroup(of: FastCGIResponse.self) { group in
            group.addTask { try await exchange(request) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw FastCGIError.timedOut
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() else { throw FastCGIError.closed }
            return response
        }
    }

    private func exchange(_ request: FastCGIRequest) async throws -> FastCGIResponse {
        let channel = try await connect()
        do {
            return try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(request.bytes)
                var assembler = FastCGIAssembler(limit: limit)
                for try await bytes in inbound {
                    if let response = try assembler.add(bytes) { return response }
                }
                throw FastCGIError.closed
            }
        } catch let error as IOError {
            throw error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
                ? FastCGIError.closed : .cannotConnect("\(error)")
        }
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(timeout))
        let wrap: @Sendable (any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        do {
            return switch endpoint {
            case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: wrap)
            case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port, channelInitializer: wrap)
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as ChannelError {
            if case .connectTimeout = error { throw FastCGIError.timedOut }
            throw FastCGIError.cannotConnect("\(error)")
        } catch let error as IOError {
            throw FastCGIError.cannotConnect(String(cString: strerror(error.errnoCode)))
        } catch {
            throw FastCGIError.cannotConnect("\(error)")
        }
    }
}
