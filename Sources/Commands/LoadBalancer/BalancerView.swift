internal import HAProxy

/// What one HAProxy says of itself, as `lb` prints it.
struct BalancerView: Encodable {
    struct Server: Encodable {
        var backend: String
        var name: String
        var address: String?
        var status: String
        /// Whether it gets new requests.
        var serving: Bool
        /// `none`, `drain` or `maintenance`: what an operator has told it.
        var order: String
        var check: String?
        var checkStatus: Int?
        var lastChangeSeconds: Int
        var sessions: Int
        var totalSessions: Int
        var queued: Int
        var connectionErrors: Int
        var responseErrors: Int
        var retries: Int
        var redispatches: Int
        var weight: Int
        var downs: Int
        var downtimeSeconds: Int
        /// By the first digit of their status, 1 to 5.
        var answers: [Int]
    }

    struct Frontend: Encodable {
        var name: String
        var status: String
        var sessions: Int
        var totalSessions: Int
        var answers: [Int]
    }

    var host: String?
    var socket: String
    var frontends: [Frontend]
    var servers: [Server]

    init(_ balancer: LoadBalancerPlace.Balancer) throws {
        let (states, lines) = try balancer.with { socket throws(HAProxyError) in
            (try socket.servers(), try socket.statistics())
        }
        host = balancer.name
        socket = balancer.path
        frontends = lines.filter { $0.kind == .frontend }.map {
            Frontend(
                name: $0.proxy, status: $0.status, sessions: $0.sessions, totalSessions: $0.totalSessions,
                answers: $0.answers)
        }
        servers = lines.filter { $0.kind == .server }.map { line in
            let state = states.first { $0.backend == line.proxy && $0.name == line.name }
            let orders = state?.orders ?? []
            return Server(
                backend: line.proxy, name: line.name, address: state.map { "\($0.address):\($0.port)" },
                status: line.status, serving: line.isServing,
                order: orders.contains(.maintenance) ? "maintenance" : orders.contains(.drain) ? "drain" : "none",
                check: line.check, checkStatus: line.checkStatus, lastChangeSeconds: line.lastChange,
                sessions: line.sessions, totalSessions: line.totalSessions, queued: line.queued,
                connectionErrors: line.connectionErrors, responseErrors: line.responseErrors, retries: line.retries,
                redispatches: line.redispatches, weight: line.weight, downs: line.downs,
                downtimeSeconds: line.downtime, answers: line.answers)
        }
    }

    /// A node's servers: one in each backend.
    func servers(of node: String) throws -> [Server] {
        let servers = servers.filter { $0.name == node }
        guard !servers.isEmpty else {
            throw UserFacingError(
                code: "lb.unknown_server", summary: "the HAProxy at \(socket) has no server \(node)",
                hint: "it runs with another configuration than the topology's: render it anew and reload HAProxy")
        }
        return servers
    }

    var text: String {
        var rows = [["SERVER", "ADDRESS", "STATUS", "CHECK", "SINCE", "SESSIONS", "TOTAL", "5XX", "ERRORS", "WEIGHT"]]
        for server in servers {
            rows.append([
                "\(server.backend)/\(server.name)", server.address ?? "–", server.status,
                [server.check, server.checkStatus.map { "\($0)" }].compactMap(\.self).joined(separator: " "),
                Readable.duration(Duration.seconds(server.lastChangeSeconds)), "\(server.sessions)",
                "\(server.totalSessions)", "\(server.answers[4])",
                "\(server.connectionErrors + server.responseErrors)", "\(server.weight)",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let table = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }.joined(separator: "  ")
        }
        let fronts = frontends.map {
            "frontend \($0.name): \($0.status), \($0.sessions) sessions, \($0.totalSessions) in all, "
                + "\($0.answers[4]) answers 5xx"
        }
        return ([host.map { "\($0) (\(socket))" } ?? socket] + fronts + table).joined(separator: "\n")
    }
}

/// The one document of `lb`'s commands.
struct BalancerViews: Encodable {
    /// Of `drain`: no session is left; of `ready` and `show`: every server meant gets requests.
    var settled: Bool
    var balancers: [BalancerView]
}
