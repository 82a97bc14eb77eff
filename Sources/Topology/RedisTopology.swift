/// The Redis nodes, their Sentinels, and what the store expects of them.
package struct RedisTopology: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        /// May forget at any time, must never be stale.
        case cache
        /// Holds data that exists nowhere else.
        case store
    }

    package enum Failover: String, Sendable, CaseIterable {
        /// Stock Sentinel: an outage lasts about `down_after` and half a second.
        case sentinel
        /// Observers watch the master themselves and ask one Sentinel to fail over at once.
        case assisted
        /// Only follow what Sentinel or an operator does.
        case off
    }

    package enum Persistence: String, Sendable, CaseIterable {
        /// Append-only file, synced every second.
        case aof
        /// Snapshots alone.
        case rdb
        /// Nothing on disk: a node that restarts is empty.
        case off
    }

    package enum EvictionPolicy: String, Sendable, CaseIterable {
        case noeviction
        case allkeysLRU = "allkeys-lru"
        case allkeysLFU = "allkeys-lfu"
        case allkeysRandom = "allkeys-random"
        case volatileLRU = "volatile-lru"
        case volatileLFU = "volatile-lfu"
        case volatileRandom = "volatile-random"
        case volatileTTL = "volatile-ttl"
    }

    /// The name Sentinels monitor the master under.
    package var service: String
    package var role: Role
    /// Host names of the data nodes; the first one is the master when the service is created.
    package var nodes: [String]
    /// Host names of the Sentinels.
    package var sentinels: [String]
    package var port: Int
    package var sentinelPort: Int
    /// Sentinels that must agree that the master is down.
    package var quorum: Int
    package var downAfter: Duration
    package var failoverTimeout: Duration
    package var failover: Failover
    /// With assisted failover: how long a master may leave PINGs unanswered before it counts as hung.
    package var hangAfter: Duration
    /// Whether writes may be released before a Sentinel majority confirms an assisted failover.
    package var earlyRelease: Bool
    package var parallelSyncs: Int
    package var minReplicasToWrite: Int
    package var minReplicasMaxLag: Duration
    package var maxmemory: ByteSize
    package var maxmemoryPolicy: EvictionPolicy
    package var persistence: Persistence
    /// Whether the init system starts a node again by itself. Never true together with ``Persistence/off``.
    package var automaticRestart: Bool
    /// One password for all users, unless ``users`` has its own.
    package var password: SecretReference?
    package var users: Users
    /// TLS on every link to nodes and Sentinels; `nil` for none.
    package var tls: TLSTopology?
    package var resolveHostnames: Bool
    /// Key prefixes whose writes are acknowledged only after ``durableReplicas`` replicas have them.
    package var durable: [String]
    package var durableReplicas: Int
    package var durableTimeout: Duration
    /// Key prefixes whose SET, SETEX and DEL may be sent again when their outcome is unknown.
    package var idempotent: [String]
    package var replicaReads: ReplicaReads

    /// Which reads replicas may answer; none unless the file says so.
    package struct ReplicaReads: Sendable, Hashable {
        /// Of keys that begin so.
        package var prefixes: [String]
        /// By the command's name, whatever its keys.
        package var commands: [String]
        /// How far behind the master a replica may be.
        package var maxLag: Duration

        package init(prefixes: [String] = [], commands: [String] = [], maxLag: Duration = .seconds(1)) {
            self.prefixes = prefixes
            self.commands = commands
            self.maxLag = maxLag
        }

        package var isEmpty: Bool { prefixes.isEmpty && commands.isEmpty }
    }

    /// Passwords of single ACL users; each falls back to ``RedisTopology/password``.
    package struct Users: Sendable, Hashable {
        package var app: SecretReference?
        package var sentinel: SecretReference?
        package var replica: SecretReference?
        package var breakwater: SecretReference?
        /// May change the settings of a running node. The one user without the common password, and none without its
        /// own.
        package var `operator`: SecretReference?

        package init(
            app: SecretReference? = nil, sentinel: SecretReference? = nil, replica: SecretReference? = nil,
            breakwater: SecretReference? = nil, operator: SecretReference? = nil
        ) {
            self.app = app
            self.sentinel = sentinel
            self.replica = replica
            self.breakwater = breakwater
            self.operator = `operator`
        }
    }

    /// The votes an election needs: a majority of all Sentinels, or the quorum when that is more.
    package var votesToElect: Int {
        max(sentinels.count / 2 + 1, quorum)
    }
}

/// The proxy next to each PHP, `breakwater-proxy`.
package struct SidecarTopology: Sendable, Equatable {
    package enum OnTimeout: String, Sendable, CaseIterable {
        /// Close the client's connection: every client notices.
        case close
        /// Reads miss and writes are forgotten; only for `role: cache`.
        case degrade
    }

    /// Host names of the machines that run a sidecar; `web.nodes` unless the file says otherwise.
    package var nodes: [String]
    package var listen: [ListenAddress]
    /// The group that may use the unix sockets, usually that of PHP-FPM.
    package var socketGroup: String
    /// How long commands are held while there is no master.
    package var hold: Duration
    /// How much may be held, over all clients of one sidecar.
    package var holdLimit: ByteSize
    package var onTimeout: OnTimeout
    /// How long the store's clients wait for an answer; only the checks of ``hold`` use it.
    package var clientTimeout: Duration
    /// How long a sidecar that hears no Sentinel majority still writes to the master it knows.
    package var selfFence: Duration
    package var maxClients: Int
    /// What clients must present; `nil` when access to the socket is enough.
    package var password: SecretReference?
    /// TLS for clients, on every TCP address; `nil` for none. Unix sockets need none.
    package var tls: TLSTopology?
    /// Where `/metrics`, `/livez` and `/readyz` are served.
    package var admin: ListenAddress
    /// The port of the control API, on each host's own address; see docs/switchover.md.
    package var controlPort: Int
    /// What users of the control API prove to know; without it the password of Redis' user `breakwater` is.
    package var controlSecret: SecretReference?
}
