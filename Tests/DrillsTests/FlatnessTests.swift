import Testing

@testable import Drills

/// A judge of flatness must see each thing grow.
@Suite struct FlatnessTests {
    /// An hour of samples, one for each minute.
    private func samples(_ change: (Int, inout SoakSample) -> Void = { _, _ in }) -> [SoakSample] {
        (0..<60).map { minute in
            var sample = SoakSample(
                atMs: minute * 60_000, sidecars: ["sidecar-1": .init(residentBytes: 20 << 20, descriptors: 40)],
                connections: 1000, p50Ms: 1, p99Ms: 8)
            change(minute, &sample)
            return sample
        }
    }

    private func failures(_ samples: [SoakSample]) -> [String] {
        let flatness = Flatness(samples)
        let failures = flatness.checks.filter { !$0.passed }.map(\.name)
        #expect(flatness.passed == failures.isEmpty)
        return failures
    }

    @Test func whatStaysFlatPasses() {
        #expect(failures(samples()) == [])
        // It may fill up at the start, and a fault here and there does not count.
        #expect(
            failures(
                samples { minute, sample in
                    if minute < 5 { sample.sidecars["sidecar-1"]?.residentBytes = 10 << 20 }
                    if minute.isMultiple(of: 7) { sample.p99Ms = 3000 }
                }) == [])
    }

    @Test func memoryThatGrowsFails() {
        let leak = samples { minute, sample in
            sample.sidecars["sidecar-1"]?.residentBytes = (20 << 20) + minute * (256 << 10)
        }
        #expect(failures(leak) == ["sidecar-1.resident_mib", "sidecar-1.slope_mib_per_hour"])
    }

    /// 10 MiB an hour on top of 200 MiB is within the quarters' tenth, and a leak all the same.
    @Test func aSlowLeakShowsInTheSlope() {
        let leak = samples { minute, sample in
            sample.sidecars["sidecar-1"]?.residentBytes = (200 << 20) + minute * (170 << 10)
        }
        #expect(failures(leak) == ["sidecar-1.slope_mib_per_hour"])
    }

    @Test func descriptorsThatGrowFail() {
        #expect(
            failures(samples { $1.sidecars["sidecar-1"]?.descriptors = 40 + $0 }) == ["sidecar-1.descriptors"])
    }

    @Test func latencyThatGrowsFails() {
        #expect(failures(samples { $1.p50Ms = 1 + Double($0) / 20 }) == ["p50_ms"])
        #expect(failures(samples { $1.p99Ms = 8 + Double($0) }) == ["p99_ms"])
    }

    @Test func aSidecarThatDiedFails() {
        #expect(failures(samples { if $0 == 30 { $1.sidecars = [:] } }) == ["sidecar-1.running"])
    }

    @Test func tooLittleToJudgeFails() {
        #expect(failures(Array(samples().prefix(9))) == ["samples"])
        #expect(failures(samples { $1.sidecars = [:] }) == ["sidecars"])
        #expect(
            failures(
                samples {
                    $1.p50Ms = nil
                    $1.p99Ms = nil
                }) == ["p50_ms", "p99_ms"])
    }

    /// Over less than ten minutes a line through the samples is noise.
    @Test func aShortSoakHasNoSlope() {
        let short = samples { $1.atMs = $0 * 500 }
        #expect(!Flatness(short).checks.contains { $0.name.hasSuffix("slope_mib_per_hour") })
    }

    @Test func readsWhatTheKernelSays() {
        #expect(ProcessFigures.residentPages(in: "13000 5120 900 1 0 400 0\n") == 5120)
        #expect(ProcessFigures.residentPages(in: "13000") == nil)
        #expect(ProcessFigures.residentPages(in: "") == nil)
    }
}
