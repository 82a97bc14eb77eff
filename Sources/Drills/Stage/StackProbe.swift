internal import NIOCore
internal import RESP
package import RedisClient

/// Asks the servers of a stack what state they are in.
package struct StackProbe: Sendable {
    private let stage: any DrillStage

    package init(_ stage: any DrillStage) {
        self.stage = stage
    }

    /// What a Redis node says of itself (`ROLE`).
    package enum Role: Sendable, Equatable {
        case master
        case replica(of: RedisEndpoint, isConnected: Bool)
        /// It does not answer, or not as Redis does.
        case none
    }

    package func role(of node: StageNode) async -> Role {
        await ask(node.endpoint, stage.nodeCredentials) { connection in
            Self.role(try await connection.send(["ROLE"]))
        } ?? .none
    }

    static func role(_ reply: RESPValue) -> Role {
        guard let parts = reply.elements, let name = parts.first?.string else { return .none }
        switch name {
        case "master":
            return .master
        case "slave":
            guard parts.count >= 4, let host = parts[1].string, let port = parts[2].integer else { return .none }
            return .replica(
                of: RedisEndpoint(host: host, port: Int(port)), isConnected: parts[3].string == "connected")
        default:
            return .none
        }
    }

    /// The node that a majority of the Sentinels names and that says itself that it is master.
    package func master() async -> StageNode? {
        var votes: [RedisEndpoint: Int] = [:]
        for sentinel in stage.sentinels {
            if let named = await masterNamed(by: sentinel) { votes[named, default: 0] += 1 }
        }
        guard let (endpoint, count) = votes.max(by: { $0.value < $1.value }),
            count > stage.sentinels.count / 2,
            let node = stage.redis.first(where: { $0.endpoint == endpoint }),
            await role(of: node) == .master
        else { return nil }
        return node
    }

    /// The highest configuration epoch that a Sentinel knows; each successful failover takes a higher one.
    package func configurationEpoch() async -> Int? {
        var highest: Int?
        for sentinel in stage.sentinels {
            let epoch = await ask(sentinel.endpoint, stage.sentinelCredentials) { connection -> Int? in
                let reply = try await connection.send(["SENTINEL", "MASTER", stage.service])
                return reply.fields?["config-epoch"]?.integer.map { Int($0) }
            }
            if let epoch { highest = max(highest ?? 0, epoch) }
        }
        return highest
    }

    /// The only node that says of itself that it is master: all there is to go by when no Sentinel majority is left.
    package func onlyMaster() async -> StageNode? {
        var masters: [StageNode] = []
        for node in stage.redis where await role(of: node) == .master { masters.append(node) }
        return masters.count == 1 ? masters[0] : nil
    }

    private func masterNamed(by sentinel: StageNode) async -> RedisEndpoint? {
        await ask(sentinel.endpoint, stage.sentinelCredentials) { connection in
            let reply = try await connection.send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", stage.service])
            guard let parts = reply.elements, parts.count == 2, let host = parts[0].string,
                let port = parts[1].integer
            else { return nil }
            return RedisEndpoint(host: host, port: Int(port))
        }
    }

    /// What keeps the stack from being whole; `nil` when nothing does. Whole means: one master, every other node
    /// follows it and has caught up the link, and every Sentinel is alive, names that master, knows all the others
    /// and all the replicas, and sees nothing down.
    package func complaint() async -> String? {
        guard let master = await master() else { return "no master on which Sentinel and the node agree" }
        for node in stage.redis where node != master {
            guard await role(of: node) == .replica(of: master.endpoint, isConnected: true) else {
                return "\(node.name) does not follow \(master.name) yet"
            }
        }
        for sentinel in stage.sentinels {
            if let complaint = await complaint(of: sentinel, master: master) { return complaint }
        }
        return nil
    }

    private func complaint(of sentinel: StageNode, master: StageNode) async -> String? {
        let answer = await ask(sentinel.endpoint, stage.sentinelCredentials) { connection -> String in
            let replies = try await connection.pipeline([
                ["SENTINEL", "MASTER", stage.service], ["SENTINEL", "REPLICAS", stage.service],
                ["SENTINEL", "CKQUORUM", stage.service],
            ])
            guard replies.count == 3, let fields = replies[0].fields, let replicas = replies[1].elements else {
                return "\(sentinel.name) does not know \(stage.service)"
            }
            if fields["ip"]?.string != master.endpoint.host || fields["port"]?.integer != Int64(master.endpoint.port) {
                return "\(sentinel.name) names another master"
            }
            if fields["flags"]?.string != "master" {
                return "\(sentinel.name) sees the master as \(fields["flags"]?.string ?? "nothing")"
            }
            if fields["num-other-sentinels"]?.integer != Int64(stage.sentinels.count - 1) {
                return "\(sentinel.name) does not know all other Sentinels"
            }
            let healthy = replicas.filter { $0.fields?["flags"]?.string == "slave" }
            if healthy.count != stage.redis.count - 1 || replicas.count != healthy.count {
                return "\(sentinel.name) does not see all replicas up"
            }
            // An empty string says that it answered and that there is nothing to complain about.
            return replies[2].errorMessage.map { "\(sentinel.name): \($0)" } ?? ""
        }
        guard let answer else { return "\(sentinel.name) does not answer" }
        return answer.isEmpty ? nil : answer
    }

    /// Runs a few commands over a connection of its own; `nil` when the server cannot be reached.
    func ask<Value>(
        _ endpoint: RedisEndpoint, _ credentials: RedisCredentials?,
        _ body: (RedisConnection) async throws -> Value?
    ) async -> Value? {
        var options = RedisConnection.Options()
        options.connectTimeout = .milliseconds(500)
        options.commandTimeout = .milliseconds(500)
        options.credentials = credentials
        options.tls = stage.tls
        guard let connection = try? await RedisConnection.connect(to: .tcp(endpoint), options: options) else {
            return nil
        }
        let value = try? await body(connection)
        connection.abandon()
        return value
    }
}
