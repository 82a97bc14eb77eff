internal import Dispatch
internal import Glibc

/// SIGINT, SIGTERM and SIGHUP, turned into something that structured code can wait for.
package final class Interruption: Sendable {
    private let signals: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    /// From now on these signals no longer end the process.
    package init() {
        let (signals, sink) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.signals = signals
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { sink.yield(number) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// Returns when one of the signals has come, or the task is cancelled. For one waiter.
    package func received() async {
        for await _ in signals { return }
    }

    /// Runs the body and cancels it when a signal comes; its `CancellationError` then means an interruption.
    package static func cancelling<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let interruption = Interruption()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await interruption.received()
                return nil
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() ?? nil else {
                group.cancelAll()
                // Lets the body put everything in order before the process ends.
                while try await group.next() != nil {}
                throw CancellationError()
            }
            return result
        }
    }
}
