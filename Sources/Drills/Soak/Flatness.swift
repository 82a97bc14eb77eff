/// Whether what was sampled over a soak stayed flat. Pure.
///
/// The first tenth of the samples is left out: pools and caches fill. Of the rest, the median of the last quarter is
/// compared with the median of the first quarter, so that a fault in one sample or another does not count:
///
/// | series | the last quarter may be at most |
/// |---|---|
/// | resident memory of each sidecar | the first + 10 %, or + 4 MiB if that is more |
/// | its descriptors | the first + 8 |
/// | p50 of a visit | 1.5 × the first + 0.5 ms |
/// | p99 of a visit | 2 × the first + 5 ms |
///
/// Over ten minutes and more the memory must not rise by more than 8 MiB an hour on the line through the samples
/// (least squares), which finds a slow leak that the quarters hide; over less than that, such a line is noise.
package struct Flatness: Sendable, Equatable {
    package private(set) var checks: [Verdict.Check] = []

    package var passed: Bool { checks.allSatisfy(\.passed) }

    /// With fewer samples than this there are no quarters to compare.
    static let fewest = 10
    private static let shortestForSlope = 600_000

    package init(_ samples: [SoakSample]) {
        let steady = Array(samples.dropFirst(samples.count / 10))
        expect("samples", samples.count >= Self.fewest, "\(samples.count), at least \(Self.fewest)")
        guard samples.count >= Self.fewest else { return }
        let names = Set(samples.flatMap(\.sidecars.keys)).sorted()
        expect("sidecars", !names.isEmpty, "\(names.count) sampled")
        for name in names {
            let gaps = samples.count { $0.sidecars[name] == nil }
            expect("\(name).running", gaps == 0, "missing in \(gaps) of \(samples.count) samples")
            let memory = steady.compactMap { sample in
                sample.sidecars[name].map { (Double(sample.atMs), Double($0.residentBytes) / 1_048_576) }
            }
            expectQuarters("\(name).resident_mib", memory.map(\.1)) { $0 + max($0 / 10, 4) }
            expectSlope("\(name).slope_mib_per_hour", memory)
            expectQuarters(
                "\(name).descriptors", steady.compactMap { $0.sidecars[name].map { Double($0.descriptors) } }
            ) { $0 + 8 }
        }
        expectQuarters("p50_ms", steady.compactMap(\.p50Ms)) { $0 * 1.5 + 0.5 }
        expectQuarters("p99_ms", steady.compactMap(\.p99Ms)) { $0 * 2 + 5 }
    }

    private mutating func expect(_ name: String, _ passed: Bool, _ detail: String) {
        checks.append(Verdict.Check(name: name, passed: passed, detail: detail))
    }

    private mutating func expectQuarters(_ name: String, _ series: [Double], limit: (Double) -> Double) {
        let quarter = series.count / 4
        guard quarter > 0 else {
            expect(name, false, "only \(series.count) values")
            return
        }
        let first = Self.median(series.prefix(quarter))
        let last = Self.median(series.suffix(quarter))
        let most = limit(first)
        expect(
            name, last <= most,
            "first quarter \(Self.rounded(first)), last \(Self.rounded(last)), at most \(Self.rounded(most))")
    }

    private mutating func expectSlope(_ name: String, _ series: [(Double, Double)]) {
        guard let first = series.first, let last = series.last,
            last.0 - first.0 >= Double(Self.shortestForSlope)
        else { return }
        let slope = Self.slope(series) * 3_600_000
        expect(name, slope <= 8, "\(Self.rounded(slope)), at most 8")
    }

    /// The slope of the line through the points with the least squares.
    static func slope(_ points: [(Double, Double)]) -> Double {
        let count = Double(points.count)
        let x = points.reduce(0) { $0 + $1.0 } / count
        let y = points.reduce(0) { $0 + $1.1 } / count
        let above = points.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
        let below = points.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
        return below > 0 ? above / below : 0
    }

    static func median(_ values: some Collection<Double>) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
