/// What one event loop counts of durable writes.
struct DurabilityFigures: Sendable, Equatable {
    /// By what became of them.
    var writes = ByCase<Outcome>()
    /// How long replicas were waited for.
    var waits = PowerHistogram()

    enum Outcome: String, CaseIterable, Sendable {
        case acknowledged
        case tooFewReplicas = "too_few_replicas"
        case unknown
    }

    mutating func add(_ other: Self) {
        writes.add(other.writes)
        waits.add(other.waits)
    }
}

extension DurabilityFigures.Outcome {
    init(_ verdict: DurabilityRule.Verdict) {
        self =
            switch verdict {
            case .acknowledge: .acknowledged
            case .tooFew: .tooFewReplicas
            case .unknown: .unknown
            }
    }
}

/// A histogram of durations whose steps are the powers of two of the latency histograms: for what is rare.
struct PowerHistogram: Sendable, Equatable {
    /// 16 µs to 17 s, in nanoseconds.
    static let exponents = 14...34
    private var counts = [UInt64](repeating: 0, count: exponents.count + 1)
    private(set) var sum: UInt64 = 0

    var count: UInt64 { counts.reduce(0, &+) }

    mutating func record(nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        let exponent = value == 0 ? 0 : 64 - value.leadingZeroBitCount
        counts[min(max(exponent - Self.exponents.lowerBound, 0), counts.count - 1)] &+= 1
        sum &+= value
    }

    /// How many values were below 2 to the power of `exponent`.
    func count(belowPower exponent: Int) -> UInt64 {
        counts.prefix(max(0, exponent - Self.exponents.lowerBound + 1)).reduce(0, &+)
    }

    mutating func add(_ other: Self) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum &+= other.sum
    }
}
