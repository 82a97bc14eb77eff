import Foundation
import LoopbackServers

/// One test of `redis-benchmark`, the load generator that Redis' own documentation measures with.
struct RedisBenchmarkLoad: Load {
    let name: String
    let title: String
    let transport: Transport
    /// `redis-benchmark`'s `-t`.
    let test: String
    let requests: Int
    var pipeline = 1
    var valueBytes = 3
    var keepAlive = true
    let metrics: [Metric]

    func prepare(_ redis: BlockingConnection) throws {
        _ = try redis.call("FLUSHALL")
        // The key that the GET test asks for when it is given no key space.
        _ = try redis.call("SET", "key:__rand_int__", "xxx")
    }

    func run(_ endpoint: Endpoint, in arena: Arena) throws -> [Double] {
        let report = try output(
            of: ["redis-benchmark"] + endpoint.arguments(for: transport) + [
                "-c", "50", "-n", String(requests), "-t", test, "-P", String(pipeline), "-d", String(valueBytes),
                "-k", keepAlive ? "1" : "0", "--csv",
            ])
        return try Self.figures(report)
    }

    /// Requests per second and the 99th percentile of the latency, from the last line of the CSV:
    /// `"test","rps","avg_latency_ms","min","p50","p95","p99","max"`.
    static func figures(_ report: String) throws -> [Double] {
        let fields = report.split(separator: "\n").last.map { line in
            line.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }
        }
        guard let fields, fields.count == 8, let rate = Double(fields[1]), let p99 = Double(fields[6]) else {
            throw LoopbackError("redis-benchmark printed no result: \(report.suffix(200))")
        }
        return [rate, p99]
    }
}
