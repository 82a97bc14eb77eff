import Logging
import NIOCore
import RESP
import RedisClient

/// All that one event loop serves: its sessions, their lanes and private connections, and what they share. Everything
/// in it runs on that loop; there is no lock and no `await` on the way of a command.
final class Shard {
    /// Commands and answers longer than this many bytes are passed on in pieces.
    static let streamingThreshold = 256 * 1024
    /// The longest command, in bytes, that is gathered whole because it concerns the session.
    static let gatheringLimit = 64 * 1024 * 1024
    /// Commands of one session that may be under way before it is not read from.
    static let outstandingLimit = 1024
    /// How long a demoted master may take to answer what it was sent.
    static let farewell = TimeAmount.milliseconds(100)
    /// How long to wait before asking again a server that refused a command for the moment.
    static let refusalPause = TimeAmount.milliseconds(20)
    /// How long a client may take nothing while others wait behind its answers.
    static let stallLimit = TimeAmount.milliseconds(100)
    private static let holdCheckInterval = TimeAmount.milliseconds(5)
    private static let idleLifetime = TimeAmount.seconds(60)

    let eventLoop: any EventLoop
    let allocator = ByteBufferAllocator()
    let commandTable = CommandTable.shared
    let metrics: ShardMetrics
    let logger: Logger
    /// For connections to the master; nil for those in the clear.
    let serverTLS: RedisTLS?
    private(set) var configuration: ProxyConfiguration
    private(set) var requestLimits: RESPLimits
    private(set) var defaultIdentity: Identity
    /// The confirmed master; nil while there is none, there is doubt about it, or a switchover holds.
    private(set) var master: RedisEndpoint?
    /// What the watcher publishes, and the master in it once commands may go there.
    private var phase = MasterPhase.searching(.starting)
    private var published: RedisEndpoint?
    /// A switchover holds all commands: as if there were no master.
    private(set) var isBarred = false
    /// A majority of the Sentinels has named the master in use: it was not released early.
    private(set) var isMasterConfirmed = false
    private(set) var durability: DurabilityRule
    var degraded = DegradedMode()
    /// Since when there is no master; nil while there is one, and before the first.
    var masterlessSince: NIODeadline?
    /// There was a master once.
    var wasServed = false
    /// The other sidecars do not forget writes any more that this one would show.
    var mayReturn = false
    /// What a cache's clients wrote of late; nil unless the data is one.
    var cacheGuard: StaleCacheGuard?
    /// What deletes doubtful keys on the published master.
    var purge: CachePurge?
    var replicaReads: ReplicaReads
    /// When the clock was last read: once for each batch of bytes, not for each command.
    private(set) var now = NIODeadline.now()
    /// Databases that the server is known to have, so that SELECT need not ask.
    var knownDatabases: Set<Int> = [0]
    var privateCount = 0
    /// Private connections that no session uses at the moment.
    let idlePrivate = IdleConnections()
    private(set) var idempotentKeys: IdempotentKeys

    private let onSuspicion: @Sendable (RedisEndpoint) -> Void
    /// Asks the other sidecars whether commands may go to a master again.
    let onReturning: @Sendable () -> Void
    private var sessions: [Int: Session] = [:]
    private var nextSessionID: Int
    private let sessionIDStep: Int
    private var lanes: [UpstreamKey: Lane] = [:]
    /// Lanes that no longer take new sessions and still owe answers.
    private var retiredLanes: [ObjectIdentifier: Lane] = [:]
    private var dirtyLanes: [Lane] = []
    private var touched: [Session] = []
    private var identities = IdentityBook()
    private var isFlushScheduled = false
    private var isHoldCheckScheduled = false
    private(set) var isOverloaded = false
    private(set) var isDraining = false
    private var handshakeWarned = NIODeadline.distantPast

    init(
        eventLoop: any EventLoop, index: Int, of count: Int, configuration: ProxyConfiguration, logger: Logger,
        serverTLS: RedisTLS? = nil, onSuspicion: @escaping @Sendable (RedisEndpoint) -> Void,
        onReturning: @escaping @Sendable () -> Void = {}
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        self.serverTLS = serverTLS
        self.onSuspicion = onSuspicion
        self.onReturning = onReturning
        metrics = ShardMetrics(slowLog: SlowCommandLog(threshold: configuration.slowLog, logger: logger))
        nextSessionID = index + 1
        sessionIDStep = count
        requestLimits = RESPLimits(bulkLength: configuration.limits.bulkLength)
        defaultIdentity = Identity(credentials: configuration.serverCredentials)
        idempotentKeys = IdempotentKeys(prefixes: configuration.idempotentPrefixes)
        durability = DurabilityRule(configuration)
        cacheGuard = StaleCacheGuard(configuration)
        replicaReads = ReplicaReads(configuration.replicaReads)
    }

    @discardableResult
    @inline(__always)
    func readClock() -> NIODeadline {
        now = NIODeadline.now()
        return now
    }

    /// Runs later on this loop.
    func after(_ delay: TimeAmount, _ body: @escaping () -> Void) {
        let bound = NIOLoopBound(body, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: delay) { bound.value() }
    }

    // MARK: Sessions

    /// Makes the session for a client that was accepted; nil when there are too many or the sidecar is leaving.
    func accept() -> Session? {
        guard sessions.count < max(1, configuration.limits.clients / sessionIDStep), !isDraining else {
            metrics.countRefusedClient()
            return nil
        }
        let session = Session(shard: self, id: nextSessionID)
        nextSessionID += sessionIDStep
        sessions[session.id] = session
        metrics.countClient()
        return session
    }

    /// A client's TLS handshake failed. Anybody can cause that at will, so the log gets one a second.
    func handshakeFailed(_ reason: String, from client: SocketAddress?) {
        metrics.countFailedHandshake()
        guard readClock() - handshakeWarned >= .seconds(1) else { return }
        handshakeWarned = now
        logger.warning(
            "the TLS handshake of a client failed",
            metadata: ["reason": "\(reason)", "client": "\(client?.ipAddress ?? "unknown")"])
    }

    func remove(_ session: Session) { sessions[session.id] = nil }

    /// Counts the clients of this loop one by one.
    func ordinal(of session: Session) -> Int { session.id / sessionIDStep }

    var allSessions: [Session] { Array(sessions.values) }

    var sessionCount: Int { sessions.count }

    /// Remembers a session that was written to in this turn.
    @inline(__always)
    func touch(_ session: Session) {
        if touched.isEmpty { scheduleFlush() }
        touched.append(session)
    }

    func flushTouchedSessions() {
        guard !touched.isEmpty else { return }
        // Flushing lets sessions go on, which may write to others; the list grows while it is walked.
        var index = 0
        while index < touched.count {
            touched[index].flushIfNeeded()
            index += 1
        }
        touched.removeAll(keepingCapacity: true)
    }

    // MARK: Lanes

    @inline(__always)
    func lane(for key: UpstreamKey) -> Lane {
        if let lane = lanes[key] { return lane }
        let lane = Lane(shard: self, key: key)
        lanes[key] = lane
        return lane
    }

    /// A lane took commands: it is flushed at the end of this turn of the loop, together with all that gathers.
    @inline(__always)
    func markDirty(_ lane: Lane) {
        dirtyLanes.append(lane)
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.flush() }
    }

    private func flush() {
        isFlushScheduled = false
        let lanes = dirtyLanes
        dirtyLanes.removeAll(keepingCapacity: true)
        for lane in lanes { lane.flush() }
        flushTouchedSessions()
    }

    var allLanes: [Lane] { Array(lanes.values) + Array(retiredLanes.values) }

    func laneDrained(_ lane: Lane) {
        if isOverloaded { checkLoad() }
    }

    /// A lane retires: the next command for its key gets a new one.
    func forget(_ lane: Lane) {
        if lanes[lane.key] === lane { lanes[lane.key] = nil }
        retiredLanes[ObjectIdentifier(lane)] = lane
    }

    /// Watches a client that does not take its answers: when it makes no progress while others wait, it is closed.
    func watchStall(of session: Session, on lane: Lane) {
        let progress = session.progress
        after(Self.stallLimit) { [self] in
            guard session.isOpen, !session.isWritable else { return }
            if lane.delaysOthers(than: session), session.progress == progress { return session.close(.slowReader) }
            self.watchStall(of: session, on: lane)
        }
    }

    var sessionsWithPrivateUpstream: [Session] {
        privateCount == 0 ? [] : sessions.values.filter { $0.privateUpstream != nil }
    }

    // MARK: Identities

    // MARK: Identities

    /// Who deletes doubtful keys: the sidecar, or where only its clients have passwords, one of them.
    var purgeIdentity: Identity {
        if defaultIdentity.credentials != nil { return defaultIdentity }
        if let control = configuration.controlCredentials { return Identity(credentials: control) }
        return lanes.keys.lazy.map(\.identity).first { $0.credentials != nil } ?? defaultIdentity
    }

    /// The identity for credentials, one object for each.
    func identity(for credentials: RedisCredentials) -> Identity {
        identities.identity(for: credentials) {
            Set(lanes.keys.map { ObjectIdentifier($0.identity) })
                .union(sessions.values.map { ObjectIdentifier($0.state.identity) })
        }
    }

    /// The identity of credentials that the server has accepted before and that a connection is authenticated with at
    /// this moment: those need not be asked again.
    func knownIdentity(username: String?, password: String) -> Identity? {
        if let own = configuration.serverCredentials,
            (username ?? "default") == (own.username ?? "default") || username == nil,
            own.password.exposed.isEqualInConstantTime(to: password)
        {
            return defaultIdentity
        }
        let credentials = RedisCredentials(username: username, password: Secret(password))
        guard let identity = identities.known(credentials) else { return nil }
        let isConnected = lanes.contains {
            $0.key.identity === identity && $0.key.replica == nil && $0.value.isReady
        }
        return isConnected || degraded.isOn && identity.isVerified ? identity : nil
    }

    /// Whether a client gave the sidecar's own password.
    func acceptsClient(username: String?, password: String) -> Bool {
        guard let expected = configuration.clientPassword else { return true }
        let isDefault = username == nil || username == "default"
        return expected.exposed.isEqualInConstantTime(to: password) && isDefault
    }

    /// The error for a command that cannot work through a sidecar.
    func refusal(of spec: CommandSpec) -> String {
        let descriptor = commandTable.descriptors[Int(spec.index)]
        return
            "ERR \(descriptor.name) cannot be used through the sidecar: \(descriptor.note ?? "connect to Redis itself")"
    }

    // MARK: The master

    /// Tells the watcher that a connection to this node broke, or was refused.
    func suspect(_ endpoint: RedisEndpoint) { onSuspicion(endpoint) }

    func apply(_ phase: MasterPhase) {
        self.phase = phase
        isMasterConfirmed = if case .available = phase { true } else { false }
        openMaster()
    }

    /// Lets commands go to the published master, if they may.
    func openMaster() {
        readClock()
        published = admit(phase)
        masterChanged()
    }

    /// Keeps commands from the master at once, and looks at the end of this turn of the loop whether they may go there.
    func closeMaster() {
        guard published != nil else { return }
        published = nil
        master = nil
        after(.zero) { self.openMaster() }
    }

    /// Holds all commands until told otherwise; those that were sent are still answered.
    func bar(_ isBarred: Bool) {
        self.isBarred = isBarred
        masterChanged()
    }

    /// Commands that a server was given and has not answered. Blocking ones are left out: they may wait for hours and
    /// are no write until another client, which is held, writes.
    var inFlight: Int {
        let shared = (Array(lanes.values) + Array(retiredLanes.values)).reduce(0) { $0 + $1.sentCount }
        return sessions.values.reduce(shared) { $0 + ($1.privateUpstream?.inFlight ?? 0) }
    }

    private func masterChanged() {
        master = isBarred ? nil : published
        readClock()
        noteMaster(published != nil)
        if published == nil { doubtMaster() }
        if !degrades { leaveDegraded() }
        for lane in Array(lanes.values) + Array(retiredLanes.values) { lane.masterChanged(to: master) }
        guard let master else { return }
        for session in Array(sessions.values) { session.masterChanged() }
        idlePrivate.close(allBut: master)
    }

    var hasUsableMaster: Bool { phase.usable != nil }

    // MARK: Holding

    /// What the master was given may still be answered, for as long as a hold.
    private func doubtMaster() {
        for lane in allLanes { lane.doubtMaster() }
        for session in sessionsWithPrivateUpstream { session.privateUpstream?.doubtMaster() }
        scheduleHoldCheck()
    }

    func scheduleHoldCheck() {
        guard !isHoldCheckScheduled else { return }
        isHoldCheckScheduled = true
        after(Self.holdCheckInterval) { self.checkHeld() }
    }

    private func checkHeld() {
        isHoldCheckScheduled = false
        readClock()
        var holds = false
        for lane in allLanes {
            lane.expireHeld(now)
            holds = holds || lane.holds || lane.answersDue != nil || degrades && !lane.isEmpty
        }
        if privateCount > 0 {
            for session in Array(sessions.values) {
                guard let upstream = session.privateUpstream, upstream.deadline != nil else { continue }
                upstream.expire(now)
                holds = true
            }
        }
        checkLoad()
        if holds { scheduleHoldCheck() }
    }

    /// Held bytes above the limit stop the reading from clients; commands are held in their sockets then.
    private func checkLoad() {
        let held = lanes.values.reduce(0) { $0 + $1.unsentBytes }
        let count = lanes.values.reduce(0) { $0 + ($1.holds ? $1.pendingCount : 0) }
        metrics.setHeld(commands: count, bytes: held)
        let wasOverloaded = isOverloaded
        isOverloaded = held > configuration.limits.heldBytes
        if wasOverloaded, !isOverloaded {
            for session in Array(sessions.values) { session.resume() }
        }
    }

    // MARK: Housekeeping

    /// Lets go of what was not used for a while. Called now and then.
    func sweep() {
        readClock()
        for (key, lane) in lanes where lane.isEmpty && lane.lastUsed + Self.idleLifetime < now {
            lanes[key] = nil
            lane.retire()
            lane.close()
        }
        retiredLanes = retiredLanes.filter { !$0.value.isEmpty || !$0.value.isIdle }
        sweepReplicaReads()
    }

    private func reloadCacheGuard() {
        guard configuration.role == .cache else {
            cacheGuard = nil
            // A purge under way is no longer wanted.
            if purge != nil { openMaster() }
            return
        }
        if cacheGuard == nil {
            cacheGuard = StaleCacheGuard(configuration, master: published == nil ? nil : phase.usable)
        } else {
            cacheGuard?.configure(
                window: TimeAmount(configuration.guardWindow), limit: configuration.limits.journalBytes)
        }
    }

    func reload(_ configuration: ProxyConfiguration) {
        let credentialsChanged = configuration.serverCredentials != self.configuration.serverCredentials
        self.configuration = configuration
        requestLimits = RESPLimits(bulkLength: configuration.limits.bulkLength)
        idempotentKeys = IdempotentKeys(prefixes: configuration.idempotentPrefixes)
        durability = DurabilityRule(configuration)
        reloadReplicaReads(configuration.replicaReads)
        if !degrades { leaveDegraded() }
        reloadCacheGuard()
        guard credentialsChanged else { return }
        let old = defaultIdentity
        defaultIdentity = Identity(credentials: configuration.serverCredentials)
        for session in sessions.values where session.state.identity === old && !session.isBusy {
            session.state.identity = defaultIdentity
            session.forgetLane()
        }
    }

    /// Closes clients as they become idle. Returns how many are left.
    func drain() -> Int {
        isDraining = true
        for session in Array(sessions.values) where !session.isBusy { session.close(.draining) }
        return sessions.count
    }

    func closeAll() {
        purge?.cancel()
        for session in Array(sessions.values) { session.close(.draining) }
        for lane in Array(lanes.values) + Array(retiredLanes.values) { lane.close() }
        idlePrivate.close()
    }

    /// What this loop has measured so far.
    func snapshot() -> MetricsSnapshot {
        metrics.setDegraded(since: degraded.since, now: .now())
        return metrics.snapshot(
            clients: sessions.count, pinned: privateCount, lanes: lanes.values.count { $0.isReady },
            journalBytes: cacheGuard?.journal.bytes ?? 0)
    }
}
