import NIOCore
import RESP
import RecoveryCore

/// Asks all Sentinels and replicas at one moment. Each has a quarter of a second: a survey is made of those that
/// answer, and repeated.
struct FailoverSurveyor: Sendable {
    typealias Survey = FailoverSurvey<RedisEndpoint>
    private static let timeout = TimeAmount.milliseconds(250)
    /// A list of replicas longer than this is nonsense.
    private static let maximumReplicas = 64

    let watcher: SentinelWatcher.Configuration
    let credentials: RedisCredentials?
    let sentinels: [RedisEndpoint]
    let known: Int
    let peers: PeerSurveyor?

    func survey(master: RedisEndpoint) async -> Survey {
        async let peers = peers?.survey(master: master) ?? []
        var survey = await surveyServers(master: master)
        survey.peers = await peers
        return survey
    }

    private func surveyServers(master: RedisEndpoint) async -> Survey {
        var views: [SentinelView<RedisEndpoint>] = []
        var listed: Set<RedisEndpoint> = []
        await withTaskGroup(of: SentinelAnswers?.self) { group in
            for sentinel in sentinels { group.addTask { await ask(sentinel) } }
            for await answers in group {
                guard let answers, !views.contains(where: { $0.runID == answers.view.runID }) else { continue }
                views.append(answers.view)
                listed.formUnion(answers.replicas)
            }
        }
        listed.remove(master)
        let replicas = await withTaskGroup(of: ReplicaView<RedisEndpoint>.self) { group in
            for replica in listed.sorted().prefix(Self.maximumReplicas) {
                group.addTask { ReplicaView(replica, await state(of: replica)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return Survey(master: master, knownSentinels: known, sentinels: views, replicas: replicas)
    }

    static func connect(
        _ endpoint: RedisEndpoint, _ credentials: RedisCredentials?, _ watcher: SentinelWatcher.Configuration,
        _ version: RedisConnection.Options.ProtocolVersion
    ) async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.connectTimeout = timeout
        options.commandTimeout = timeout
        options.credentials = credentials
        options.tls = watcher.tls
        options.protocolVersion = version
        options.limits = RESPLimits(bulkLength: 1 << 16, elementCount: 4096, lineLength: 4096, depth: 8)
        options.maximumReplyBytes = 1 << 20
        return try await RedisConnection.connect(to: .tcp(endpoint), options: options, on: watcher.eventLoopGroup)
    }

    private func ask(_ sentinel: RedisEndpoint) async -> SentinelAnswers? {
        do {
            let connection = try await Self.connect(sentinel, watcher.sentinelCredentials, watcher, .resp2)
            defer { connection.abandon() }
            let replies = try await connection.pipeline(SentinelAnswers.questions(watcher.service))
            return SentinelAnswers(sentinel, replies)
        } catch {
            return nil
        }
    }

    private func state(of replica: RedisEndpoint) async -> ReplicaState<RedisEndpoint>? {
        do {
            let connection = try await Self.connect(replica, credentials, watcher, .resp2)
            defer { connection.abandon() }
            return try await connection.send(["INFO", "replication"]).string.flatMap { ReplicaState(information: $0) }
        } catch {
            return nil
        }
    }
}

/// What one Sentinel answers to a survey.
struct SentinelAnswers: Equatable {
    var view: SentinelView<RedisEndpoint>
    var replicas: [RedisEndpoint]

    static func questions(_ service: String) -> [[String]] {
        [
            ["SENTINEL", "MYID"], ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", service], ["SENTINEL", "MASTER", service],
            ["SENTINEL", "REPLICAS", service], ["SENTINEL", "CKQUORUM", service],
        ]
    }

    private static func milliseconds(_ value: RESPValue?) -> Duration? {
        value?.integer.flatMap { (0...86_400_000).contains($0) ? .milliseconds($0) : nil }
    }

    /// Whether an answer to `SENTINEL CKQUORUM` says that the Sentinel reaches enough others.
    static func isQuorum(_ reply: RESPValue) -> Bool { reply.string?.hasPrefix("OK") == true }

    /// Nil when the answers are not what a Sentinel says.
    init?(_ sentinel: RedisEndpoint, _ replies: [RESPValue]) {
        guard replies.count == 5, let runID = replies[0].string, !runID.isEmpty,
            let address = replies[1].elements, address.count == 2, let host = address[0].string,
            let port = address[1].integer, let master = RedisEndpoint(sentinelHost: host, port: port),
            let fields = replies[2].fields, let flags = fields["flags"]?.string,
            let epoch = fields["config-epoch"]?.string.flatMap({ UInt64($0) }),
            let replicas = Self.replicas(replies[3])
        else { return nil }
        view = SentinelView(
            endpoint: sentinel, runID: runID, master: master, epoch: epoch,
            failoverPending: flags.split(separator: ",").contains("failover_in_progress"),
            hasQuorum: Self.isQuorum(replies[4]),
            failoverTimeout: Self.milliseconds(fields["failover-timeout"]),
            downAfter: Self.milliseconds(fields["down-after-milliseconds"]))
        self.replicas = replicas.map(\.endpoint)
        for (endpoint, fields) in replicas {
            if !Self.isSelectable(fields) { view.unselectable.insert(endpoint) }
            // `sentinelRefreshInstanceInfo` in sentinel.c: it asks every 10 s, and a role that it has known for 8 s is
            // one to be corrected.
            if fields["role-reported"]?.string == "master" { view.mistaken.insert(endpoint) }
        }
    }

    /// The entries of an answer to `SENTINEL REPLICAS` that have an address; nil when it is no list.
    static func replicas(_ reply: RESPValue) -> [(endpoint: RedisEndpoint, fields: [String: RESPValue])]? {
        reply.elements?.compactMap { entry in
            guard let fields = entry.fields, let host = fields["ip"]?.string, let port = fields["port"]?.integer,
                let endpoint = RedisEndpoint(sentinelHost: host, port: port)
            else { return nil }
            return (endpoint, fields)
        }
    }

    /// Whether the Sentinel would promote it, as far as that shows (`sentinelSelectSlave` in sentinel.c): it is up, and
    /// said INFO in the last 30 s. After a failover a Sentinel knows its replicas by address alone until then, and
    /// shows an empty `runid`.
    private static func isSelectable(_ replica: [String: RESPValue]) -> Bool {
        let flags = replica["flags"]?.string?.split(separator: ",") ?? []
        return Set(flags).isDisjoint(with: ["s_down", "o_down", "disconnected"])
            && replica["runid"]?.string != "" && replica["info-refresh"]?.integer ?? 0 <= 30_000
    }
}

extension ReplicaState<RedisEndpoint> {
    /// Reads `INFO replication`; nil when it says no role.
    init?(information: String) {
        var fields: [Substring: Substring] = [:]
        for line in information.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        guard let role = fields["role"] else { return nil }
        func number(_ name: Substring) -> Int64? { fields[name].flatMap { Int64($0) } }
        self.init(
            isReplica: role == "slave",
            master: fields["master_host"].flatMap { host in
                number("master_port").flatMap { RedisEndpoint(sentinelHost: String(host), port: $0) }
            },
            isLinkUp: fields["master_link_status"] == "up", lastIOSeconds: number("master_last_io_seconds_ago") ?? -1,
            linkDownSeconds: number("master_link_down_since_seconds") ?? 0, offset: number("slave_repl_offset") ?? 0,
            priority: number("slave_priority") ?? 100)
    }
}

/// Asks one Sentinel for a failover.
enum FailoverQuestion {
    /// The run id and the quorum are asked for again first: the address must still be the Sentinel that was chosen, and
    /// that one must not have lost the others meanwhile, for then other observers choose another.
    static func ask(
        _ request: FailoverRequest<RedisEndpoint>, _ watcher: SentinelWatcher.Configuration
    ) async -> RequestAnswer {
        let connection: RedisConnection
        do {
            connection = try await FailoverSurveyor.connect(
                request.sentinel, watcher.sentinelCredentials, watcher, .resp2)
        } catch {
            return .rejected("it cannot be reached")
        }
        defer { connection.abandon() }
        do {
            let replies = try await connection.pipeline([
                ["SENTINEL", "MYID"], ["SENTINEL", "CKQUORUM", watcher.service],
            ])
            guard replies[0].string == request.runID else { return .rejected("it is another Sentinel now") }
            guard SentinelAnswers.isQuorum(replies[1]) else { return .rejected("it has lost its quorum") }
        } catch {
            return .rejected("it does not answer")
        }
        do {
            let reply = try await connection.send(
                ["SENTINEL", "FAILOVER", watcher.service], timeout: .seconds(1))
            guard let error = reply.errorMessage else { return .accepted }
            return error.hasPrefix("INPROG") ? .inProgress : .rejected(String(error.prefix(200)))
        } catch {
            return .lost
        }
    }
}
