import Foundation
import LoopbackServers

/// The sidecar's memory while connections come and go for a long time: it must stay flat.
struct Soak: Codable {
    struct Sample: Codable {
        let seconds: Double
        let residentBytes: Double
    }

    private(set) var samples: [Sample] = []
    private(set) var connections = 0

    /// Memory at the end over memory after the first tenth, by when caches have filled.
    var growth: Double? {
        guard samples.count >= 10, let last = samples.last else { return nil }
        return last.residentBytes / samples[samples.count / 10].residentBytes
    }

    init(_ endpoint: Endpoint, in arena: Arena, minutes: Double, note: (String) -> Void) throws {
        let started = ContinuousClock.now
        while true {
            let seconds = (ContinuousClock.now - started) / .seconds(1)
            samples.append(
                Sample(seconds: seconds, residentBytes: try arena.residentBytes(of: endpoint.contestant)))
            if seconds >= minutes * 60 { return }
            note(
                "soak: \(Int(seconds)) s, \(connections) connections, "
                    + String(format: "%.1f MiB", (samples.last?.residentBytes ?? 0) / 1_048_576))
            let requests = 20_000
            _ = try output(
                of: ["redis-benchmark"] + endpoint.arguments(for: .unix) + [
                    "-c", "50", "-n", String(requests), "-t", "get", "-k", "0", "--csv",
                ])
            connections += requests
        }
    }
}
