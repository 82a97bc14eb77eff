/// One histogram of latencies for each command class, in a fixed block of memory.
///
/// Log-linear: each power of two is cut into eight equal steps, so that any value is known to an eighth of itself.
/// Recording is a count of leading zeros, a shift and an addition.
struct LatencyHistograms {
    /// The steps of one power of two, as a power of two.
    private static let stepBits = 3
    /// Values from here on fall into the last step: 2^37 ns, over two minutes. No hold is that long.
    private static let topExponent = 36
    static let bucketCount = (topExponent - stepBits + 2) << stepBits

    private let buckets: UnsafeMutablePointer<UInt64>
    private let sums: UnsafeMutablePointer<UInt64>

    init() {
        buckets = .allocate(capacity: Self.bucketCount * CommandClass.count)
        buckets.initialize(repeating: 0, count: Self.bucketCount * CommandClass.count)
        sums = .allocate(capacity: CommandClass.count)
        sums.initialize(repeating: 0, count: CommandClass.count)
    }

    func deallocate() {
        buckets.deallocate()
        sums.deallocate()
    }

    @inline(__always)
    func record(_ commandClass: CommandClass, nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        buckets[Int(commandClass.rawValue) * Self.bucketCount + Self.bucket(of: value)] &+= 1
        sums[Int(commandClass.rawValue)] &+= value
    }

    func snapshot(of commandClass: CommandClass) -> LatencyHistogram {
        let start = Int(commandClass.rawValue) * Self.bucketCount
        let counts = UnsafeBufferPointer(start: buckets + start, count: Self.bucketCount)
        return LatencyHistogram(counts: Array(counts), sum: sums[Int(commandClass.rawValue)])
    }

    @inline(__always)
    static func bucket(of value: UInt64) -> Int {
        if value < 1 << stepBits { return Int(value) }
        let exponent = min(63 - value.leadingZeroBitCount, topExponent)
        let clamped = min(value, (1 << (topExponent + 1)) - 1)
        let step = Int(clamped >> UInt64(exponent - stepBits)) & ((1 << stepBits) - 1)
        return ((exponent - stepBits + 1) << stepBits) + step
    }

    /// The smallest value of a bucket.
    static func lowerBound(of bucket: Int) -> UInt64 {
        if bucket < 1 << stepBits { return UInt64(bucket) }
        let exponent = (bucket >> stepBits) + stepBits - 1
        let step = UInt64(bucket & ((1 << stepBits) - 1))
        return (UInt64(1) << UInt64(exponent)) + (step << UInt64(exponent - stepBits))
    }
}

/// What one histogram held at a moment; histograms of several event loops add up.
package struct LatencyHistogram: Sendable, Equatable {
    private(set) var counts: [UInt64]
    /// Of all values, in nanoseconds.
    package private(set) var sum: UInt64

    package init() {
        self.init(counts: Array(repeating: 0, count: LatencyHistograms.bucketCount), sum: 0)
    }

    init(counts: [UInt64], sum: UInt64) {
        self.counts = counts
        self.sum = sum
    }

    package var count: UInt64 { counts.reduce(0, &+) }

    package mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum &+= other.sum
    }

    /// How many values were below `nanoseconds`; exact for powers of two and their eighths.
    package func count(below nanoseconds: UInt64) -> UInt64 {
        counts[..<LatencyHistograms.bucket(of: nanoseconds)].reduce(0, &+)
    }
}

extension CommandClass {
    static let count = allCases.count
}
