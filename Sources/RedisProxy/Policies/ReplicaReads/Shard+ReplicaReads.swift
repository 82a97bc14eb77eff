import NIOCore
import RedisClient

/// What one event loop knows of replicas that may answer reads.
struct ReplicaReads {
    var rule: ReplicaReadRule
    var choice = ReplicaChoice()
    /// Reads are declared, or lanes of an earlier declaration still owe answers.
    var isActive: Bool
    /// Kinds of connections that failed a moment ago, and until when they are not tried.
    var avoided: [UpstreamKey: NIODeadline] = [:]
    var isWatching = false

    init(_ settings: ReplicaReadSettings) {
        rule = ReplicaReadRule(settings)
        isActive = rule.isActive
    }
}

extension Shard {
    /// How long a replica may take over a read before the master is asked instead.
    static let replicaPatience = TimeAmount.milliseconds(300)
    private static let replicaCheckInterval = TimeAmount.milliseconds(50)
    private static let avoidance = TimeAmount.seconds(1)

    enum ReplicaLane {
        case lane(Lane)
        case none(ReplicaChoice.Fallback?)
    }

    func replicaLane(for session: Session) -> ReplicaLane {
        let verdict = replicaReads.choice.choose(
            .init(
                master: master, isMasterConfirmed: isMasterConfirmed, lastWrite: session.lastWriteTime,
                maxLag: replicaReads.rule.maxLag, client: ordinal(of: session), now: now))
        guard case .replica(let endpoint) = verdict else {
            if case .master(let reason) = verdict { return .none(reason) }
            return .none(nil)
        }
        if let lane = session.replicaLane, lane.key.replica == endpoint, lane.takesReads {
            watchReplicas()
            return .lane(lane)
        }
        var key = session.state.upstreamKey
        key.replica = endpoint
        guard replicaReads.avoided[key] ?? .distantPast <= now else { return .none(.unconnected) }
        let lane = lane(for: key)
        lane.connect()
        guard lane.takesReads else { return .none(.unconnected) }
        watchReplicas()
        return .lane(lane)
    }

    func isUsable(_ replica: RedisEndpoint) -> Bool {
        replicaReads.choice.isUsable(replica, maxLag: replicaReads.rule.maxLag, now: now)
    }

    func avoid(_ key: UpstreamKey) { replicaReads.avoided[key] = now + Self.avoidance }

    func apply(_ survey: ReplicaSurvey?) { replicaReads.choice.survey = survey }

    /// New settings. Lanes of the old ones stay until they are not used any more.
    func reloadReplicaReads(_ settings: ReplicaReadSettings) {
        replicaReads.rule = ReplicaReadRule(settings)
        replicaReads.isActive = replicaReads.rule.isActive || hasReplicaLanes
    }

    func sweepReplicaReads() {
        replicaReads.avoided = replicaReads.avoided.filter { $0.value > now }
        replicaReads.isActive = replicaReads.rule.isActive || hasReplicaLanes
    }

    private var hasReplicaLanes: Bool { allLanes.contains { $0.key.replica != nil } }

    /// A replica that stops in the middle keeps nobody waiting.
    private func watchReplicas() {
        guard !replicaReads.isWatching else { return }
        replicaReads.isWatching = true
        after(Self.replicaCheckInterval) { [self] in
            replicaReads.isWatching = false
            readClock()
            for lane in allLanes where lane.key.replica != nil {
                if lane.isOverdueAtReplica(now) { lane.handBack() }
                if !lane.isEmpty { watchReplicas() }
            }
            flushTouchedSessions()
        }
    }
}

extension Lane {
    fileprivate var takesReads: Bool { isReady && !isRetired }
}
