internal import Synchronization

/// Collects what one client does while a drill watches its progress.
package final class ClientRecorder: Sendable {
    private let state: Mutex<ClientHistory>

    package init(client: Int) {
        state = Mutex(ClientHistory(client: client))
    }

    package var history: ClientHistory { state.withLock { $0 } }

    package func record(_ operation: Operation, error: String = "") {
        state.withLock { $0.record(operation, error: error) }
    }

    package func record(_ operations: [Operation], error: String = "") {
        state.withLock { history in
            for operation in operations { history.record(operation, error: error) }
        }
    }

    /// Says that the client had to be stopped within an operation.
    package func markInterrupted() {
        state.withLock { $0.interrupted = true }
    }

    /// How many operations in a row the client has succeeded with up to now, of those that it started after `time`;
    /// counted up to `limit`.
    package func successes(since time: Int64, limit: Int) -> Int {
        state.withLock { history in
            history.operations.reversed().lazy.prefix(limit)
                .prefix { $0.started >= time && $0.outcome == .acknowledged }.count
        }
    }
}
