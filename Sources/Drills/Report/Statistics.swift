/// Figures over a set of samples, by the nearest-rank rule: every percentile is a sample that was really measured.
package struct Statistics: Sendable, Equatable {
    private let sorted: [Int64]

    package init(_ samples: some Sequence<Int64>) {
        sorted = samples.sorted()
    }

    package var count: Int { sorted.count }
    package var min: Int64? { sorted.first }
    package var max: Int64? { sorted.last }
    package var median: Int64? { percentile(50) }

    /// The smallest sample that at least `percent` per cent of the samples do not exceed; `nil` without samples.
    package func percentile(_ percent: Int) -> Int64? {
        guard !sorted.isEmpty else { return nil }
        let clamped = Swift.min(Swift.max(percent, 0), 100)
        let rank = (sorted.count * clamped + 99) / 100
        return sorted[Swift.max(rank, 1) - 1]
    }
}
