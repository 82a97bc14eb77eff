internal import NIOCore
internal import RESP
package import RedisClient

/// What one Redis node says of itself.
package struct NodeReading: Sendable, Equatable {
    package enum Role: String, Sendable, Codable {
        case master
        case replica
    }

    package var role: Role
    /// For a replica: the master it follows.
    package var master: RedisEndpoint?
    /// For a replica: whether the link to its master is up.
    package var isLinked: Bool
    /// For a master: replicas that are online.
    package var replicas: Int
    /// `master_repl_offset` or `slave_repl_offset`, in bytes of the replication stream.
    package var offset: Int64

    /// Connects, asks and hangs up; nil when the node does not answer, or is still loading.
    package static func of(
        _ endpoint: RedisEndpoint, credentials: RedisCredentials?, tls: RedisTLS? = nil, timeout: Duration = .seconds(1)
    ) async -> NodeReading? {
        let replies = await Self.ask(
            endpoint, credentials, tls: tls, timeout: timeout, [["PING"], ["ROLE"], ["INFO", "replication"]])
        // A replica without its master refuses PING, and is well apart from that.
        guard let replies, replies[0].string == "PONG" || replies[0].errorMessage?.hasPrefix("MASTERDOWN") == true
        else {
            return nil
        }
        return NodeReading(role: replies[1], info: replies[2])
    }

    static func ask(
        _ endpoint: RedisEndpoint, _ credentials: RedisCredentials?, tls: RedisTLS?, timeout: Duration,
        _ commands: [[String]]
    ) async -> [RESPValue]? {
        var options = RedisConnection.Options()
        options.connectTimeout = TimeAmount(timeout)
        options.commandTimeout = TimeAmount(timeout)
        options.credentials = credentials
        options.tls = tls
        guard let connection = try? await RedisConnection.connect(to: .tcp(endpoint), options: options) else {
            return nil
        }
        defer { connection.abandon() }
        return try? await connection.pipeline(commands)
    }

}

extension NodeReading {
    /// Reads the replies to `ROLE` and `INFO replication`.
    init?(role: RESPValue, info: RESPValue) {
        guard let parts = role.elements, let name = parts.first?.string, let text = info.string else { return nil }
        let fields = InfoFields(text)
        switch name {
        case "master":
            self.role = .master
            isLinked = false
            replicas = fields.replicasOnline
            offset = fields.integer("master_repl_offset") ?? 0
        case "slave":
            self.role = .replica
            if let host = fields["master_host"], let port = fields.integer("master_port") {
                master = RedisEndpoint(host: host, port: Int(port))
            }
            isLinked = fields["master_link_status"] == "up"
            replicas = 0
            offset = fields.integer("slave_repl_offset") ?? 0
        default:
            return nil
        }
    }
}

/// The fields of an `INFO` section: lines of `name:value`.
struct InfoFields: Sendable, Equatable {
    private var values: [String: String] = [:]

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
    }

    subscript(name: String) -> String? { values[name] }

    func integer(_ name: String) -> Int64? { values[name].flatMap { Int64($0) } }

    /// `slave0:ip=…,port=…,state=online,offset=…,lag=0`
    var replicasOnline: Int {
        values.count { name, value in
            name.hasPrefix("slave") && Int(name.dropFirst("slave".count)) != nil
                && value.split(separator: ",").contains("state=online")
        }
    }
}
