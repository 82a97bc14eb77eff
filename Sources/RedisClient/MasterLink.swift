import NIOCore
import RecoveryCore

/// An observer's own connection to the master: a PING every 30 ms, and word of every loss at once.
struct MasterLink: Sendable {
    private static let interval = TimeAmount.milliseconds(30)
    /// A connection without an answer for this long is made anew.
    private static let timeout = TimeAmount.seconds(2)

    let endpoint: RedisEndpoint
    let configuration: SentinelWatcher.Configuration
    /// Wakes the observer: time for the next PING, or the connection was closed. Ends it when it finishes.
    let signals: AsyncStream<Void>
    let signal: AsyncStream<Void>.Continuation
    let emit: @Sendable (LinkObservation) -> Void

    func run() async {
        var backoff = Backoff(first: .milliseconds(20), most: .milliseconds(250))
        var iterator = signals.makeAsyncIterator()
        while !Task.isCancelled {
            var wasUp = false
            do {
                emit(.asked)
                let connection = try await connect()
                defer { connection.abandon() }
                connection.whenClosed { signal.yield() }
                while true {
                    emit(.asked)
                    _ = try await connection.send(["PING"])
                    emit(.answered)
                    wasUp = true
                    backoff.reset()
                    let timer = configuration.eventLoopGroup.next().scheduleTask(in: Self.interval) { signal.yield() }
                    defer { timer.cancel() }
                    guard await iterator.next(isolation: nil) != nil else { return }
                }
            } catch {
                if Task.isCancelled { return }
                switch error as? RedisConnectionError {
                case .connectionLost, .notSent:
                    emit(.reset)
                    // Whether anybody listens still is the question of the moment.
                    if wasUp { continue }
                case .timedOut, .connectTimedOut: break
                // A server with the wrong certificate is no dead server.
                case .refused, .badReply, .untrusted: emit(.answered)
                case let error?: emit(error.isRefusal ? .refused : .unreachable)
                case nil: emit(.unreachable)
                }
            }
            await pause(for: backoff.wait(), &iterator)
        }
    }

    private func pause(for time: Duration, _ iterator: inout AsyncStream<Void>.Iterator) async {
        let timer = configuration.eventLoopGroup.next().scheduleTask(
            in: TimeAmount(time)
        ) { signal.yield() }
        defer { timer.cancel() }
        _ = await iterator.next(isolation: nil)
    }

    private func connect() async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.connectTimeout = Self.timeout
        options.commandTimeout = Self.timeout
        options.credentials = configuration.serverCredentials
        options.tls = configuration.tls
        options.maximumReplyBytes = 1 << 16
        return try await RedisConnection.connect(to: .tcp(endpoint), options: options, on: configuration.eventLoopGroup)
    }
}
