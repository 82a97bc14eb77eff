/// The loads of one run, with what is asked of the sidecar in each.
///
/// `scale` multiplies the number of requests: 1 for figures worth keeping, less while developing.
func standardLoads(scale: Double) -> [any Load] {
    func count(_ number: Int) -> Int { max(100, Int(Double(number) * scale)) }
    func metrics(direct: Double?, haproxy: Double?) -> [Metric] {
        [
            Metric(
                name: "rate", unit: "/s", better: .higher, againstDirect: direct, againstHAProxy: haproxy),
            Metric(name: "p99", unit: "ms", better: .lower),
        ]
    }
    var loads: [any Load] = [
        RedisBenchmarkLoad(
            name: "get-unix", title: "GET, 50 clients, unix", transport: .unix, test: "get", requests: count(200_000),
            metrics: metrics(direct: 1.0, haproxy: 1.8)),
        RedisBenchmarkLoad(
            name: "get-tcp", title: "GET, 50 clients, tcp", transport: .tcp, test: "get", requests: count(200_000),
            metrics: metrics(direct: 0.8, haproxy: 1.4)),
        RedisBenchmarkLoad(
            name: "get-pipeline-unix", title: "GET, pipeline 16, unix", transport: .unix, test: "get",
            requests: count(1_500_000), pipeline: 16, metrics: metrics(direct: 0.85, haproxy: 1.5)),
        RedisBenchmarkLoad(
            name: "get-pipeline-tcp", title: "GET, pipeline 16, tcp", transport: .tcp, test: "get",
            requests: count(1_500_000), pipeline: 16, metrics: metrics(direct: 0.85, haproxy: 1.5)),
        RedisBenchmarkLoad(
            name: "set-4k-unix", title: "SET 4 KB, unix", transport: .unix, test: "set", requests: count(150_000),
            valueBytes: 4096, metrics: metrics(direct: 0.75, haproxy: nil)),
        RedisBenchmarkLoad(
            name: "set-4k-tcp", title: "SET 4 KB, tcp", transport: .tcp, test: "set", requests: count(150_000),
            valueBytes: 4096, metrics: metrics(direct: 0.75, haproxy: nil)),
        RedisBenchmarkLoad(
            name: "churn-unix", title: "new connection each, unix", transport: .unix, test: "get",
            requests: count(40_000), keepAlive: false, metrics: metrics(direct: 1.0, haproxy: 1.5)),
        RedisBenchmarkLoad(
            name: "churn-tcp", title: "new connection each, tcp", transport: .tcp, test: "get", requests: count(25_000),
            keepAlive: false, metrics: metrics(direct: nil, haproxy: 1.5)),
    ]
    for transport in [Transport.unix, .tcp] {
        for (workers, pages) in [(1, 300), (8, 800), (32, 960)] {
            loads.append(PageLoad(transport: transport, workers: workers, pages: count(pages)))
        }
    }
    loads.append(MemoryLoad(churn: count(20_000)))
    return loads
}
