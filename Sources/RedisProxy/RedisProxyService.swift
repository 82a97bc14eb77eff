package import Logging
import NIOCore
import NIOPosix
import RedisClient
import ServiceLifecycle
import Synchronization

/// The sidecar as a whole: binds the listeners, follows the master, spreads clients over the event loops, reloads and
/// drains. The way of a command is in `Session`, `Lane` and `Shard`.
package final class RedisProxyService: Service {
    typealias ShardBox = NIOLoopBoundBox<Shard?>

    private let group: MultiThreadedEventLoopGroup
    /// The watcher's own thread: a loop that is busy with large answers must not make the master look hung.
    let watcherGroup: MultiThreadedEventLoopGroup
    let shards: [ShardBox]
    let watcher: SentinelWatcher
    private let prober: ReplicaProber
    private let binder: ListenerBinder
    private let serverTLS: RedisTLS?
    private let clientTLS: ListenerTLS?
    let logger: Logger
    /// The switchover that has a grip on this sidecar, if any.
    let barrier = Mutex(Barrier())
    /// Somebody wants to go back to a master.
    private let returns = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let state: Mutex<State>

    private struct State {
        var configuration: ProxyConfiguration
        var isDraining = false
    }

    package init(configuration: ProxyConfiguration, binder: ListenerBinder = ListenerBinder(), logger: Logger) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        let shards = group.makeIterator().map { ShardBox.makeEmptyBox(valueType: Shard.self, eventLoop: $0) }
        let watcherGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        self.watcherGroup = watcherGroup
        self.shards = shards
        self.binder = binder
        serverTLS = configuration.serverTLS.map { RedisTLS($0) }
        clientTLS = configuration.clientTLS.map { ListenerTLS($0) }
        self.logger = logger
        state = Mutex(State(configuration: configuration))
        let watching = Self.watching(configuration, serverTLS, on: watcherGroup)
        let watcher = SentinelWatcher(
            configuration: watching, logger: logger,
            onChange: { phase in
                for shard in shards { shard.eventLoop.execute { shard.value?.apply(phase) } }
            })
        self.watcher = watcher
        prober = ReplicaProber(
            watcher: watching, credentials: configuration.controlCredentials ?? configuration.serverCredentials,
            maxLag: configuration.replicaReads.probedLag, logger: logger, status: { watcher.status },
            onChange: { survey in
                for shard in shards { shard.eventLoop.execute { shard.value?.apply(survey) } }
            })
    }

    var configuration: ProxyConfiguration { state.withLock { $0.configuration } }

    private static func watching(
        _ configuration: ProxyConfiguration, _ tls: RedisTLS?, on group: any EventLoopGroup
    ) -> SentinelWatcher.Configuration {
        var watching = SentinelWatcher.Configuration(
            sentinels: configuration.sentinels, service: configuration.service,
            sentinelCredentials: configuration.sentinelCredentials,
            serverCredentials: configuration.serverCredentials, eventLoopGroup: group)
        watching.tls = tls
        if configuration.failover == .assisted {
            watching.hangAfter = TimeAmount(configuration.hangAfter)
            watching.assisted = AssistedFailoverSettings(
                hangAfter: TimeAmount(configuration.hangAfter),
                credentials: configuration.controlCredentials,
                peers: configuration.control.map { PeerSettings(endpoints: configuration.peers, key: $0.key) })
        }
        watching.timing.earlyRelease = configuration.earlyRelease
        watching.timing.selfFence = configuration.selfFence.map { TimeAmount($0) }
        return watching
    }

    /// Serves until a graceful shutdown: then no new client is accepted, clients that are idle are closed, and those
    /// with commands under way get the drain time to finish.
    ///
    /// - Throws: `ConfigurationProblem` when a listener cannot be opened.
    package func run() async throws {
        let configuration = state.withLock { $0.configuration }
        try await createShards(configuration)
        let channels = try await listen(configuration)
        logger.info(
            "serving",
            metadata: [
                "service": "\(configuration.service)",
                "listen": "\(configuration.listeners.map(\.description).joined(separator: ", "))",
                "sentinels": "\(configuration.sentinels.map(\.description).joined(separator: ", "))",
            ])
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { [watcher] in try? await watcher.run() }
            tasks.addTask { [prober] in await prober.run() }
            tasks.addTask { await self.sweep() }
            tasks.addTask { await self.returnTogether(self.returns.stream) }
            try? await gracefulShutdown()
            await self.drain(channels)
            tasks.cancelAll()
        }
        try? await group.shutdownGracefully()
        try? await watcherGroup.shutdownGracefully()
    }

    /// Takes over a new configuration, as far as a running process can; `ProxyConfiguration.needingRestart` names the
    /// rest.
    package func reload(_ configuration: ProxyConfiguration) async {
        state.withLock { $0.configuration = configuration }
        if let settings = configuration.serverTLS { serverTLS?.update(settings) }
        if let settings = configuration.clientTLS { clientTLS?.update(settings) }
        for shard in shards { shard.eventLoop.execute { shard.value?.reload(configuration) } }
        prober.update(maxLag: configuration.replicaReads.probedLag)
    }

    /// How the sidecar is doing now, for the admin address.
    package func status() async -> ProxyStatus {
        let (configuration, isDraining) = state.withLock { ($0.configuration, $0.isDraining) }
        var metrics = MetricsSnapshot()
        for shard in shards {
            if let snapshot = try? await shard.eventLoop.submit({ shard.value?.snapshot() }).get() {
                metrics.add(snapshot)
            }
        }
        var status = ProxyStatus(
            service: configuration.service, watcher: watcher.status, isDraining: isDraining, metrics: metrics)
        if let maxLag = configuration.replicaReads.probedLag {
            status.replicas = ProxyStatus.Replicas(
                maxLag: TimeAmount(maxLag), standings: prober.survey?.replicas ?? [])
        }
        return status
    }

    // MARK: Start and end

    private func createShards(_ configuration: ProxyConfiguration) async throws {
        for (index, shard) in shards.enumerated() {
            let watcher = watcher
            let logger = logger
            let count = shards.count
            let serverTLS = serverTLS
            let returns = returns.continuation
            try await shard.eventLoop.submit {
                shard.value = Shard(
                    eventLoop: shard.eventLoop, index: index, of: count, configuration: configuration, logger: logger,
                    serverTLS: serverTLS, onSuspicion: { watcher.suspect($0) },
                    onReturning: { returns.yield() })
            }.get()
        }
    }

    private func listen(_ configuration: ProxyConfiguration) async throws -> [any Channel] {
        var channels: [any Channel] = []
        do {
            for listener in configuration.listeners {
                channels.append(try await binder.bind(listener, bootstrap: bootstrap(listener)))
            }
        } catch {
            for channel in channels { try? await channel.close().get() }
            throw error
        }
        return channels
    }

    private func bootstrap(_ listener: ProxyListener) -> ServerBootstrap {
        let shards = shards
        // A unix socket does not leave the machine.
        let tls = if case .tcp = listener.address { clientTLS } else { ListenerTLS?.none }
        return ServerBootstrap(group: group)
            // Linux gives these two to every connection that is accepted (tcp(7)), which saves each the calls.
            .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .serverChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                guard let box = shards.first(where: { $0.eventLoop === channel.eventLoop }) else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                }
                return channel.eventLoop.makeCompletedFuture {
                    // Set here and not as options of the bootstrap, which makes a future for each.
                    let options = channel.syncOptions
                    try options?.setOption(.maxMessagesPerRead, value: 4)
                    // TLS has a farewell of its own; without it a stream may have been cut short.
                    try options?.setOption(.allowRemoteHalfClosure, value: tls == nil)
                    try options?.setOption(.writeBufferWaterMark, value: .init(low: 256 * 1024, high: 1024 * 1024))
                    guard let shard = box.value, let session = shard.accept() else {
                        throw ChannelError.ioOnClosedChannel
                    }
                    try tls?.secure(channel) { shard.handshakeFailed($0, from: channel.remoteAddress) }
                    try channel.pipeline.syncOperations.addHandler(session)
                }
            }
    }

    /// Lets go of lanes and connections that are not used any more.
    private func sweep() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(15))
            for shard in shards { shard.eventLoop.execute { shard.value?.sweep() } }
        }
    }

    private func drain(_ channels: [any Channel]) async {
        let limit = state.withLock { state in
            state.isDraining = true
            return state.configuration.drainTimeout
        }
        logger.info("draining")
        for channel in channels { try? await channel.close().get() }
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            var left = 0
            for shard in shards {
                left += (try? await shard.eventLoop.submit { shard.value?.drain() ?? 0 }.get()) ?? 0
            }
            if left == 0 { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
        for shard in shards { try? await shard.eventLoop.submit { shard.value?.closeAll() }.get() }
        logger.info("drained")
    }
}
