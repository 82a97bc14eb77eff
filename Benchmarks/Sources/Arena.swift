import Foundation
import LoopbackServers

/// The servers of one run: a Redis, three Sentinels that watch it, HAProxy and the sidecar in front of it, each with
/// its default settings, on loopback addresses of their own.
final class Arena {
    let endpoints: [Endpoint]
    private let servers: [Contestant: ServerProcess]
    private let sentinels: [ServerProcess]
    private let directory: URL

    /// Starts everything that the contestants need and waits until each answers `PING` over both transports.
    init(contestants: [Contestant], proxy: URL) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "breakwater-bench-\(getpid())")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let network = LoopbackPlace.randomNetwork()
        func place(_ number: Int, _ socket: String) throws -> LoopbackPlace {
            try LoopbackPlace(address: "\(network).\(number)", socketPath: directory.appending(path: socket).path)
        }

        let redis = try place(1, "redis.sock")
        var places = [Contestant.direct: redis]
        var servers = [Contestant.direct: try ServerProcess.redis(at: redis, in: directory)]
        var sentinels: [ServerProcess] = []
        if contestants.contains(.haproxy) {
            let place = try place(5, "haproxy.sock")
            places[.haproxy] = place
            servers[.haproxy] = try Self.startHAProxy(at: place, before: redis, in: directory)
        }
        if contestants.contains(.breakwater) {
            let watchers = try (2...4).map { try LoopbackPlace(address: "\(network).\($0)") }
            sentinels = try watchers.map {
                try ServerProcess.sentinel(at: $0, watching: redis, as: "bench", quorum: 2, in: directory)
            }
            let place = try place(6, "breakwater.sock")
            places[.breakwater] = place
            servers[.breakwater] = try ServerProcess.sidecar(
                proxy, at: place, following: watchers, service: "bench", in: directory)
        }
        for (contestant, server) in servers {
            try places[contestant].map { place in
                try server.waitUntilServing(place.connectOverTCP)
                try server.waitUntilServing(place.connectOverUnix)
            }
        }
        endpoints = contestants.compactMap { contestant in
            places[contestant].map { Endpoint(contestant: contestant, place: $0) }
        }
        self.directory = directory
        self.servers = servers
        self.sentinels = sentinels
    }

    deinit {
        for server in Array(servers.values) + sentinels { server.stop() }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Redis itself, for preparing data.
    func redis() throws -> BlockingConnection {
        guard let direct = endpoints.first(where: { $0.contestant == .direct }) else {
            throw LoopbackError("Redis itself must be among the contestants")
        }
        return try direct.connect(over: .unix)
    }

    func residentBytes(of contestant: Contestant) throws -> Double {
        guard let server = servers[contestant] else { throw LoopbackError("\(contestant) is not running") }
        return try server.residentBytes()
    }

    /// HAProxy as tutorials put it in front of Redis.
    private static func startHAProxy(at place: LoopbackPlace, before redis: LoopbackPlace, in directory: URL) throws
        -> ServerProcess
    {
        let configuration = try ServerProcess.write(
            "haproxy.cfg",
            [
                "global", "    maxconn 4000",
                "defaults", "    mode tcp", "    timeout connect 1s", "    timeout client 1h", "    timeout server 1h",
                "frontend redis", "    bind \(place.address):\(place.port)",
                "    bind unix@\(place.socketPath) mode 600", "    default_backend redis",
                "backend redis", "    option tcp-check",
                "    tcp-check send PING\\r\\n", "    tcp-check expect string +PONG",
                "    tcp-check send info\\ replication\\r\\n", "    tcp-check expect string role:master",
                "    tcp-check send QUIT\\r\\n", "    tcp-check expect string +OK",
                "    server redis-1 \(redis.address):\(redis.port) check inter 1s",
            ], in: directory)
        return try ServerProcess.start(
            ["haproxy", "-db", "-f", configuration], package: "haproxy", "haproxy", in: directory)
    }
}
