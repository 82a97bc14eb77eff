import NIOCore
import RedisClient

/// Chooses who answers a read that a replica may answer. Any doubt sends it to the master.
struct ReplicaChoice: Equatable {
    /// Why a read went to the master although a replica might have answered it.
    enum Fallback: String, CaseIterable, Sendable {
        /// The master is not confirmed: doubted, released early, fenced, or held by a switchover.
        case masterInDoubt = "master_in_doubt"
        /// This client wrote a moment ago, and reads what it wrote.
        case wrote
        /// Earlier commands of this client are under way elsewhere: its answers keep their order.
        case busy
        /// No replica is known to be within the lag allowed.
        case noneFresh = "none_fresh"
        /// The replica has no connection of this kind yet, or it failed a moment ago.
        case unconnected
        /// The replica was asked, and its connection was lost, or it refused or took too long.
        case lost
    }

    enum Verdict: Equatable {
        case replica(RedisEndpoint)
        case master(Fallback)
    }

    /// What is asked for each read.
    struct Question {
        /// The master in use, and whether a majority has named it.
        var master: RedisEndpoint?
        var isMasterConfirmed: Bool
        /// When this client's last write was answered.
        var lastWrite: NIODeadline
        var maxLag: TimeAmount
        /// Spreads clients over the replicas; the same for all reads of one.
        var client: Int
        var now: NIODeadline
    }

    /// A replica that is fresh as of a moment within the lag holds every write answered before it. The margin is for
    /// a clock that is read once for many commands.
    static let margin = TimeAmount.milliseconds(100)

    /// What the last round of questions found; nil while no replica may be used.
    var survey: ReplicaSurvey?

    func choose(_ question: Question) -> Verdict {
        guard let master = question.master, question.isMasterConfirmed else { return .master(.masterInDoubt) }
        if question.now < question.lastWrite + question.maxLag + Self.margin { return .master(.wrote) }
        guard let survey, survey.master == master else { return .master(.noneFresh) }
        let oldest = question.now - question.maxLag
        let count = survey.replicas.count { $0.isFresh(since: oldest) }
        guard count > 0 else { return .master(.noneFresh) }
        var left = Int(UInt(bitPattern: question.client) % UInt(count))
        for replica in survey.replicas where replica.isFresh(since: oldest) {
            if left == 0 { return .replica(replica.endpoint) }
            left -= 1
        }
        return .master(.noneFresh)
    }

    /// Whether this replica could be chosen now.
    func isUsable(_ endpoint: RedisEndpoint, maxLag: TimeAmount, now: NIODeadline) -> Bool {
        survey?.replicas.contains { $0.endpoint == endpoint && $0.isFresh(since: now - maxLag) } ?? false
    }
}

extension ReplicaStanding {
    func isFresh(since oldest: NIODeadline) -> Bool { freshAsOf.map { $0 > oldest } ?? false }
}

/// What one event loop counts of reads that replicas may answer.
struct ReplicaReadFigures: Sendable, Equatable {
    /// Given to a replica.
    var reads: UInt64 = 0
    /// Given to the master instead, or after all.
    var fallbacks = ByCase<ReplicaChoice.Fallback>()

    mutating func add(_ other: Self) {
        reads &+= other.reads
        fallbacks.add(other.fallbacks)
    }
}
