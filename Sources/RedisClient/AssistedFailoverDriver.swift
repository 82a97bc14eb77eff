import Logging
import NIOCore
import RESP
import RecoveryCore
import Synchronization

/// Performs what `AssistedFailover` decides: watches the master's link, asks around, asks one Sentinel, re-points
/// replicas. It belongs to a `SentinelWatcher`, which tells it of masters and is told of requests.
final class AssistedFailoverDriver: Sendable {
    typealias Machine = AssistedFailover<RedisEndpoint>

    private let settings: AssistedFailoverSettings
    private let watcher: SentinelWatcher.Configuration
    private let logger: Logger
    private let announce: @Sendable (SentinelTracker.Event) -> Void
    private let events: AsyncStream<Machine.Event>
    private let sink: AsyncStream<Machine.Event>.Continuation
    private let shared = Mutex(Shared())
    private let peers: PeerSurveyor?

    private struct Shared {
        var counts = AssistedFailoverCounts()
        /// As it was after the last event.
        var machine: Machine?
        var sentinels: [RedisEndpoint] = []
        var known = 0
    }

    /// `announce` tells the watcher of requests; callable from any thread.
    init(
        settings: AssistedFailoverSettings, watcher: SentinelWatcher.Configuration, logger: Logger,
        announce: @escaping @Sendable (SentinelTracker.Event) -> Void
    ) {
        self.settings = settings
        self.watcher = watcher
        self.logger = logger
        self.announce = announce
        peers = settings.peers.map { PeerSurveyor($0, service: watcher.service, group: watcher.eventLoopGroup) }
        (events, sink) = AsyncStream.makeStream()
    }

    var counts: AssistedFailoverCounts { shared.withLock(\.counts) }

    var sight: MasterSight? {
        shared.withLock { shared in
            shared.machine?.sight(now: .now).map {
                MasterSight(master: $0.master, epoch: $0.epoch, misses: $0.misses)
            }
        }
    }

    func confirmed(_ master: MasterState) { sink.yield(.confirmed(master.endpoint, epoch: master.epoch)) }
    func promoted(_ endpoint: RedisEndpoint) { sink.yield(.promoted(endpoint)) }

    /// The Sentinels to ask: those whose word counts.
    func sentinels(_ status: WatcherStatus) {
        shared.withLock { shared in
            shared.sentinels = status.sentinels.filter { $0.excluded == nil }.map(\.endpoint)
            shared.known = status.known
        }
    }

    /// Runs until the task is cancelled.
    func run() async {
        var timing = Machine.Timing()
        timing.hangAfter = Duration(settings.hangAfter)
        let loop = watcher.eventLoopGroup.next()
        await withDiscardingTaskGroup { group in
            var machine = Machine(timing: timing)
            var link: AsyncStream<Void>.Continuation?
            var timer: (at: ContinuousClock.Instant, task: Scheduled<Void>)?
            for await event in events {
                let actions = machine.handle(event, now: .now)
                shared.withLock { shared in
                    shared.counts = machine.counts
                    shared.machine = machine
                }
                for action in actions { perform(action, &link, &group) }
                let wake = machine.nextWake
                if wake != timer?.at || event == .tick {
                    timer?.task.cancel()
                    timer = wake.map { wake in
                        let delay = max(.zero, ContinuousClock.now.duration(to: wake))
                        return (wake, loop.scheduleTask(in: TimeAmount(delay)) { [sink] in _ = sink.yield(.tick) })
                    }
                }
            }
            timer?.task.cancel()
            link?.finish()
            group.cancelAll()
        }
    }

    private func perform(
        _ action: Machine.Action, _ link: inout AsyncStream<Void>.Continuation?, _ group: inout DiscardingTaskGroup
    ) {
        switch action {
        case .watch(let node):
            link?.finish()
            let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            link = signal
            let master = MasterLink(endpoint: node, configuration: watcher, signals: signals, signal: signal) {
                [sink] in _ = sink.yield(.link(node, $0))
            }
            group.addTask { await master.run() }
        case .survey(let master):
            let (sentinels, known) = shared.withLock { ($0.sentinels, $0.known) }
            let surveyor = FailoverSurveyor(
                watcher: watcher, credentials: credentials, sentinels: sentinels, known: known, peers: peers)
            group.addTask { [sink] in sink.yield(.surveyed(await surveyor.survey(master: master))) }
        case .request(let request):
            logger.warning(
                "the master \(request.master) is lost: asking the Sentinel \(request.sentinel) for a failover")
            // First, so that nothing the Sentinel announces comes before it.
            announce(.requested(request.sentinel, master: request.master))
            group.addTask { await self.ask(request) }
        case .join(let request):
            logger.warning(
                "the master \(request.master) is lost: the Sentinel \(request.sentinel) is failing over already")
            announce(.requested(request.sentinel, master: request.master))
        case .repoint(let replicas, let old, let new):
            for replica in replicas {
                group.addTask { await self.repoint(replica, from: old, to: new) }
            }
        case .refuse(let refusal):
            logger.warning("the master is lost and no failover is asked for: \(refusal.explanation)")
        }
    }

    private var credentials: RedisCredentials? { settings.credentials ?? watcher.serverCredentials }

    private func ask(_ request: FailoverRequest<RedisEndpoint>) async {
        let answer = await FailoverQuestion.ask(request, watcher)
        switch answer {
        case .accepted, .inProgress: break
        case .rejected(let error):
            logger.warning("the Sentinel \(request.sentinel) declined the failover: \(error)")
            announce(.declined(request.sentinel))
        case .lost: logger.warning("the Sentinel \(request.sentinel) did not answer; no other is asked")
        }
        sink.yield(.answered(answer))
    }

    /// Sends a replica of the old master to the new one, as Sentinel is about to; until it follows no write passes
    /// `min-replicas-to-write`. Doing so again is no operation.
    private func repoint(_ replica: RedisEndpoint, from old: RedisEndpoint, to new: RedisEndpoint) async {
        do {
            let connection = try await FailoverSurveyor.connect(replica, credentials, watcher, .resp2)
            defer { connection.abandon() }
            // PING is no question here: a replica without its master answers MASTERDOWN.
            let role = try await connection.send(["ROLE"])
            guard RoleAnswer([role, .simpleString("PONG")]) == .replica(of: old) else { return }
            let reply = try await connection.send(["REPLICAOF", new.host, String(new.port)])
            if let error = reply.errorMessage {
                logger.warning("the replica \(replica) could not be sent to \(new): \(error.prefix(200))")
            }
        } catch {
            logger.warning("the replica \(replica) could not be sent to \(new): \(error)")
        }
    }
}
