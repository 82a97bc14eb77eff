/// Who is measured: Redis itself, and what stands in front of it.
enum Contestant: String, CaseIterable, Codable, Sendable {
    case direct
    case haproxy
    case breakwater
}

/// How a client reaches a contestant.
enum Transport: String, CaseIterable, Codable, Sendable {
    case tcp
    case unix
}

/// One contestant, running.
struct Endpoint: Sendable {
    let contestant: Contestant
    let host: String
    let port: UInt16
    /// The path of its unix socket.
    let path: String
    /// The process that serves, for its memory.
    let pid: Int32

    func connect(over transport: Transport) throws -> BlockingConnection {
        switch transport {
        case .tcp: try BlockingConnection(host: host, port: port)
        case .unix: try BlockingConnection(path: path)
        }
    }

    /// Where `redis-benchmark` finds it.
    func arguments(for transport: Transport) -> [String] {
        switch transport {
        case .tcp: ["-h", host, "-p", String(port)]
        case .unix: ["-s", path]
        }
    }
}
