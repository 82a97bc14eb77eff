import LoopbackServers
import Testing

@testable import breakwater_bench

struct ResultsTests {
    static let rate = Metric(
        name: "rate", unit: "/s", better: .higher, againstDirect: 0.8, againstHAProxy: 1.4)

    @Test func aSummaryIsTheMiddleAndTheEnds() {
        let odd = Summary([5, 1, 3])
        #expect([odd.minimum, odd.median, odd.maximum] == [1, 3, 5])
        #expect(Summary([4, 1, 3, 2]).median == 2.5)
    }

    @Test func percentilesOfOneAndOfMany() {
        #expect(percentile(0.99, of: [7]) == 7)
        #expect(percentile(0.99, of: Array(1...100)) == 100)
        #expect(percentile(0.5, of: Array(1...100)) == 51)
    }

    @Test func ratiosAreTakenRoundByRound() throws {
        // The machine was twice as slow in the second round; the ratio does not care.
        let figure = Results.Figure(
            load: MemoryLoad(churn: 1), metric: Self.rate,
            values: [.direct: [100, 50], .haproxy: [50, 25], .breakwater: [90, 45]])
        #expect(try #require(figure.ratios["breakwater/direct"]).values == [0.9, 0.9])
        #expect(figure.met == true)
    }

    @Test(arguments: [
        (79.0, 50.0, false), (80.0, 57.0, true), (80.0, 60.0, false),
    ])
    func everyDemandMustBeMet(breakwater: Double, haproxy: Double, met: Bool) {
        let figure = Results.Figure(
            load: MemoryLoad(churn: 1), metric: Self.rate,
            values: [.direct: [100], .haproxy: [haproxy], .breakwater: [breakwater]])
        #expect(figure.met == met)
    }

    @Test func withoutTheSidecarNothingIsMet() {
        let figure = Results.Figure(
            load: MemoryLoad(churn: 1), metric: Self.rate, values: [.direct: [100], .haproxy: [50]])
        #expect(figure.met == nil)
    }

    @Test func readsTheLastLineOfRedisBenchmark() throws {
        let report = """
            "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
            "GET","90909.09","0.300","0.100","0.280","0.500","0.900","2.100"
            """
        #expect(try RedisBenchmarkLoad.figures(report) == [90909.09, 0.9])
        #expect(throws: LoopbackError.self) { try RedisBenchmarkLoad.figures("Could not connect") }
    }
}
