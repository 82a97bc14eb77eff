package import NIOCore
package import RecoveryCore

/// What one Sentinel last said and how it is doing: for `/readyz`, metrics and `breakwater status`.
package struct SentinelStatus: Equatable, Sendable {
    package var endpoint: RedisEndpoint
    /// Its `SENTINEL MYID`, once it has answered.
    package var runID: String?
    /// Named in the configuration, as opposed to discovered through the others.
    package var isConfigured: Bool
    /// The connection is up.
    package var isReachable: Bool
    /// Its announcements arrive; without them it is followed by polling alone.
    package var isSubscribed: Bool
    /// The master it names and that master's config-epoch, of its last report.
    package var reported: MasterState?
    package var lastHeard: NIODeadline?
    /// Why its word does not count at the moment; nil when it does.
    package var excluded: SentinelExclusion?
}

/// Why a Sentinel's word does not count.
package enum SentinelExclusion: Hashable, Sendable, CustomStringConvertible {
    /// The connection cannot be made or was lost.
    case unreachable(String)
    /// Its host refuses the connection: it is down, not out of reach. That counts in the self-fence.
    case notListening
    /// Connected, but nothing was heard for longer than a vote lives.
    case silent
    /// `-NOAUTH`, `-WRONGPASS` or `-NOPERM`.
    case refused(String)
    /// It does not monitor the service.
    case unknownService
    /// Its answers have wrong types, impossible values or no end.
    case nonsense(String)
    /// Another endpoint already answered with the same run id; it counts once.
    case duplicate(of: RedisEndpoint)

    package var description: String {
        switch self {
        case .unreachable(let reason): "unreachable: \(reason)"
        case .notListening: "down: nobody listens at its address"
        case .silent: "silent"
        case .refused(let reason): "refused: \(reason)"
        case .unknownService: "does not monitor the service"
        case .nonsense(let reason): "answers nonsense: \(reason)"
        case .duplicate(let other): "is the same Sentinel as \(other)"
        }
    }

    /// There is no connection to it.
    var isUnconnected: Bool {
        switch self {
        case .unreachable, .notListening: true
        case .silent, .refused, .unknownService, .nonsense, .duplicate: false
        }
    }
}

/// A snapshot of all that a watcher knows.
package struct WatcherStatus: Equatable, Sendable {
    package var phase: MasterPhase
    /// Sentinels in the order of their endpoints.
    package var sentinels: [SentinelStatus]
    /// How many Sentinels there are known to be; the denominator of the majority.
    package var known: Int
    /// How many different Sentinels' words count now.
    package var answering: Int
    /// ⌊known/2⌋+1.
    package var majority: Int
    /// The last time a majority was heard at once; nil before the first.
    package var majorityHeard: NIODeadline?
    /// The number of times another master was published.
    package var switches: UInt64
    /// The number of times a master was published before a majority named it, and of those, the times the majority
    /// then named another.
    package var earlyReleases: UInt64
    package var quarantines: UInt64
    /// The number of times the published master was given up because no majority of the Sentinels was heard.
    package var selfFences: UInt64
    /// What this process did to help Sentinel; nil when it does not.
    package var assisted: AssistedFailoverCounts?

    package init(
        phase: MasterPhase, sentinels: [SentinelStatus] = [], known: Int = 0, answering: Int = 0, majority: Int = 1,
        majorityHeard: NIODeadline? = nil, switches: UInt64 = 0, earlyReleases: UInt64 = 0, quarantines: UInt64 = 0,
        selfFences: UInt64 = 0,
        assisted: AssistedFailoverCounts? = nil
    ) {
        self.phase = phase
        self.sentinels = sentinels
        self.known = known
        self.answering = answering
        self.majority = majority
        self.majorityHeard = majorityHeard
        self.switches = switches
        self.earlyReleases = earlyReleases
        self.quarantines = quarantines
        self.selfFences = selfFences
        self.assisted = assisted
    }

    /// True while a majority of the known Sentinels is heard.
    package var hasMajority: Bool { answering >= majority }

    /// True while the self-fence keeps the data path from the master last known.
    package var isFenced: Bool { if case .fenced = phase { true } else { false } }
}
