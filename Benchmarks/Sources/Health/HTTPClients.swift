import Foundation
import LoopbackServers
import Synchronization

/// Blocking HTTP clients, each on a thread of its own with one connection that it keeps, as balancers and monitors have.
struct HTTPClients {
    var host: String
    var port: UInt16
    var path: String
    var count: Int

    struct Figures {
        var requestsPerSecond: Double
        var p50Ms: Double
        var p99Ms: Double
    }

    /// Asks for so long.
    /// - Throws: `LoopbackError` for anything but status 200.
    func run(seconds: Double) throws -> Figures {
        let results = Mutex<(latencies: [UInt64], failure: (any Error)?)>(([], nil))
        let group = DispatchGroup()
        let begin = DispatchTime.now().uptimeNanoseconds
        let end = begin + UInt64(seconds * 1e9)
        for _ in 0..<count {
            group.enter()
            let thread = Thread { [self] in
                defer { group.leave() }
                do {
                    let latencies = try ask(until: end)
                    results.withLock { $0.latencies += latencies }
                } catch {
                    results.withLock { $0.failure = error }
                }
            }
            thread.start()
        }
        group.wait()
        let took = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        let (latencies, failure) = results.withLock { $0 }
        if let failure { throw failure }
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { throw LoopbackError("nothing was answered") }
        return Figures(
            requestsPerSecond: Double(sorted.count) / took, p50Ms: percentile(0.5, of: sorted) / 1e6,
            p99Ms: percentile(0.99, of: sorted) / 1e6)
    }

    private func ask(until end: UInt64) throws -> [UInt64] {
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
        var latencies: [UInt64] = []
        var connection = try BlockingConnection(host: host, port: port)
        while true {
            let begin = DispatchTime.now().uptimeNanoseconds
            guard begin < end else { return latencies }
            try connection.send(request)
            let answer = try connection.receiveHTTP()
            guard answer.status == 200 else { throw LoopbackError("\(path) answers \(answer.status)") }
            latencies.append(DispatchTime.now().uptimeNanoseconds - begin)
            // nginx closes a connection after a thousand requests.
            if answer.closes { connection = try BlockingConnection(host: host, port: port) }
        }
    }
}
