package import Logging
import NIOCore
import RESP
import Synchronization

/// Asks the confirmed master and its replicas, round after round, how far each is; while there is no need, nothing is
/// asked. `ReplicaSurvey` is what comes of it.
package final class ReplicaProber: Sendable {
    private typealias Answer = (endpoint: RedisEndpoint, connection: RedisConnection?, information: String?)

    private static let listEvery = TimeAmount.seconds(1)
    /// How long a node that cannot be connected to is left alone.
    private static let pause = TimeAmount.seconds(1)
    private static let maximumReplicas = 16

    private let watcher: SentinelWatcher.Configuration
    private let credentials: RedisCredentials?
    private let status: @Sendable () -> WatcherStatus
    private let onChange: @Sendable (ReplicaSurvey?) -> Void
    private let logger: Logger
    private let published = Mutex<ReplicaSurvey?>(nil)
    private let maxLag: Mutex<Duration?>
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// `credentials` are for INFO on the nodes. `status` is the watcher's. `onChange` is called from ``run()``'s task
    /// with each round's outcome, nil while no replica may be used; it must not block.
    package init(
        watcher: SentinelWatcher.Configuration, credentials: RedisCredentials?, maxLag: Duration?, logger: Logger,
        status: @escaping @Sendable () -> WatcherStatus, onChange: @escaping @Sendable (ReplicaSurvey?) -> Void
    ) {
        self.watcher = watcher
        self.credentials = credentials
        self.status = status
        self.onChange = onChange
        self.logger = logger
        self.maxLag = Mutex(maxLag)
        (changes, changed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What replicas may be behind; nil when none is to be asked. Callable from any thread.
    package func update(maxLag: Duration?) {
        self.maxLag.withLock { $0 = maxLag }
        changed.yield()
    }

    /// The last round's outcome; nil while no replica may be used. Callable from any thread.
    package var survey: ReplicaSurvey? { published.withLock { $0 } }

    /// Five rounds in the time that a replica may be behind.
    package static func pace(_ maxLag: Duration) -> Duration { min(maxLag / 5, .seconds(1)) }

    /// Asks until the task is cancelled. Call it once.
    package func run() async {
        var memory = Memory()
        defer { memory.forget() }
        var changes = changes.makeAsyncIterator()
        while !Task.isCancelled {
            guard let maxLag = maxLag.withLock({ $0 }) else {
                memory.forget()
                publish(nil)
                guard await changes.next() != nil else { return }
                continue
            }
            publish(
                await round(&memory, patience: TimeAmount(max(.milliseconds(25), min(maxLag / 4, .milliseconds(250))))))
            try? await Task.sleep(for: Self.pace(maxLag))
        }
    }

    private struct Memory {
        var master: RedisEndpoint?
        var offsets = MasterOffsets()
        var listed: [RedisEndpoint] = []
        var listAgain = NIODeadline.distantPast
        var connections: [RedisEndpoint: RedisConnection] = [:]
        var left: [RedisEndpoint: NIODeadline] = [:]

        mutating func forget() {
            for connection in connections.values { connection.abandon() }
            self = Memory()
        }
    }

    private func publish(_ survey: ReplicaSurvey?) {
        let before = published.withLock { published in
            defer { published = survey }
            return published
        }
        if before != survey { onChange(survey) }
        let (old, new) = (before?.usable ?? [], survey?.usable ?? [])
        guard old != new else { return }
        let names = new.isEmpty ? "none" : new.map(\.description).joined(separator: ", ")
        logger.info("replicas that can be read: \(names)")
    }

    private func round(_ memory: inout Memory, patience: TimeAmount) async -> ReplicaSurvey? {
        // A provisional master is one that a majority has yet to name.
        guard case .available(let state) = status().phase else { return nil }
        let master = state.endpoint
        if memory.master != master {
            memory.forget()
            memory.master = master
        }
        if memory.listAgain <= .now(), let listed = await list() {
            memory.listed = listed.filter { $0 != master }
            memory.listAgain = .now() + Self.listEvery
        }
        let asked = NIODeadline.now()
        guard let information = await ask([master], &memory, patience)[master] ?? nil else { return nil }
        let fields = SwitchoverServers.fields(information)
        guard fields["role"] == "master", let history = fields["master_replid"],
            let offset = fields["master_repl_offset"].flatMap({ Int64($0) })
        else { return nil }
        memory.offsets.note(offset, history: history, asked: asked)
        let answers = await ask(memory.listed, &memory, patience)
        let offsets = memory.offsets
        return ReplicaSurvey(
            master: master,
            replicas: memory.listed.map { endpoint in
                ReplicaStanding(
                    endpoint: endpoint, information: answers[endpoint] ?? nil, master: master, offsets: offsets)
            })
    }

    /// `INFO replication` of each, all at once; nil for those that give none in time.
    private func ask(
        _ nodes: [RedisEndpoint], _ memory: inout Memory, _ patience: TimeAmount
    ) async -> [RedisEndpoint: String?] {
        let now = NIODeadline.now()
        let connections = memory.connections
        let due = nodes.filter { memory.left[$0] ?? .distantPast <= now }
        let answers = await withTaskGroup(of: Answer.self) { group in
            for node in due { group.addTask { await self.ask(node, connections[node], patience) } }
            return await group.reduce(into: [Answer]()) { $0.append($1) }
        }
        for answer in answers {
            memory.connections[answer.endpoint] = answer.connection
            memory.left[answer.endpoint] = answer.connection == nil ? .now() + Self.pause : nil
        }
        return Dictionary(uniqueKeysWithValues: answers.map { ($0.endpoint, $0.information) })
    }

    private func ask(_ node: RedisEndpoint, _ open: RedisConnection?, _ patience: TimeAmount) async -> Answer {
        let connection: RedisConnection
        if let open, open.isOpen {
            connection = open
        } else {
            guard let made = try? await FailoverSurveyor.connect(node, credentials, watcher, .resp2) else {
                return (node, nil, nil)
            }
            connection = made
        }
        do {
            let reply = try await connection.send(["INFO", "replication"], timeout: patience)
            return (node, connection, reply.string ?? "")
        } catch {
            connection.abandon()
            return (node, nil, nil)
        }
    }

    /// The replicas that the first Sentinel which answers lists; nil when none does.
    private func list() async -> [RedisEndpoint]? {
        for sentinel in status().sentinels where sentinel.isReachable && sentinel.excluded == nil {
            do {
                let connection = try await FailoverSurveyor.connect(
                    sentinel.endpoint, watcher.sentinelCredentials, watcher, .resp2)
                defer { connection.abandon() }
                let reply = try await connection.send(["SENTINEL", "REPLICAS", watcher.service])
                guard let listed = SentinelAnswers.replicas(reply) else { continue }
                return Array(Set(listed.map(\.endpoint)).sorted().prefix(Self.maximumReplicas))
            } catch {
                continue
            }
        }
        return nil
    }
}

extension ReplicaSurvey {
    /// Those whose freshness is known.
    fileprivate var usable: [RedisEndpoint] { replicas.filter { $0.freshAsOf != nil }.map(\.endpoint) }
}
