/// What the observer's own connection to the master shows.
package enum LinkObservation: Hashable, Sendable {
    /// A question (a connection, a PING) was sent.
    case asked
    /// Any reply came: errors such as `LOADING` or `BUSY` too, for whoever sends them lives.
    case answered
    /// The other side cut the connection.
    case reset
    /// A connection was refused: nobody listens.
    case refused
    /// A connection could not be made for another reason.
    case unreachable
}

/// What everybody else says at one moment, as far as they answered.
package struct FailoverSurvey<Node: Hashable & Comparable & Sendable>: Equatable, Sendable {
    package var master: Node
    /// How many Sentinels there are known to be.
    package var knownSentinels: Int
    /// Those that answered.
    package var sentinels: [SentinelView<Node>]
    /// Every replica that a Sentinel lists.
    package var replicas: [ReplicaView<Node>]
    /// The other observers; empty when the topology names none.
    package var peers: [PeerView]

    package init(
        master: Node, knownSentinels: Int, sentinels: [SentinelView<Node>], replicas: [ReplicaView<Node>],
        peers: [PeerView] = []
    ) {
        self.master = master
        self.knownSentinels = knownSentinels
        self.sentinels = sentinels
        self.replicas = replicas
        self.peers = peers
    }

    /// The one Sentinel that every observer asks: the lowest run id that answers and reaches its quorum. A Sentinel that
    /// is cut off from the others would promote a node that they hear nothing of.
    package var chosen: SentinelView<Node>? {
        sentinels.lazy.filter(\.hasQuorum).min { $0.runID < $1.runID }
    }
}

/// One Sentinel's answers.
package struct SentinelView<Node: Hashable & Sendable>: Equatable, Sendable {
    package var endpoint: Node
    package var runID: String
    /// Whom it names, and that one's config-epoch.
    package var master: Node
    package var epoch: UInt64
    /// Its flags say `failover_in_progress`.
    package var failoverPending: Bool
    /// `SENTINEL CKQUORUM` was answered OK.
    package var hasQuorum: Bool
    package var failoverTimeout: Duration?
    package var downAfter: Duration?
    /// Replicas that it would not promote as things stand: those it believes down, or knows too little of.
    package var unselectable: Set<Node>
    /// Replicas that it still takes for masters, from the last time that it asked them. It makes such a node a replica
    /// again as soon as it finds a master there and has not heard of the failover.
    package var mistaken: Set<Node>

    package init(
        endpoint: Node, runID: String, master: Node, epoch: UInt64, failoverPending: Bool = false,
        hasQuorum: Bool = true, failoverTimeout: Duration? = nil, downAfter: Duration? = nil,
        unselectable: Set<Node> = [], mistaken: Set<Node> = []
    ) {
        self.endpoint = endpoint
        self.runID = runID
        self.master = master
        self.epoch = epoch
        self.failoverPending = failoverPending
        self.hasQuorum = hasQuorum
        self.failoverTimeout = failoverTimeout
        self.downAfter = downAfter
        self.unselectable = unselectable
        self.mistaken = mistaken
    }
}

/// A replica that Sentinels list; its state is nil when it did not answer.
package struct ReplicaView<Node: Hashable & Sendable>: Equatable, Sendable {
    package var node: Node
    package var state: ReplicaState<Node>?

    package init(_ node: Node, _ state: ReplicaState<Node>?) {
        self.node = node
        self.state = state
    }
}

/// What `INFO replication` says on a replica.
package struct ReplicaState<Node: Hashable & Sendable>: Equatable, Sendable {
    /// `role:slave`.
    package var isReplica: Bool
    /// `master_host` and `master_port`.
    package var master: Node?
    /// `master_link_status:up`. Down at once after a crash; up until `repl-timeout` with a hung master.
    package var isLinkUp: Bool
    /// `master_last_io_seconds_ago`: whole seconds, the difference of two truncated clocks; -1 without a link.
    package var lastIOSeconds: Int64
    /// `master_link_down_since_seconds`; 0 while the link is up.
    package var linkDownSeconds: Int64
    /// `slave_repl_offset`.
    package var offset: Int64
    /// `slave_priority`; 0 is never promoted.
    package var priority: Int64

    package init(
        isReplica: Bool = true, master: Node?, isLinkUp: Bool, lastIOSeconds: Int64 = 0, linkDownSeconds: Int64 = 0,
        offset: Int64 = 0, priority: Int64 = 100
    ) {
        self.isReplica = isReplica
        self.master = master
        self.isLinkUp = isLinkUp
        self.lastIOSeconds = lastIOSeconds
        self.linkDownSeconds = linkDownSeconds
        self.offset = offset
        self.priority = priority
    }
}

/// What another observer sees; nil when it did not answer, or cannot say.
package struct PeerView: Equatable, Sendable {
    package var name: String
    package var missesMaster: Bool?

    package init(_ name: String, missesMaster: Bool?) {
        self.name = name
        self.missesMaster = missesMaster
    }
}

/// `SENTINEL FAILOVER`, to one Sentinel.
package struct FailoverRequest<Node: Hashable & Sendable>: Hashable, Sendable {
    package var sentinel: Node
    package var runID: String
    /// The dead master and its config-epoch.
    package var master: Node
    package var epoch: UInt64

    package init(sentinel: Node, runID: String, master: Node, epoch: UInt64) {
        self.sentinel = sentinel
        self.runID = runID
        self.master = master
        self.epoch = epoch
    }
}

/// What became of a request.
package enum RequestAnswer: Hashable, Sendable {
    case accepted
    /// `-INPROG`: another observer was faster.
    case inProgress
    /// Another error: `-NOGOODSLAVE` for example.
    case rejected(String)
    /// No answer: it may have acted or not.
    case lost
}

/// Why no failover is asked for. The names are those of the metrics.
package enum FailoverRefusal: String, Hashable, Sendable, CaseIterable {
    case noMaster = "no_master"
    case neverSeenAlive = "never_seen_alive"
    case notCertain = "not_certain"
    case coolingDown = "cooling_down"
    case noSentinelMajority = "no_sentinel_majority"
    case failoverUnderWay = "failover_under_way"
    case tooLate = "too_late"
    case noReplica = "no_replica"
    case noWitness = "no_witness"
    case replicasDisagree = "replicas_disagree"
    case noCandidate = "no_candidate"
    case noObserverMajority = "no_observer_majority"
    case noQuorum = "no_quorum"
    case sentinelRejected = "sentinel_rejected"
    case sentinelLost = "sentinel_lost"

    package var explanation: String {
        switch self {
        case .noMaster: "the master has changed meanwhile"
        case .neverSeenAlive: "this observer has never reached the master, so its silence proves nothing"
        case .notCertain: "the master has not been silent for long enough"
        case .coolingDown: "the last assisted failover was too short a time ago"
        case .noSentinelMajority: "no majority of the Sentinels answers"
        case .failoverUnderWay: "a failover is under way already"
        case .tooLate: "the Sentinels' own timers are about to decide"
        case .noReplica: "the Sentinels list no replica"
        case .noWitness: "no replica answers"
        case .replicasDisagree: "the replicas still hear the master"
        case .noCandidate: "no replica that answers may be promoted"
        case .noObserverMajority: "no majority of the observers misses the master"
        case .noQuorum: "the Sentinel says that its quorum cannot be reached"
        case .sentinelRejected: "the Sentinel rejected the request"
        case .sentinelLost: "the Sentinel was lost while it was asked; no other is asked"
        }
    }
}

/// What was done so far, for metrics.
package struct AssistedFailoverCounts: Equatable, Sendable {
    package var requests: UInt64 = 0
    /// Failovers that another observer had asked the same Sentinel for.
    package var joined: UInt64 = 0
    package var inProgress: UInt64 = 0
    package var repointed: UInt64 = 0
    package var refusals: [FailoverRefusal: UInt64] = [:]

    package init() {}
}
