package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Follows one service through its Sentinels and publishes its master. One for each process, shared by all event
/// loops; the decisions are `SentinelTracker`'s, this type performs them.
package final class SentinelWatcher: Sendable {
    /// What to follow and with which passwords.
    package struct Configuration: Sendable {
        /// The Sentinels to begin with; others are discovered through them. At least one.
        package var sentinels: [RedisEndpoint]
        /// The name in `sentinel monitor NAME …`.
        package var service: String
        /// For the Sentinels' own `requirepass` or ACL; nil when they ask for none.
        package var sentinelCredentials: RedisCredentials?
        /// For `ROLE` and `PING` on the Redis nodes; nil when they ask for none.
        package var serverCredentials: RedisCredentials?
        /// For all of them; nil for connections in the clear.
        package var tls: RedisTLS?
        package var eventLoopGroup: any EventLoopGroup
        package var timing = SentinelTracker.Timing()
        /// A node that leaves `ROLE` and `PING` unanswered for this long is taken to hang, and doubted.
        package var hangAfter: TimeAmount = .milliseconds(600)
        /// How to help Sentinel replace a dead master; nil to follow only.
        package var assisted: AssistedFailoverSettings?

        package init(
            sentinels: [RedisEndpoint], service: String, sentinelCredentials: RedisCredentials? = nil,
            serverCredentials: RedisCredentials? = nil,
            eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
        ) {
            self.sentinels = sentinels
            self.service = service
            self.sentinelCredentials = sentinelCredentials
            self.serverCredentials = serverCredentials
            self.eventLoopGroup = eventLoopGroup
        }
    }

    private typealias Event = SentinelTracker.Event

    private let configuration: Configuration
    private let logger: Logger
    private let onChange: @Sendable (MasterPhase) -> Void
    private let published = Mutex(WatcherStatus(phase: .searching(.starting)))
    /// Nodes whose suspicion waits in the stream: one for each is enough.
    private let suspects = Mutex<Set<RedisEndpoint>>([])
    /// Nil when the watcher only follows.
    private let driver: AssistedFailoverDriver?
    private let events: AsyncStream<Event>
    private let sink: AsyncStream<Event>.Continuation

    /// `onChange` is called with every new phase, in order, never twice at once, from ``run()``'s task. It must not
    /// block. It is not called for the first `.searching(.starting)`.
    package init(
        configuration: Configuration, logger: Logger, onChange: @escaping @Sendable (MasterPhase) -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onChange = onChange
        let (events, sink) = AsyncStream<Event>.makeStream()
        self.events = events
        self.sink = sink
        driver = configuration.assisted.map { settings in
            AssistedFailoverDriver(settings: settings, watcher: configuration, logger: logger) { _ = sink.yield($0) }
        }
    }

    /// Follows the Sentinels until the task is cancelled, then returns. No trouble with Sentinels, nodes or DNS ends
    /// it. Call it once.
    package func run() async throws {
        let loop = configuration.eventLoopGroup.next()
        await withDiscardingTaskGroup { group in
            var tracker = SentinelTracker(sentinels: configuration.sentinels, timing: configuration.timing)
            var driven = Driven()
            var timer: (at: NIODeadline, task: Scheduled<Void>)?
            if let driver { group.addTask { await driver.run() } }
            sink.yield(.started)
            for await event in events {
                if case .suspect(let endpoint) = event { suspects.withLock { _ = $0.remove(endpoint) } }
                let now = NIODeadline.now()
                let actions = tracker.handle(event, now: now)
                let status = tracker.status(now: now)
                published.withLock { $0 = status }
                driver?.sentinels(status)
                for action in actions { perform(action, &driven, &group) }
                let wake = tracker.nextWake
                if wake != timer?.at || event == .tick {
                    timer?.task.cancel()
                    timer = wake.map { wake in
                        (wake, loop.scheduleTask(deadline: wake) { [sink] in _ = sink.yield(.tick) })
                    }
                }
            }
            timer?.task.cancel()
            driven.finish()
            group.cancelAll()
        }
    }

    /// Says that a connection to this node broke, hung or was answered READONLY. Callable from any thread; returns
    /// at once; repeated calls coalesce; ignored when the node is not the current master.
    package func suspect(_ endpoint: RedisEndpoint) {
        if suspects.withLock({ $0.insert(endpoint).inserted }) { sink.yield(.suspect(endpoint)) }
    }

    /// A planned switchover: this Sentinel is about to be asked for a failover of this master. Callable from any
    /// thread, like the next two.
    package func failoverExpected(of master: RedisEndpoint, by sentinel: RedisEndpoint) {
        sink.yield(.requested(sentinel, master: master))
    }

    /// It was not asked, or declined.
    package func failoverDeclined(by sentinel: RedisEndpoint) { sink.yield(.declined(sentinel)) }

    /// Whether it was asked will never be told.
    package func failoverAbandoned(by sentinel: RedisEndpoint) { sink.yield(.abandoned(sentinel)) }

    /// What this process' own connection to the master shows; nil when it has none. Callable from any thread.
    package var sight: MasterSight? { driver?.sight }

    /// What is known now. Callable from any thread.
    package var status: WatcherStatus {
        var status = published.withLock { $0 }
        status.assisted = driver?.counts
        return status
    }

    /// The child tasks' ends of their streams.
    private struct Driven {
        var sessions: [RedisEndpoint: AsyncStream<SentinelSession.Signal>.Continuation] = [:]
        var probes: [RedisEndpoint: AsyncStream<RoleProbe.Signal>.Continuation] = [:]

        func finish() {
            for session in sessions.values { session.finish() }
            for probe in probes.values { probe.finish() }
        }
    }

    private func perform(_ action: SentinelTracker.Action, _ driven: inout Driven, _ group: inout DiscardingTaskGroup) {
        let emit: @Sendable (Event) -> Void = { [sink] in _ = sink.yield($0) }
        switch action {
        case .follow(let endpoint):
            let (signals, signal) = AsyncStream<SentinelSession.Signal>.makeStream()
            driven.sessions.updateValue(signal, forKey: endpoint)?.finish()
            let session = SentinelSession(
                endpoint: endpoint, configuration: configuration, signals: signals, sink: signal, emit: emit)
            group.addTask { await session.run() }
        case .unfollow(let endpoint):
            driven.sessions.removeValue(forKey: endpoint)?.finish()
        case .poll(let endpoint, let peers):
            driven.sessions[endpoint]?.yield(.poll(peers: peers))
        case .checkRole(let endpoint):
            if driven.probes[endpoint] == nil {
                let (signals, signal) = AsyncStream<RoleProbe.Signal>.makeStream()
                driven.probes[endpoint] = signal
                let probe = RoleProbe(
                    endpoint: endpoint, configuration: configuration, signals: signals, sink: signal, emit: emit)
                group.addTask { await probe.run() }
            }
            driven.probes[endpoint]?.yield(.check)
        case .forgetRole(let endpoint):
            driven.probes.removeValue(forKey: endpoint)?.finish()
        case .publish(let phase):
            log(phase)
            onChange(phase)
            if let master = phase.usable { driver?.confirmed(master) }
        case .promoted(let endpoint):
            driver?.promoted(endpoint)
        case .note(let note):
            log(note)
        }
    }

    private func log(_ phase: MasterPhase) {
        switch phase {
        case .searching(let reason): logger.debug("searching for the master: \(reason)")
        case .available(let state): logger.info("the master is \(state)")
        case .provisional(let state):
            logger.notice("the master is \(state), before a majority of the Sentinels has confirmed it")
        case .suspected(let state, _): logger.warning("the master \(state) may be lost")
        case .fenced(let state, _):
            logger.error(
                "no majority of the Sentinels is heard: the master \(state) is not used until they name one again")
        }
    }

    private func log(_ note: SentinelTracker.Note) {
        switch note {
        case .discovered(let endpoint, let runID): logger.info("Sentinel \(endpoint) discovered (\(runID))")
        case .pruned(let endpoint, let runID):
            logger.info("Sentinel \(endpoint) (\(runID)) is no longer listed by the others; it does not count any more")
        case .excluded(let endpoint, let reason): logger.warning("Sentinel \(endpoint) does not count: \(reason)")
        case .readmitted(let endpoint): logger.info("Sentinel \(endpoint) counts again")
        case .quarantined(let state, let other):
            logger.error(
                "the master \(state), used before a majority had confirmed it, is replaced by \(other): what was written to it may be lost"
            )
        case .regressed(let state):
            logger.error(
                "a majority of the Sentinels names \(state), older than what they named before; it is not followed")
        }
    }
}
