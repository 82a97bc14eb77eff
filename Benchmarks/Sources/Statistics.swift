/// The middle and the spread of repeated measurements.
struct Summary: Codable, Sendable {
    let values: [Double]
    let median: Double
    let minimum: Double
    let maximum: Double

    /// `values` must not be empty.
    init(_ values: [Double]) {
        let sorted = values.sorted()
        self.values = values
        median =
            sorted.count.isMultiple(of: 2)
            ? (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2 : sorted[sorted.count / 2]
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
    }
}

/// The value below which the given fraction of `sorted` lies; `sorted` must not be empty.
func percentile(_ fraction: Double, of sorted: [UInt64]) -> Double {
    Double(sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))])
}
