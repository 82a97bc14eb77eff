/// Waits for a condition by asking again and again; returns nil when it does not hold in time.
///
/// Nobody announces that a process has gone or that a replica has caught up, so asking is the only way. The condition
/// is asked at least once, and a last time after the limit.
func poll<Value: Sendable>(
    every interval: Duration, limit: Duration, _ condition: () async throws -> Value?
) async throws -> Value? {
    let end = MonotonicClock.now() + limit.inNanoseconds
    while true {
        let late = MonotonicClock.now() >= end
        if let value = try await condition() { return value }
        if late { return nil }
        try await Task.sleep(for: interval)
    }
}
