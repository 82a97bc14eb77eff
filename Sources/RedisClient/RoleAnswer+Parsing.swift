import RESP

extension RoleAnswer {
    /// `ROLE` tells what a node is, `PING` whether it serves: `ROLE` is answered while the data set is loading.
    static let commands = [["ROLE"], ["PING"]]

    /// Reads the replies to ``commands``.
    init(_ replies: [RESPValue]) {
        guard replies.count == 2 else {
            self = .nonsense
            return
        }
        for reply in replies {
            guard let error = reply.errorMessage else { continue }
            self = error.hasPrefix("BUSY") ? .busy : .notServing(String(error.prefix(200)))
            return
        }
        guard replies[1].string == "PONG", let parts = replies[0].elements, let role = parts.first?.string else {
            self = .nonsense
            return
        }
        switch role {
        case "master":
            self = .master
        case "slave":
            if parts.count >= 3, let host = parts[1].string, let port = parts[2].integer {
                self = .replica(of: RedisEndpoint(sentinelHost: host, port: port))
            } else {
                self = .replica(of: nil)
            }
        default:
            self = .nonsense
        }
    }

    init(_ error: any Error) {
        switch error as? RedisConnectionError {
        case .timedOut, .connectTimedOut: self = .timedOut
        case .refused(_, let reply): self = .notServing(String(reply.prefix(200)))
        case .badReply: self = .nonsense
        case let error?: self = .unreachable(error.description)
        case nil: self = .unreachable("\(error)")
        }
    }
}
