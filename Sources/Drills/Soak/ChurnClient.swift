internal import NIOCore
internal import RESP
internal import RedisClient
internal import Synchronization

/// A visitor that comes back all the time: it opens a connection, writes and reads one key, and closes. Only how long
/// that takes is kept; what the store promised is judged from the other clients.
struct ChurnClient: Sendable {
    let number: Int
    let address: RedisAddress
    let credentials: RedisCredentials?
    let timeout: Duration
    let latencies: Latencies

    /// The visits since somebody last asked.
    final class Latencies: Sendable {
        private let state = Mutex<[Int64]>([])

        func add(_ latency: Int64) { state.withLock { $0.append(latency) } }

        func take() -> Statistics {
            Statistics(
                state.withLock { latencies in
                    defer { latencies.removeAll(keepingCapacity: true) }
                    return latencies
                })
        }
    }

    /// Visits until the task is cancelled.
    func run() async {
        var options = RedisConnection.Options()
        options.connectTimeout = .nanoseconds(timeout.inNanoseconds)
        options.commandTimeout = options.connectTimeout
        options.credentials = credentials
        let key = "\(ClientKeys.idempotentPrefix)churn:\(number)"
        while !Task.isCancelled {
            let started = MonotonicClock.now()
            if let connection = try? await RedisConnection.connect(to: address, options: options) {
                let replies = try? await connection.pipeline([["SET", key, "\(started)"], ["GET", key]])
                connection.abandon()
                if replies?.count == 2 { latencies.add(MonotonicClock.now() - started) }
            }
            // A pace that leaves the machine room, for an hour.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
