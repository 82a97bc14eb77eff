/// Limits how often something is done: `burst` times at once, then `perSecond` times a second. The time is an argument.
package struct TokenBucket: Sendable {
    package struct Rate: Sendable, Equatable {
        package let perSecond: Double
        package let burst: Int

        /// Both are more than zero.
        package init(perSecond: Double, burst: Int) {
            precondition(perSecond > 0 && burst > 0)
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    private let rate: Rate
    /// Below zero when tokens are promised that do not exist yet.
    private var tokens: Double
    private var counted: ContinuousClock.Instant

    package init(_ rate: Rate, now: ContinuousClock.Instant) {
        self.rate = rate
        tokens = Double(rate.burst)
        counted = now
    }

    /// Takes one token and returns how long to wait until it exists. Who comes later waits longer, so nobody starves.
    package mutating func take(now: ContinuousClock.Instant) -> Duration {
        if now > counted {
            tokens = min(tokens + (now - counted) / .seconds(1) * rate.perSecond, Double(rate.burst))
            counted = now
        }
        tokens -= 1
        return tokens >= 0 ? .zero : .seconds(-tokens / rate.perSecond)
    }
}
