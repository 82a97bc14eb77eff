import NIOCore
import RESP
import RecoveryCore
import Synchronization

/// The Redis nodes and Sentinels of a switchover, each over one connection that is kept.
final class SwitchoverServers: Sendable {
    private let watcher: SentinelWatcher.Configuration
    private let connections = Mutex<[RedisEndpoint: RedisConnection]>([:])

    private let `operator`: RedisCredentials?

    init(_ watcher: SentinelWatcher.Configuration, operator: RedisCredentials?) {
        self.watcher = watcher
        self.operator = `operator`
    }

    func close() {
        for connection in connections.withLock({ Array($0.values) }) { connection.abandon() }
    }

    // MARK: Nodes

    func pipeline(_ node: RedisEndpoint, _ commands: [[String]]) async throws -> [RESPValue] {
        try await connection(to: node, watcher.serverCredentials).pipeline(commands, timeout: .seconds(1))
    }

    func send(_ node: RedisEndpoint, _ command: [String]) async throws -> RESPValue {
        try await connection(to: node, watcher.serverCredentials).send(command, timeout: .seconds(1))
    }

    func expectOK(_ node: RedisEndpoint, _ command: [String]) async throws {
        let reply = try await send(node, command)
        if let error = reply.errorMessage { throw ServerRefusal(node: node, command: command[0], error: error) }
    }

    /// As the user who may: `breakwater`, whose password is on every web server, may not.
    func setPriority(_ priority: Int64, of node: RedisEndpoint, rewrites: Bool = false) async throws {
        let connection = try await connect(node, `operator` ?? watcher.serverCredentials)
        defer { connection.abandon() }
        for command in [["SET", "replica-priority", "\(priority)"]] + (rewrites ? [["REWRITE"]] : []) {
            let reply = try await connection.send(["CONFIG"] + command)
            if let error = reply.errorMessage { throw ServerRefusal(node: node, command: "CONFIG", error: error) }
        }
    }

    /// `INFO replication`
    func information(_ node: RedisEndpoint) async throws -> String {
        try await send(node, ["INFO", "replication"]).string ?? ""
    }

    /// The fields of `INFO replication`.
    func replication(_ node: RedisEndpoint) async throws -> [String: String] {
        Self.fields(try await information(node))
    }

    static func fields(_ information: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in information.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        return fields
    }

    /// The node that says that it is a master.
    func promoted(among nodes: [RedisEndpoint]) async -> RedisEndpoint? {
        await withTaskGroup(of: RedisEndpoint?.self) { group in
            for node in nodes {
                group.addTask {
                    let role = try? await self.send(node, ["ROLE"])
                    return role?.elements?.first?.string == "master" ? node : nil
                }
            }
            return await group.reduce(into: nil) { $0 = $0 ?? $1 }
        }
    }

    /// Sends each to the new master, as Sentinel is about to.
    func repoint(_ nodes: [RedisEndpoint], to new: RedisEndpoint) async {
        await withTaskGroup(of: Void.self) { group in
            for node in nodes {
                group.addTask { _ = try? await self.send(node, ["REPLICAOF", new.host, "\(new.port)"]) }
            }
        }
    }

    // MARK: Sentinels

    func ask(_ sentinel: RedisEndpoint, _ commands: [[String]]) async throws -> [RESPValue] {
        try await connection(to: sentinel, watcher.sentinelCredentials).pipeline(commands, timeout: .seconds(1))
    }

    /// What this Sentinel knows of the replicas' priorities.
    func priorities(_ sentinel: RedisEndpoint, _ service: String) async throws -> [RedisEndpoint: Int64] {
        let listed = try await ask(sentinel, [["SENTINEL", "REPLICAS", service]])[0].elements ?? []
        var priorities: [RedisEndpoint: Int64] = [:]
        for entry in listed {
            guard let fields = entry.fields, let host = fields["ip"]?.string, let port = fields["port"]?.integer,
                let node = RedisEndpoint(sentinelHost: host, port: port)
            else { continue }
            priorities[node] = fields["slave-priority"]?.integer
        }
        return priorities
    }

    /// True while the Sentinel fails over, or when it names another master already.
    func isFailingOver(_ sentinel: RedisEndpoint, _ service: String, _ master: RedisEndpoint) async throws -> Bool {
        let replies = try await ask(
            sentinel, [["SENTINEL", "MASTER", service], ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", service]])
        guard let flags = replies[0].fields?["flags"]?.string, let parts = replies[1].elements, parts.count == 2,
            let host = parts[0].string, let port = parts[1].integer
        else { return true }
        return flags.split(separator: ",").contains("failover_in_progress")
            || RedisEndpoint(sentinelHost: host, port: port) != master
    }

    /// The master that a majority of these names, at one epoch.
    func named(by sentinels: [RedisEndpoint], _ service: String) async -> MasterState? {
        let named = await withTaskGroup(of: MasterState?.self) { group in
            for sentinel in sentinels {
                group.addTask {
                    let poll = SentinelPoll(service: service, peers: false)
                    guard let replies = try? await self.ask(sentinel, poll.commands),
                        case .report(let report) = poll.outcome(replies)
                    else { return nil }
                    return report.master
                }
            }
            return await group.reduce(into: [MasterState: Int]()) { counts, state in
                if let state { counts[state, default: 0] += 1 }
            }
        }
        return named.first { $0.value >= sentinels.count / 2 + 1 }?.key
    }

    private func connection(
        to endpoint: RedisEndpoint, _ credentials: RedisCredentials?
    ) async throws -> RedisConnection {
        if let open = connections.withLock({ $0[endpoint] }), open.isOpen { return open }
        let made = try await connect(endpoint, credentials)
        // Whoever was first stays: two of one task group may have met here.
        let kept = connections.withLock { connections in
            if let other = connections[endpoint], other.isOpen { return other }
            connections[endpoint] = made
            return made
        }
        if kept !== made { made.abandon() }
        return kept
    }

    private func connect(_ endpoint: RedisEndpoint, _ credentials: RedisCredentials?) async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.connectTimeout = .seconds(1)
        options.credentials = credentials
        options.tls = watcher.tls
        options.maximumReplyBytes = 1 << 20
        return try await RedisConnection.connect(to: .tcp(endpoint), options: options, on: watcher.eventLoopGroup)
    }
}

private struct ServerRefusal: Error, CustomStringConvertible {
    var node: RedisEndpoint
    var command: String
    var error: String

    var description: String { "\(node) answered \(command) with \(error.prefix(200))" }
}
