import Foundation
import LoopbackServers

/// Everything that one run of the benchmarks found, as written to `Benchmarks/results`.
struct Results: Codable {
    struct Machine: Codable {
        let cpu: String
        let cores: Int
        let kernel: String
        let redis: String
        let haproxy: String
    }

    /// One metric of one load.
    struct Figure: Codable {
        let load: String
        let title: String
        let metric: Metric
        let contestants: [Contestant.RawValue: Summary]
        /// Round by round: the sidecar's figure divided by another's, or HAProxy's by Redis'.
        let ratios: [String: Summary]
        /// Whether the sidecar does what is asked of it; nil when nothing is.
        let met: Bool?
    }

    let date: String
    let rounds: Int
    let scale: Double
    let machine: Machine
    var figures: [Figure] = []
    var soak: Soak?
}

extension Results.Figure {
    init(load: any Load, metric: Metric, values: [Contestant: [Double]]) {
        func ratio(_ one: Contestant, _ other: Contestant) -> Summary? {
            guard let one = values[one], let other = values[other] else { return nil }
            return Summary(zip(one, other).map { $0 / $1 })
        }
        let toDirect = ratio(.breakwater, .direct)
        let toHAProxy = ratio(.breakwater, .haproxy)
        var met: [Bool] = []
        func demand(_ ratio: Double?, _ target: Double?) {
            guard let ratio, let target else { return }
            met.append(metric.better == .higher ? ratio >= target : ratio <= target)
        }
        demand(toDirect?.median, metric.againstDirect)
        demand(toHAProxy?.median, metric.againstHAProxy)
        demand(values[.breakwater].map { Summary($0).maximum }, metric.limit)
        self.init(
            load: load.name, title: load.title, metric: metric,
            contestants: Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, Summary($0.value)) }),
            ratios: [
                "breakwater/direct": toDirect, "breakwater/haproxy": toHAProxy,
                "haproxy/direct": ratio(.haproxy, .direct),
            ].compactMapValues { $0 }, met: met.isEmpty ? nil : met.allSatisfy { $0 })
    }
}

extension Results.Machine {
    static func current() -> Self {
        let processors = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = processors.split(separator: "\n").first { $0.hasPrefix("model name") }
        let version = { (arguments: [String]) in
            (try? output(of: arguments))?.split(separator: "\n").first.map(String.init) ?? "unknown"
        }
        return Self(
            cpu: model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown",
            cores: ProcessInfo.processInfo.activeProcessorCount, kernel: version(["uname", "-r"]),
            redis: version(["redis-server", "--version"]),
            haproxy: version(["env", "PATH=/usr/sbin:/usr/bin:/bin", "haproxy", "-v"]))
    }
}
