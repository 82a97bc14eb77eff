import NIOCore

/// Asks one node for its role whenever told to, over a connection that it keeps. When that connection breaks by
/// itself the node has crashed or dropped its clients: that is said at once, before any question would find out.
struct RoleProbe: Sendable {
    enum Signal: Sendable {
        case check
        case closed(Int)
    }

    let endpoint: RedisEndpoint
    let configuration: SentinelWatcher.Configuration
    /// Ends the probe when it finishes.
    let signals: AsyncStream<Signal>
    let sink: AsyncStream<Signal>.Continuation
    let emit: @Sendable (SentinelTracker.Event) -> Void

    func run() async {
        var connection: RedisConnection?
        var number = 0
        defer { connection?.abandon() }
        for await signal in signals {
            switch signal {
            case .closed(number):
                guard connection != nil else { continue }
                connection = nil
                emit(.suspect(endpoint))
            case .closed:
                continue
            case .check:
                do {
                    let open: RedisConnection
                    if let connection {
                        open = connection
                    } else {
                        number += 1
                        open = try await connect(number)
                    }
                    connection = open
                    emit(.role(endpoint, RoleAnswer(try await open.pipeline(RoleAnswer.commands))))
                } catch {
                    connection?.abandon()
                    connection = nil
                    if Task.isCancelled { return }
                    emit(.role(endpoint, RoleAnswer(error)))
                }
            }
        }
    }

    private func connect(_ number: Int) async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.connectTimeout = configuration.hangAfter
        options.commandTimeout = configuration.hangAfter
        options.credentials = configuration.serverCredentials
        options.tls = configuration.tls
        options.maximumReplyBytes = 1 << 20
        let connection = try await RedisConnection.connect(
            to: .tcp(endpoint), options: options, on: configuration.eventLoopGroup)
        connection.whenClosed { sink.yield(.closed(number)) }
        return connection
    }
}
