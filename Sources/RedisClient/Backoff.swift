import NIOCore

/// Doubling waits with jitter, so that many processes that lost the same server do not come back in step.
struct Backoff {
    let first: TimeAmount
    let most: TimeAmount
    private var next: TimeAmount

    init(first: TimeAmount, most: TimeAmount) {
        self.first = first
        self.most = most
        self.next = first
    }

    /// Between half of the present step and all of it; the step doubles.
    mutating func wait(random: Double = .random(in: 0..<1)) -> Duration {
        let step = next
        next = min(most, next + next)
        return .nanoseconds(step.nanoseconds / 2 + Int64(Double(step.nanoseconds / 2) * random))
    }

    mutating func reset() { next = first }
}
