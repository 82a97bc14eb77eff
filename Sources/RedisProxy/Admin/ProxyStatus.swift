import NIOCore
package import RedisClient

/// How a sidecar is doing at a moment: what `/readyz` and `/metrics` show.
package struct ProxyStatus: Sendable {
    /// The name the Sentinels know the master under.
    package var service: String
    package var watcher: WatcherStatus
    /// The sidecar is leaving: it takes no new clients.
    package var isDraining: Bool
    /// Of all event loops.
    package var metrics: MetricsSnapshot
    /// Where reads may go beside the master; nil while none is declared.
    var replicas: Replicas?

    struct Replicas: Sendable, Equatable {
        var maxLag: TimeAmount
        var standings: [ReplicaStanding]
    }

    package init(service: String, watcher: WatcherStatus, isDraining: Bool, metrics: MetricsSnapshot) {
        self.service = service
        self.watcher = watcher
        self.isDraining = isDraining
        self.metrics = metrics
    }

    /// Why a client should not be sent here; nil when the sidecar is ready.
    var unreadiness: String? {
        if isDraining { return "the sidecar is shutting down" }
        return switch watcher.phase {
        case .available, .provisional: nil
        case .searching(let reason): "no master is known: \(reason)"
        case .suspected(let master, _): "the master \(master.endpoint) is in doubt"
        case .fenced(let master, _):
            "no majority of the Sentinels is heard: the master \(master.endpoint) is not used (self-fence)"
        }
    }
}

/// The document of `/readyz`.
struct ReadinessReport: Encodable, Equatable {
    struct Master: Encodable, Equatable {
        var address: String
        var epoch: UInt64
        /// False while there is doubt about it, and while no majority of the Sentinels has named it yet.
        var isConfirmed: Bool
        /// In use before a majority has named it, after an assisted failover.
        var isProvisional: Bool
    }

    struct Sentinel: Encodable, Equatable {
        var address: String
        var isReachable: Bool
        var isSubscribed: Bool
        var names: String?
        var epoch: UInt64?
        var excluded: String?
        var heardMsAgo: Int64?
    }

    struct Sentinels: Encodable, Equatable {
        var known: Int
        var answering: Int
        var majority: Int
        var all: [Sentinel]
    }

    struct Replica: Encodable, Equatable {
        var address: String
        /// Reads may go there now.
        var isUsable: Bool
        /// Every write that the master acknowledged this long ago or earlier has arrived.
        var freshMsAgo: Int64?
        var doubt: String?
    }

    var ready: Bool
    var reason: String?
    var service: String
    var draining: Bool
    /// The self-fence is closed: nothing is sent to the master last known.
    var fenced: Bool
    /// There is no master, and commands are answered as by an empty cache.
    var degraded: Bool
    var master: Master?
    var sentinels: Sentinels
    /// Left out while no reads are declared for replicas.
    var replicas: [Replica]?
    var clients: Int
    var pinnedClients: Int
    var lanes: Int
    var heldCommands: Int
    var heldBytes: Int

    init(_ status: ProxyStatus, now: NIODeadline = .now()) {
        let watcher = status.watcher
        let gauges = status.metrics.gauges
        reason = status.unreadiness
        ready = reason == nil
        service = status.service
        draining = status.isDraining
        fenced = watcher.isFenced
        degraded = gauges.degraded > 0
        let isProvisional = if case .provisional = watcher.phase { true } else { false }
        master = watcher.phase.last.map {
            Master(
                address: $0.endpoint.description, epoch: $0.epoch,
                isConfirmed: watcher.phase.usable != nil && !isProvisional, isProvisional: isProvisional)
        }
        sentinels = Sentinels(
            known: watcher.known, answering: watcher.answering, majority: watcher.majority,
            all: watcher.sentinels.map { Sentinel($0, now: now) })
        replicas = status.replicas.map { replicas in replicas.standings.map { Replica($0, replicas.maxLag, now: now) } }
        clients = gauges.clients
        pinnedClients = gauges.pinned
        lanes = gauges.lanes
        heldCommands = gauges.heldCommands
        heldBytes = gauges.heldBytes
    }
}

extension ReadinessReport.Replica {
    init(_ standing: ReplicaStanding, _ maxLag: TimeAmount, now: NIODeadline) {
        address = standing.endpoint.description
        isUsable = standing.isFresh(since: now - maxLag)
        freshMsAgo = standing.freshAsOf.map { (now - $0).nanoseconds / 1_000_000 }
        doubt = standing.doubt?.rawValue
    }
}

extension ReadinessReport.Sentinel {
    init(_ status: SentinelStatus, now: NIODeadline) {
        address = status.endpoint.description
        isReachable = status.isReachable
        isSubscribed = status.isSubscribed
        names = status.reported?.endpoint.description
        epoch = status.reported?.epoch
        excluded = status.excluded?.description
        heardMsAgo = status.lastHeard.map { (now - $0).nanoseconds / 1_000_000 }
    }
}
