/// A line of `show stat`: a frontend, a backend, or one of its servers
/// (<https://docs.haproxy.org/2.6/management.html#9.1>).
package struct HAProxyStatistics: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case frontend, backend, server
    }

    /// `pxname`: of the frontend or backend.
    package var proxy: String
    /// `svname`: of the server; `FRONTEND` and `BACKEND` of the others.
    package var name: String
    package var kind: Kind
    /// `UP`, `DOWN`, `DRAIN`, `NOLB` (its checks say that it wants nothing new), `MAINT`, `OPEN`; `UP 1/2` on the way down.
    package var status: String
    /// Sessions now, and since the start.
    package var sessions: Int
    package var totalSessions: Int
    /// Waiting for a server.
    package var queued: Int
    /// Of connections, and of responses.
    package var connectionErrors: Int
    package var responseErrors: Int
    /// Tried again, and given to another server.
    package var retries: Int
    package var redispatches: Int
    package var weight: Int
    /// `L7OK`, `L4CON`, …, and the status that the check got.
    package var check: String?
    package var checkStatus: Int?
    /// Seconds since the status changed.
    package var lastChange: Int
    /// Times it went down, and for how many seconds altogether.
    package var downs: Int
    package var downtime: Int
    /// Answers by the first digit of their status: 1 to 5.
    package var answers: [Int]

    /// Whether it gets new requests.
    package var isServing: Bool { status.hasPrefix("UP") || status == "OPEN" || status == "no check" }

    /// Reads the whole answer; lines that are none are left out.
    package static func read(_ text: String) -> [HAProxyStatistics] {
        let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard let head = lines.first, head.first == "# pxname" else { return [] }
        return lines.dropFirst().compactMap { line in
            guard line.count >= 2, line[0] != "" else { return nil }
            let fields = Dictionary(zip(head.map(String.init), line.map(String.init)), uniquingKeysWith: { $1 })
            return HAProxyStatistics(proxy: String(line[0]), fields)
        }
    }

    private init?(proxy: String, _ fields: [String: String]) {
        guard let name = fields["svname"], let status = fields["status"] else { return nil }
        func number(_ field: String) -> Int { fields[field].flatMap { Int($0) } ?? 0 }
        self.proxy = proxy
        self.name = name
        kind = name == "FRONTEND" ? .frontend : name == "BACKEND" ? .backend : .server
        self.status = status
        (sessions, totalSessions, queued) = (number("scur"), number("stot"), number("qcur"))
        (connectionErrors, responseErrors) = (number("econ"), number("eresp"))
        (retries, redispatches) = (number("wretr"), number("wredis"))
        weight = number("weight")
        check = fields["check_status"].flatMap { $0.isEmpty ? nil : $0 }
        checkStatus = fields["check_code"].flatMap { Int($0) }
        (lastChange, downs, downtime) = (number("lastchg"), number("chkdown"), number("downtime"))
        answers = (1...5).map { number("hrsp_\($0)xx") }
    }
}

extension HAProxySocket {
    package func statistics() throws(HAProxyError) -> [HAProxyStatistics] {
        let text = try command("show stat")
        let statistics = HAProxyStatistics.read(text)
        guard !statistics.isEmpty else { throw HAProxyError(String(text.prefix(200))) }
        return statistics
    }

    /// What an operator can tell a server to be: `set server … state`.
    package enum ServerState: String, Sendable, CaseIterable {
        case ready
        /// Nothing new; what has begun may end.
        case drain
        case maintenance = "maint"
    }

    /// Tells a server, named as `backend/server`, what to be.
    /// - Throws: `HAProxyError` with HAProxy's own words.
    package func set(_ server: String, state: ServerState) throws(HAProxyError) {
        let answer = try command("set server \(server) state \(state.rawValue)")
        guard answer.allSatisfy(\.isWhitespace) else { throw HAProxyError("\(server): \(answer)") }
    }
}
