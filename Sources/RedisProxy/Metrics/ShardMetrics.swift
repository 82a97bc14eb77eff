import Logging
import NIOCore

/// What one event loop measures. Confined to that loop, which alone records and takes snapshots: no locks. What
/// happens for every command costs a few additions and never allocates.
final class ShardMetrics {
    private let storage: UnsafeMutablePointer<ShardCounters>
    private let latencies = LatencyHistograms()
    private var slowLog: SlowCommandLog
    private var gauges = ShardGauges()
    private var degradedSince: (NIODeadline, NIODeadline)?

    init(slowLog: SlowCommandLog = SlowCommandLog(threshold: nil, logger: Logger(label: "slow"))) {
        self.slowLog = slowLog
        storage = .allocate(capacity: 1)
        storage.initialize(to: ShardCounters())
    }

    deinit {
        storage.deinitialize(count: 1)
        storage.deallocate()
        latencies.deallocate()
    }

    /// Changed in place. Behind a pointer, for access to a class' stored property is checked for overlap each time.
    private var counters: ShardCounters {
        @inline(__always) unsafeAddress { UnsafePointer(storage) }
        @inline(__always) unsafeMutableAddress { storage }
    }

    // MARK: For every command

    /// The time from the arrival of a whole command to its answer, in nanoseconds.
    @inline(__always)
    func record(_ commandClass: CommandClass, _ nanoseconds: Int64) {
        latencies.record(commandClass, nanoseconds: nanoseconds)
    }

    /// The same, and a line in the log if the command was slow. Bytes are those of the whole frames.
    @inline(__always)
    func record(
        _ spec: CommandSpec, _ nanoseconds: Int64, arguments: Int, requestBytes: Int, replyBytes: Int,
        at now: NIODeadline
    ) {
        latencies.record(spec.commandClass, nanoseconds: nanoseconds)
        if nanoseconds >= slowLog.threshold {
            counters.slowCommands &+= 1
            slowLog.record(
                SlowCommand(
                    spec: spec, arguments: arguments, requestBytes: requestBytes, replyBytes: replyBytes,
                    latency: nanoseconds),
                now: Int64(truncatingIfNeeded: now.uptimeNanoseconds))
        }
    }

    @inline(__always)
    func addClientBytes(in count: Int) { counters.bytesFromClients &+= UInt64(truncatingIfNeeded: count) }

    @inline(__always)
    func addClientBytes(out count: Int) { counters.bytesToClients &+= UInt64(truncatingIfNeeded: count) }

    @inline(__always)
    func addUpstreamBytes(out count: Int) { counters.bytesToServer &+= UInt64(truncatingIfNeeded: count) }

    // MARK: Clients

    func countClient() { counters.clientsAccepted += 1 }
    func countRefusedClient() { counters.clientsRefused += 1 }
    func countClose(_ reason: CloseReason) { counters.closes[reason] += 1 }
    func countProtocolError() { counters.protocolErrors += 1 }
    func countFailedHandshake() { counters.failedHandshakes += 1 }

    // MARK: Outages

    func countHeld(_ count: Int) { counters.held += UInt64(count) }
    func countHoldTimeout() { counters.holdTimeouts += 1 }
    func countReconnect() { counters.reconnects += 1 }
    func countReplay(_ spec: CommandSpec) { counters.replays[spec.effect] += 1 }
    func countPrivateReplay() { counters.privateReplays += 1 }

    func countDurable(_ verdict: DurabilityRule.Verdict, waited nanoseconds: Int64) {
        counters.durability.writes[.init(verdict)] += 1
        counters.durability.waits.record(nanoseconds: nanoseconds)
    }

    func countPurge(_ plan: PurgePlan, _ outcome: CachePurge.Outcome, nanoseconds: Int64) {
        counters.staleCache.count(plan, outcome, nanoseconds: nanoseconds)
    }

    func countForgiven() { counters.staleCache.forgiven += 1 }

    /// `reply` is the server's whole answer, or its beginning.
    func countRefusal(_ reply: ByteBuffer) {
        let word = reply.readableBytesView.dropFirst().prefix { $0 != UInt8(ascii: " ") }
        counters.refusals[ServerRefusal(rawValue: String(decoding: word, as: UTF8.self)) ?? .other] += 1
    }

    func countReplicaRead() { counters.replicaReads.reads &+= 1 }
    func countReplicaFallback(_ reason: ReplicaChoice.Fallback) { counters.replicaReads.fallbacks[reason] += 1 }

    func countDegradedEpisode() { counters.degraded.episodes += 1 }
    func countDegraded(_ kind: DegradedFigures.Kind) { counters.degraded.answers[kind] += 1 }

    /// An episode is over.
    func countDegraded(nanoseconds: Int64) { counters.degraded.nanoseconds += UInt64(max(0, nanoseconds)) }

    /// The episode that lasts, for a snapshot.
    func setDegraded(since: NIODeadline?, now: NIODeadline) { degradedSince = since.map { ($0, now) } }

    func setHeld(commands: Int, bytes: Int) {
        gauges.heldCommands = commands
        gauges.heldBytes = bytes
    }

    // MARK: Reading

    func snapshot(clients: Int, pinned: Int, lanes: Int, journalBytes: Int = 0) -> MetricsSnapshot {
        gauges.journalBytes = journalBytes
        gauges.clients = clients
        gauges.pinned = pinned
        gauges.lanes = lanes
        gauges.degraded = degradedSince == nil ? 0 : 1
        var counters = counters
        if let (since, now) = degradedSince {
            counters.degraded.nanoseconds += UInt64(max(0, (now - since).nanoseconds))
        }
        return MetricsSnapshot(
            counters: counters, gauges: gauges, latencies: CommandClass.allCases.map { latencies.snapshot(of: $0) })
    }
}

/// What one or more event loops had measured at a moment.
package struct MetricsSnapshot: Sendable, Equatable {
    private(set) var counters: ShardCounters
    package private(set) var gauges: ShardGauges
    /// By `CommandClass.rawValue`.
    private var latencies: [LatencyHistogram]

    package init() {
        self.init(
            counters: ShardCounters(), gauges: ShardGauges(),
            latencies: CommandClass.allCases.map { _ in LatencyHistogram() })
    }

    init(counters: ShardCounters, gauges: ShardGauges, latencies: [LatencyHistogram]) {
        self.counters = counters
        self.gauges = gauges
        self.latencies = latencies
    }

    package func latency(of commandClass: CommandClass) -> LatencyHistogram {
        latencies[Int(commandClass.rawValue)]
    }

    package mutating func add(_ other: MetricsSnapshot) {
        counters.add(other.counters)
        gauges.add(other.gauges)
        for index in latencies.indices { latencies[index].add(other.latencies[index]) }
    }
}
