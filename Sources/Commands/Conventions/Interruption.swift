internal import UnixSignals

/// SIGINT, SIGTERM and SIGHUP, turned into something that structured code can wait for.
package struct Interruption: Sendable {
    private let signals: UnixSignalsSequence

    /// From now on these signals no longer end the process.
    package init() async {
        signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    }

    /// Returns when one of the signals has come, or the task is cancelled. For one waiter.
    package func received() async {
        for await _ in signals { return }
    }

    /// Runs the body and cancels it when a signal comes; its `CancellationError` then means an interruption.
    ///
    /// With `lateCounts`, what is done all the same, because the signal came too late to stop it, is done and not
    /// interrupted: for bodies that return nothing but what is whole.
    package static func cancelling<Result: Sendable>(
        lateCounts: Bool = false, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let interruption = await Interruption()
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
                while let late = try await group.next() { if lateCounts, let late { return late } }
                throw CancellationError()
            }
            return result
        }
    }
}
