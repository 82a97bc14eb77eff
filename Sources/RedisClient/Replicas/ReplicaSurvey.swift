package import NIOCore
import RecoveryCore

/// The replicas of the confirmed master as they were just found.
package struct ReplicaSurvey: Equatable, Sendable {
    package var master: RedisEndpoint
    /// In the order of their addresses.
    package var replicas: [ReplicaStanding]

    package init(master: RedisEndpoint, replicas: [ReplicaStanding]) {
        self.master = master
        self.replicas = replicas
    }
}

/// One replica: how fresh it is, or why it cannot be said.
package struct ReplicaStanding: Equatable, Sendable {
    package enum Doubt: String, Sendable, CaseIterable {
        case unreachable
        case refused
        case notReplica = "not a replica"
        case otherMaster = "a replica of another node"
        case linkDown = "without a link to its master"
        /// It is behind all that is remembered of the master, or of another history.
        case behind
    }

    package var endpoint: RedisEndpoint
    /// Every write that the master acknowledged before this moment has arrived there.
    package var freshAsOf: NIODeadline?
    /// Nil when `freshAsOf` is known.
    package var doubt: Doubt?

    package init(endpoint: RedisEndpoint, freshAsOf: NIODeadline) {
        self.endpoint = endpoint
        self.freshAsOf = freshAsOf
    }

    package init(endpoint: RedisEndpoint, doubt: Doubt) {
        self.endpoint = endpoint
        self.doubt = doubt
    }

    /// Judges a replica's `INFO replication`; nil for the text means that it did not answer.
    package init(endpoint: RedisEndpoint, information: String?, master: RedisEndpoint, offsets: MasterOffsets) {
        self.endpoint = endpoint
        guard let information else {
            doubt = .unreachable
            return
        }
        guard let state = ReplicaState(information: information) else {
            doubt = .refused
            return
        }
        if !state.isReplica {
            doubt = .notReplica
        } else if state.master != master {
            doubt = .otherMaster
        } else if !state.isLinkUp {
            doubt = .linkDown
        } else {
            let history = SwitchoverServers.fields(information)["master_replid"] ?? ""
            freshAsOf = offsets.freshness(at: state.offset, history: history)
            doubt = freshAsOf == nil ? .behind : nil
        }
    }
}
