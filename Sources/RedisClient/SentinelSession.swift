import NIOCore
import RESP
import Synchronization

/// Follows one Sentinel: one RESP3 connection for questions and announcements, so that a lost subscription is a lost
/// connection, and every poll proves that both live.
struct SentinelSession: Sendable {
    enum Signal: Sendable {
        case poll(peers: Bool)
        /// The connection of this number was closed.
        case closed(Int)
        /// It sends announcements without end.
        case flooded(Int)
    }

    /// More announcements than this in a second are no failover.
    private static let maximumHintsPerSecond = 500

    let endpoint: RedisEndpoint
    let configuration: SentinelWatcher.Configuration
    /// Ends the session when it finishes.
    let signals: AsyncStream<Signal>
    let sink: AsyncStream<Signal>.Continuation
    let emit: @Sendable (SentinelTracker.Event) -> Void

    func run() async {
        var backoff = Backoff(
            first: .milliseconds(50), most: min(.seconds(1), configuration.timing.steadyPoll))
        var iterator = signals.makeAsyncIterator()
        for number in 0... {
            do {
                let connection = try await connect(number)
                defer { connection.abandon() }
                emit(.connected(endpoint))
                if try await connection.subscribe(to: SentinelHint.channels) == nil { emit(.subscribed(endpoint)) }
                let reason = try await serve(connection, number: number, &iterator) { backoff.reset() }
                guard let reason else { return }
                emit(.disconnected(endpoint, reason))
            } catch {
                emit(.disconnected(endpoint, Self.exclusion(error)))
            }
            if Task.isCancelled { return }
            do { try await Task.sleep(for: backoff.wait()) } catch { return }
        }
    }

    private func connect(_ number: Int) async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.connectTimeout = .seconds(1)
        options.commandTimeout = .seconds(1)
        options.protocolVersion = .resp3
        options.credentials = configuration.sentinelCredentials
        options.tls = configuration.tls
        options.clientName = "breakwater"
        options.limits = RESPLimits(bulkLength: 1 << 16, elementCount: 4096, lineLength: 4096, depth: 8)
        options.maximumReplyBytes = 1 << 20
        let window = HintWindow()
        let service = configuration.service
        options.onPush = { push in
            guard window.admits(now: .now(), most: Self.maximumHintsPerSecond) else {
                sink.yield(.flooded(number))
                return
            }
            if let hint = SentinelHint(push: push, service: service) { emit(.hint(endpoint, hint)) }
        }
        let connection = try await RedisConnection.connect(
            to: .tcp(endpoint), options: options, on: configuration.eventLoopGroup)
        connection.whenClosed { sink.yield(.closed(number)) }
        return connection
    }

    /// Answers polls until the connection fails (with the reason) or the session ends (nil).
    private func serve(
        _ connection: RedisConnection, number: Int, _ iterator: inout AsyncStream<Signal>.Iterator,
        onAnswer: () -> Void
    ) async throws -> SentinelExclusion? {
        while let signal = await iterator.next(isolation: nil) {
            switch signal {
            case .closed(number): return .unreachable("the connection was closed")
            case .flooded(number): return .nonsense("it sends announcements without end")
            case .closed, .flooded: continue
            case .poll(let peers):
                emit(try await poll(connection, peers: peers))
                onAnswer()
            }
        }
        return nil
    }

    private func poll(_ connection: RedisConnection, peers: Bool) async throws -> SentinelTracker.Event {
        let poll = SentinelPoll(service: configuration.service, peers: peers)
        for _ in 0..<3 {
            switch poll.outcome(try await connection.pipeline(poll.commands)) {
            case .report(let report): return .reported(endpoint, report)
            case .unusable(let reason): return .unusable(endpoint, reason)
            case .unsettled: continue
            }
        }
        return .unusable(endpoint, .nonsense("its master changes between one question and the next"))
    }

    private static func exclusion(_ error: any Error) -> SentinelExclusion {
        switch error as? RedisConnectionError {
        case .refused(_, let reply): .refused(String(reply.prefix(200)))
        case .badReply(let reason): .nonsense(reason)
        case let error? where error.isRefusal: .notListening
        case let error?: .unreachable(error.description)
        case nil: .unreachable("\(error)")
        }
    }
}

/// Counts announcements in windows of a second.
private final class HintWindow: Sendable {
    private let state = Mutex((start: NIODeadline.uptimeNanoseconds(0), count: 0))

    /// False for those beyond the most, but true again for the first of a new second.
    func admits(now: NIODeadline, most: Int) -> Bool {
        state.withLock { state in
            if now - state.start >= .seconds(1) { state = (now, 0) }
            state.count += 1
            return state.count <= most
        }
    }
}
