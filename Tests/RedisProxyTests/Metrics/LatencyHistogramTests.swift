import Testing

@testable import RedisProxy

@Suite struct LatencyHistogramTests {
    /// Every bucket begins where the one before ends, and holds its own bounds.
    @Test func bucketsCoverAllValuesWithoutGaps() {
        for bucket in 0..<LatencyHistograms.bucketCount {
            let low = LatencyHistograms.lowerBound(of: bucket)
            #expect(LatencyHistograms.bucket(of: low) == bucket)
            let next = LatencyHistograms.lowerBound(of: bucket + 1)
            #expect(next > low)
            #expect(LatencyHistograms.bucket(of: next - 1) == bucket)
            // An eighth of the value, or one unit for the smallest.
            #expect(next - low <= max(1, low / 8))
        }
    }

    @Test(arguments: [UInt64.max, 1_099_511_627_776, 137_438_953_472, 137_438_953_471] as [UInt64])
    func whatIsTooLongFallsIntoTheLastBucket(value: UInt64) {
        #expect(LatencyHistograms.bucket(of: value) == LatencyHistograms.bucketCount - 1)
    }

    @Test func valuesAreCountedByClass() {
        let metrics = ShardMetrics()
        metrics.record(.read, 1 << 20)
        metrics.record(.read, (1 << 20) - 1)
        metrics.record(.write, 5)
        metrics.record(.write, -3)
        let snapshot = metrics.snapshot(clients: 0, pinned: 0, lanes: 0)
        let reads = snapshot.latency(of: .read)
        #expect(reads.count == 2)
        #expect(reads.count(below: 1 << 20) == 1)
        #expect(reads.count(below: 1 << 21) == 2)
        #expect(reads.sum == (1 << 21) - 1)
        // A clock that steps back counts as no time at all.
        #expect(snapshot.latency(of: .write).sum == 5)
        #expect(snapshot.latency(of: .scan).count == 0)
    }
}
