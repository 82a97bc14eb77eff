import LoopbackServers

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

/// Where one contestant serves.
struct Endpoint: Sendable {
    let contestant: Contestant
    let place: LoopbackPlace

    func connect(over transport: Transport) throws -> BlockingConnection {
        switch transport {
        case .tcp: try place.connectOverTCP()
        case .unix: try place.connectOverUnix()
        }
    }

    /// Where `redis-benchmark` finds it.
    func arguments(for transport: Transport) -> [String] {
        switch transport {
        case .tcp: ["-h", place.address, "-p", String(place.port)]
        case .unix: ["-s", place.socketPath]
        }
    }
}
