package import NIOCore

/// A master that a majority of Sentinels named and that said itself to be one.
package struct MasterState: Hashable, Sendable, CustomStringConvertible {
    package var endpoint: RedisEndpoint
    /// Sentinel's config-epoch of the decision that made it master. It never falls while a watcher lives.
    package var epoch: UInt64

    package init(endpoint: RedisEndpoint, epoch: UInt64) {
        self.endpoint = endpoint
        self.epoch = epoch
    }

    package var description: String { "\(endpoint) at epoch \(epoch)" }
}

/// What is known of the master, as published to the data path.
package enum MasterPhase: Equatable, Sendable {
    /// No master was ever confirmed. Hold commands.
    case searching(SearchReason)
    /// Role and majority epoch agree: send commands here.
    case available(MasterState)
    /// Released early: the Sentinel that was asked for a failover announced this epoch and selected this node, and the
    /// node says that it is a master, but no majority of the Sentinels has named it yet. Send commands here, except
    /// those that must not be lost. Followed by ``available(_:)`` for the same node, or, should the asked Sentinel
    /// have died half-way, by another master; what was written here may then be lost.
    case provisional(MasterState)
    /// There is doubt about the last master (its connection broke, it stopped answering, it calls itself a replica,
    /// or a majority names another that is not confirmed yet). Hold new commands; commands in flight may still be
    /// answered. It is followed by ``available(_:)`` for the same master or for another one.
    case suspected(MasterState, since: NIODeadline)
    /// Self-fence: no majority of the Sentinels has been heard for so long that the others may have another master
    /// already. Hold new commands, reads too, for they could be stale. It is followed by ``available(_:)`` once a
    /// majority is heard again and names a master.
    case fenced(MasterState, since: NIODeadline)

    /// The master that commands may be sent to now, if any.
    package var usable: MasterState? {
        switch self {
        case .available(let state), .provisional(let state): state
        case .searching, .suspected, .fenced: nil
        }
    }

    /// The last published master, whether or not there is doubt about it.
    package var last: MasterState? {
        switch self {
        case .searching: nil
        case .available(let state), .provisional(let state), .suspected(let state, _), .fenced(let state, _): state
        }
    }
}

/// Why no master has been confirmed yet.
package enum SearchReason: Hashable, Sendable, CustomStringConvertible {
    /// Nothing has been asked yet.
    case starting
    /// Fewer Sentinels than a majority answer.
    case noSentinelMajority(answering: Int, needed: Int)
    /// Enough answer, but no majority names one address at one epoch.
    case noAgreement
    /// A majority names this address, which has not confirmed it is a master (yet).
    case unconfirmed(RedisEndpoint, answer: RoleAnswer?)
    /// A majority names this address, but a Sentinel speaks of a newer epoch or of a failover that is under way.
    case failoverUnderWay(RedisEndpoint)

    package var description: String {
        switch self {
        case .starting: "no Sentinel has been asked yet"
        case .noSentinelMajority(let answering, let needed):
            "\(answering) of the Sentinels answer, \(needed) are needed"
        case .noAgreement: "no majority of the Sentinels names one master"
        case .unconfirmed(let endpoint, let answer):
            "\(endpoint) is named by a majority but \(answer?.description ?? "has not been asked for its role yet")"
        case .failoverUnderWay(let endpoint):
            "\(endpoint) is named by a majority but a failover is under way"
        }
    }
}

/// What a node said when asked for its role.
package enum RoleAnswer: Hashable, Sendable, CustomStringConvertible {
    case master
    case replica(of: RedisEndpoint?)
    /// `-BUSY`: a script has run for long; the role cannot be told.
    case busy
    /// It answers but cannot serve: `LOADING`, `NOAUTH` or another error.
    case notServing(String)
    /// The connection was refused, reset or could not be made.
    case unreachable(String)
    /// It took the question and did not answer in time.
    case timedOut
    /// The answer is none that a Redis server gives.
    case nonsense

    package var description: String {
        switch self {
        case .master: "says it is a master"
        case .replica(let master): "says it is a replica of \(master?.description ?? "nobody")"
        case .busy: "is busy with a script"
        case .notServing(let error): "is not serving (\(error))"
        case .unreachable(let reason): "cannot be reached (\(reason))"
        case .timedOut: "does not answer"
        case .nonsense: "gives an answer that is not Redis'"
        }
    }
}
