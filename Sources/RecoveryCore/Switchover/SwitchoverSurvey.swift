/// What a switchover knows before it begins.
package struct SwitchoverSurvey<Node: Hashable & Comparable & Sendable>: Equatable, Sendable {
    package var master: Node
    /// `master_repl_offset`; nil when the node does not answer as a master.
    package var masterOffset: Int64?
    /// `min-replicas-to-write`
    package var minReplicas: Int
    package var knownSentinels: Int
    package var sentinels: [SentinelView<Node>]
    /// Sentinel's `down-after-milliseconds`, the shortest of all.
    package var downAfter: Duration
    package var replicas: [ReplicaView<Node>]
    /// Every sidecar that the topology names.
    package var sidecars: [SidecarView<Node>]

    package init(
        master: Node, masterOffset: Int64?, minReplicas: Int, knownSentinels: Int, sentinels: [SentinelView<Node>],
        downAfter: Duration, replicas: [ReplicaView<Node>], sidecars: [SidecarView<Node>]
    ) {
        self.master = master
        self.masterOffset = masterOffset
        self.minReplicas = minReplicas
        self.knownSentinels = knownSentinels
        self.sentinels = sentinels
        self.downAfter = downAfter
        self.replicas = replicas
        self.sidecars = sidecars
    }

    /// The Sentinel to ask: the one that the observers of an assisted failover would ask, so that two requests meet.
    package var chosen: SentinelView<Node>? { sentinels.min { $0.runID < $1.runID } }
}

/// One sidecar; its state is nil when it did not answer, for a reason.
package struct SidecarView<Node: Hashable & Sendable>: Equatable, Sendable {
    package struct State: Equatable, Sendable {
        package var master: Node?
        package var epoch: UInt64?
        /// The id of the switchover it is under.
        package var barrier: String?
        package var hold: Duration
        package var earlyRelease: Bool

        package init(master: Node?, epoch: UInt64?, barrier: String? = nil, hold: Duration, earlyRelease: Bool = true) {
            self.master = master
            self.epoch = epoch
            self.barrier = barrier
            self.hold = hold
            self.earlyRelease = earlyRelease
        }
    }

    package var name: String
    package var state: State?
    package var reason: String?

    package init(_ name: String, _ state: State?, reason: String? = nil) {
        self.name = name
        self.state = state
        self.reason = reason
    }
}

/// Why a switchover does not begin.
package enum SwitchoverRefusal: Hashable, Sendable {
    case noSentinelMajority
    case sentinelsDisagree
    case failoverUnderWay
    case noQuorum
    case downAfterTooShort
    case masterDoesNotServe
    case noReplica
    case noCandidate
    case tooFewReplicas
    /// Of the Sentinel that would be asked.
    case notSelectable
    /// Of any Sentinel.
    case sentinelMistaken
    case lagging(bytes: Int64)
    case targetUnknown
    case targetIsMaster
    case targetDoesNotFollow
    case targetNeverPromoted
    case noSidecar
    case sidecarSilent(String, String)
    case sidecarDisagrees(String)
    case anotherSwitchover(String, String)
    case holdTooShort(String)

    /// Stable, for scripts.
    package var code: String {
        switch self {
        case .noSentinelMajority: "no_sentinel_majority"
        case .sentinelsDisagree: "sentinels_disagree"
        case .failoverUnderWay: "failover_under_way"
        case .noQuorum: "no_quorum"
        case .downAfterTooShort: "down_after_too_short"
        case .masterDoesNotServe: "master_does_not_serve"
        case .noReplica: "no_replica"
        case .noCandidate: "no_candidate"
        case .tooFewReplicas: "too_few_replicas"
        case .notSelectable: "not_selectable"
        case .sentinelMistaken: "sentinel_mistaken"
        case .lagging: "lagging"
        case .targetUnknown: "target_unknown"
        case .targetIsMaster: "target_is_master"
        case .targetDoesNotFollow: "target_does_not_follow"
        case .targetNeverPromoted: "target_never_promoted"
        case .noSidecar: "no_sidecar"
        case .sidecarSilent: "sidecar_silent"
        case .sidecarDisagrees: "sidecar_disagrees"
        case .anotherSwitchover: "another_switchover"
        case .holdTooShort: "hold_too_short"
        }
    }

    /// One sentence.
    package var explanation: String {
        switch self {
        case .noSentinelMajority: "no majority of the Sentinels answers"
        case .sentinelsDisagree: "the Sentinels do not name one master at one epoch"
        case .failoverUnderWay: "a Sentinel is failing over already"
        case .noQuorum: "a Sentinel says that its quorum cannot be reached"
        case .downAfterTooShort: "down-after is less than half a second, and a paused master would be taken for dead"
        case .masterDoesNotServe: "the master does not answer as one"
        case .noReplica: "the Sentinels list no replica"
        case .noCandidate: "no replica that may be promoted follows the master"
        case .tooFewReplicas: "min-replicas-to-write would keep the new master from taking writes"
        case .notSelectable:
            "the Sentinel that would be asked has not heard from the replica lately, and would not promote it"
        case .sentinelMistaken:
            "a Sentinel still takes the replica for a master that returned, and would undo its promotion"
        case .lagging(let bytes): "the replica is \(bytes) bytes behind"
        case .targetUnknown: "the Sentinels list no such replica"
        case .targetIsMaster: "the node is the master already"
        case .targetDoesNotFollow: "the node does not follow the master at the moment"
        case .targetNeverPromoted: "the node's replica-priority is 0: it is never to be promoted"
        case .noSidecar: "no sidecar answers, so nobody's commands can be held"
        case .sidecarSilent(let name, let reason): "the sidecar on \(name) cannot take part: \(reason)"
        case .sidecarDisagrees(let name): "the sidecar on \(name) follows another master"
        case .anotherSwitchover(let name, let id): "the sidecar on \(name) takes part in another switchover (\(id))"
        case .holdTooShort(let name):
            "the sidecar on \(name) waits for a Sentinel majority (early_release: off) and holds for less than 3 s"
        }
    }

    /// What would allow it.
    package var hint: String {
        switch self {
        case .noSentinelMajority, .noQuorum: "start the Sentinels that are missing; `breakwater status` shows them"
        case .sentinelsDisagree, .failoverUnderWay: "wait until the failover is over, and try again"
        case .downAfterTooShort: "set `redis.down_after` to 1s or more"
        case .masterDoesNotServe: "a dead master is replaced by a failover, not by a switchover"
        case .noReplica, .noCandidate, .tooFewReplicas: "start the replicas that are missing and let them catch up"
        case .notSelectable: "try again in a few seconds: Sentinel asks new replicas within a second or two"
        case .sentinelMistaken: "try again in ten seconds: that is how often Sentinel asks its replicas"
        case .lagging: "wait until it has caught up"
        case .targetUnknown: "name one of `redis.nodes`"
        case .targetIsMaster: "there is nothing to do"
        case .targetDoesNotFollow: "start it, or wait until it has synchronised"
        case .targetNeverPromoted: "choose another node, or set its replica-priority to 100"
        case .noSidecar: "start the sidecars; they need a control secret (docs/switchover.md)"
        case .sidecarSilent(let name, _): "start it, or add --without \(name): its clients then wait for Sentinel"
        case .sidecarDisagrees: "wait until it follows; its /readyz says what it waits for"
        case .anotherSwitchover: "wait until that one is over; its lease ends by itself within 5 s"
        case .holdTooShort: "set `early_release: on`, or `sidecar.hold` to 3s or more"
        }
    }
}
