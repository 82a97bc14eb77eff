import Foundation

/// The servers of one run: a Redis, three Sentinels that watch it, HAProxy and the sidecar in front of it, each with
/// its default settings, on loopback addresses of their own.
final class Arena {
    private(set) var endpoints: [Endpoint] = []
    private var servers: [Contestant: ServerProcess] = [:]
    private var sentinels: [ServerProcess] = []
    private let directory: URL
    private let network: String

    /// Starts everything that the contestants need and waits until each answers `PING` over both transports.
    init(contestants: [Contestant], proxy: URL) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "breakwater-bench-\(getpid())")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        self.directory = directory
        network = "127.\(Int.random(in: 20...250)).\(Int.random(in: 1...250))"

        let redis = try Place(address: "\(network).1", socket: directory.appending(path: "redis.sock"))
        servers[.direct] = try Self.startRedis(at: redis, in: directory)
        var places: [Contestant: Place] = [.direct: redis]
        try waitUntilServing(.direct, at: redis)

        if contestants.contains(.haproxy) {
            let place = try Place(address: "\(network).5", socket: directory.appending(path: "haproxy.sock"))
            servers[.haproxy] = try Self.startHAProxy(at: place, before: redis, in: directory)
            places[.haproxy] = place
            try waitUntilServing(.haproxy, at: place)
        }
        if contestants.contains(.breakwater) {
            let watchers = try (2...4).map { try Place(address: "\(network).\($0)", socket: nil) }
            sentinels = try watchers.map { try Self.startSentinel(at: $0, watching: redis, in: directory) }
            let place = try Place(address: "\(network).6", socket: directory.appending(path: "breakwater.sock"))
            servers[.breakwater] = try Self.startProxy(proxy, at: place, following: watchers, in: directory)
            places[.breakwater] = place
            try waitUntilServing(.breakwater, at: place)
        }
        endpoints = contestants.compactMap { contestant in
            guard let place = places[contestant], let server = servers[contestant] else { return nil }
            return Endpoint(
                contestant: contestant, host: place.address, port: place.port, path: place.socketPath, pid: server.pid)
        }
    }

    deinit {
        servers.removeAll()
        sentinels.removeAll()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Redis itself, for preparing data.
    func redis() throws -> BlockingConnection {
        guard let direct = endpoints.first(where: { $0.contestant == .direct }) else {
            throw BenchError("Redis itself must be among the contestants")
        }
        return try direct.connect(over: .unix)
    }

    func residentBytes(of contestant: Contestant) throws -> Double {
        guard let server = servers[contestant] else { throw BenchError("\(contestant) is not running") }
        return try server.residentBytes()
    }

    private func waitUntilServing(_ contestant: Contestant, at place: Place) throws {
        let endpoint = Endpoint(
            contestant: contestant, host: place.address, port: place.port, path: place.socketPath, pid: 0)
        let deadline = ContinuousClock.now + .seconds(20)
        for transport in Transport.allCases {
            while (try? endpoint.connect(over: transport).call("PING")) != Array("+PONG\r\n".utf8) {
                guard servers[contestant]?.isRunning == true, ContinuousClock.now < deadline else {
                    throw BenchError("\(contestant) does not answer over \(transport):\n\(log(of: contestant))")
                }
                usleep(20_000)
            }
        }
    }

    private func log(of contestant: Contestant) -> String {
        let text = try? String(contentsOf: directory.appending(path: "\(contestant).log"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").suffix(15).joined(separator: "\n")
    }
}

/// An address with a free port, and the path of a socket.
private struct Place {
    let address: String
    let port: UInt16
    let socketPath: String

    /// Asks the kernel for a port that is free on `address`.
    init(address: String, socket path: URL?) throws {
        self.address = address
        self.socketPath = path?.path ?? ""
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &name.sin_addr)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutableBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                bind(descriptor, $0.baseAddress, length) == 0
                    && getsockname(descriptor, $0.baseAddress, &length) == 0
            }
        }
        guard bound else { throw BenchError("no free port on \(address): \(String(cString: strerror(errno)))") }
        port = UInt16(bigEndian: name.sin_port)
    }
}

extension Arena {
    private static func file(_ name: String, _ text: String, in directory: URL) throws -> String {
        let url = directory.appending(path: name)
        try text.write(to: url, atomically: true, encoding: .utf8)
        return url.path
    }

    private static func startRedis(at place: Place, in directory: URL) throws -> ServerProcess {
        let configuration = try file(
            "redis.conf",
            """
            bind \(place.address)
            port \(place.port)
            unixsocket \(place.socketPath)
            dir \(directory.path)
            save ""
            appendonly no
            maxclients 8000
            tcp-backlog 4096
            """, in: directory)
        return try ServerProcess(["redis-server", configuration], log: directory.appending(path: "direct.log"))
    }

    private static func startSentinel(at place: Place, watching redis: Place, in directory: URL) throws
        -> ServerProcess
    {
        // A saturated machine must not look like a dead master: nothing fails over here.
        let configuration = try file(
            "sentinel-\(place.address).conf",
            """
            bind \(place.address)
            port \(place.port)
            dir \(directory.path)
            sentinel monitor bench \(redis.address) \(redis.port) 2
            sentinel down-after-milliseconds bench 600000
            """, in: directory)
        return try ServerProcess(
            ["redis-sentinel", configuration], log: directory.appending(path: "sentinel-\(place.address).log"))
    }

    private static func startHAProxy(at place: Place, before redis: Place, in directory: URL) throws -> ServerProcess {
        let configuration = try file(
            "haproxy.cfg",
            """
            global
                maxconn 4000
            defaults
                mode tcp
                timeout connect 1s
                timeout client 1h
                timeout server 1h
            frontend redis
                bind \(place.address):\(place.port)
                bind unix@\(place.socketPath) mode 600
                default_backend redis
            backend redis
                option tcp-check
                tcp-check send PING\\r\\n
                tcp-check expect string +PONG
                tcp-check send info\\ replication\\r\\n
                tcp-check expect string role:master
                tcp-check send QUIT\\r\\n
                tcp-check expect string +OK
                server redis-1 \(redis.address):\(redis.port) check inter 1s

            """, in: directory)
        let path = "\(ProcessInfo.processInfo.environment["PATH"] ?? ""):/usr/sbin"
        return try ServerProcess(
            ["env", "PATH=\(path)", "haproxy", "-db", "-f", configuration],
            log: directory.appending(path: "haproxy.log"))
    }

    private static func startProxy(_ program: URL, at place: Place, following sentinels: [Place], in directory: URL)
        throws -> ServerProcess
    {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw BenchError("no sidecar at \(program.path); build it or name it with --proxy")
        }
        return try ServerProcess(
            [program.path, "--service", "bench"]
                + sentinels.flatMap { ["--sentinel", "\($0.address):\($0.port)"] }
                + ["--listen", "\(place.address):\(place.port)", "--listen", "unix:\(place.socketPath)"],
            log: directory.appending(path: "breakwater.log"))
    }
}
