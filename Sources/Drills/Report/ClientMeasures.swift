/// What a group of clients experienced, in time.
package struct ClientMeasures: Sendable, Equatable {
    package var clients = 0
    /// Operations sent, connecting included.
    package var requests = 0
    package var errors = 0
    /// Those of the errors that the server told the client itself: refused, and not executed.
    package var refusals = 0
    /// Operations that nobody answered, neither with a reply nor by closing the connection, until the client gave up.
    package var hung = 0
    /// The longest time any client went without a success. Nanoseconds.
    package var longestStall: Int64 = 0
    /// Latencies of the operations that succeeded. Nanoseconds; 0 when there was none.
    package var p50: Int64 = 0
    package var p99: Int64 = 0
    /// From the fault to the first write acknowledged by whoever served after it; `nil` when there was none.
    package var recovery: Int64?
    package var errorTexts: [String: Int] = [:]

    /// An acknowledgement that arrives this soon after the fault, for a write sent before it, may still have been
    /// under way from the old master: it does not show that anything recovered.
    package static let inFlightAllowance: Int64 = 50_000_000

    package init() {}

    /// - Parameters:
    ///   - histories: the clients, each in the order of its operations.
    ///   - fault: when the fault took effect.
    ///   - end: when the clients were told to stop; a client that never recovered stalled until then.
    ///   - patience: how long a client waits for an answer; nil when that is not to be judged.
    package init(_ histories: [ClientHistory], fault: Int64, end: Int64, patience: Duration? = nil) {
        let patience = patience.map(\.inNanoseconds) ?? .max
        clients = histories.count
        var latencies: [Int64] = []
        for history in histories {
            requests += history.operations.count
            errors += history.operations.lazy.filter(\.isError).count
            refusals += history.operations.lazy.filter { $0.outcome == .refused }.count
            hung += history.operations.lazy.filter { $0.latency >= patience && $0.outcome != .acknowledged }.count
            errorTexts.merge(history.errors, uniquingKeysWith: +)
            longestStall = max(longestStall, Self.longestStall(history.operations, end: end))
            for operation in history.operations where operation.outcome == .acknowledged {
                latencies.append(operation.latency)
                if operation.kind.isWrite, Self.showsRecovery(operation, after: fault) {
                    recovery = min(recovery ?? .max, operation.ended - fault)
                }
            }
        }
        let statistics = Statistics(latencies)
        p50 = statistics.percentile(50) ?? 0
        p99 = statistics.percentile(99) ?? 0
    }

    private static func showsRecovery(_ write: Operation, after fault: Int64) -> Bool {
        write.started >= fault || write.ended >= fault + inFlightAllowance
    }

    /// The longest time between two successes that followed each other, the client's start and end included. A
    /// connection is no success: a hung server's kernel still accepts it, and a replica that serves nobody does too.
    private static func longestStall(_ operations: [Operation], end: Int64) -> Int64 {
        guard var last = operations.first?.started else { return 0 }
        var longest: Int64 = 0
        for operation in operations where operation.outcome == .acknowledged && operation.kind != .connect {
            longest = max(longest, operation.ended - last)
            last = operation.ended
        }
        return max(longest, end - last)
    }
}
