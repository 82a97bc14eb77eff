package import RedisClient

/// Everything a sidecar is told, from flags or from a topology; secrets are read already.
package struct ProxyConfiguration: Sendable, Equatable {
    /// Where clients connect.
    package var listeners: [ProxyListener]
    /// The Sentinels to begin with; others are discovered through them.
    package var sentinels: [RedisEndpoint]
    /// The name the Sentinels know the master under.
    package var service: String

    /// What the sidecar authenticates with at the Redis servers for clients that sent no ACL user of their own.
    package var serverCredentials: RedisCredentials?
    /// What it authenticates with at the Sentinels.
    package var sentinelCredentials: RedisCredentials?
    /// TLS towards servers and Sentinels; nil for connections in the clear.
    package var serverTLS: RedisTLS.Settings?
    /// TLS towards clients on TCP listeners; nil for none.
    package var clientTLS: ListenerTLS.Settings?
    /// What clients must AUTH with. Nil lets everybody in who can reach a listener.
    package var clientPassword: Secret?

    /// How long a command may be held while there is no master.
    package var hold = Duration.milliseconds(800)
    package var onTimeout = HoldTimeout.close
    package var role = ServiceRole.store
    /// With `role: cache`: for how long written keys are remembered, to be deleted on a new master.
    package var guardWindow = Duration.seconds(30)
    package var failover = FailoverLevel.assisted
    /// With assisted failover: how long PINGs may stay unanswered before the master counts as hung.
    package var hangAfter = Duration.milliseconds(600)
    /// With assisted failover: whether commands go on before a Sentinel majority confirms the new master.
    package var earlyRelease = true
    /// With assisted failover: what replicas are asked and re-pointed with; nil for ``serverCredentials``.
    package var controlCredentials: RedisCredentials?
    /// How long the master is used without word of a majority of the Sentinels; nil for as long as it serves.
    package var selfFence: Duration?
    /// Where peers and `breakwater switchover` reach this sidecar, with the secret that both sides prove; nil for
    /// nowhere.
    package var control: ControlAddress?
    /// The control addresses of the other sidecars, which are asked what they see of the master.
    package var peers: [RedisEndpoint] = []
    /// Key prefixes whose SET, SETEX and DEL may be sent again when their outcome is unknown.
    package var idempotentPrefixes: [String] = []
    /// Key prefixes whose writes are acknowledged only after replicas have them.
    package var durablePrefixes: [String] = []
    /// How many replicas, and how long one write waits for them.
    package var durableReplicas = 1
    package var durableTimeout = Duration.milliseconds(500)
    package var replicaReads = ReplicaReadSettings()

    package var limits = ProxyLimits()
    /// The address of `/livez`, `/readyz` and `/metrics`; nil for none.
    package var admin: RedisEndpoint?
    /// Event loops. One serves a web node; a shard of clients never leaves its loop.
    package var threads = 1
    /// Commands that took at least this long are logged; nil for none.
    package var slowLog: Duration?
    /// How long SIGTERM waits for commands under way before connections are closed.
    package var drainTimeout = Duration.seconds(10)

    package init(listeners: [ProxyListener], sentinels: [RedisEndpoint], service: String) {
        self.listeners = listeners
        self.sentinels = sentinels
        self.service = service
    }
}

/// Where a sidecar serves its control API.
package struct ControlAddress: Sendable, Equatable {
    package var endpoint: RedisEndpoint
    package var key: ControlKey

    package init(endpoint: RedisEndpoint, key: ControlKey) {
        self.endpoint = endpoint
        self.key = key
    }
}

/// What happens to held commands when the hold has run out.
package enum HoldTimeout: String, Sendable, CaseIterable {
    /// The client's connection is closed.
    case close
    /// Reads miss, writes are accepted and forgotten. For `role: cache`.
    case degrade
}

/// What the data is, which decides what may be forgotten.
package enum ServiceRole: String, Sendable, CaseIterable {
    case store
    case cache
}

/// How much the sidecar helps Sentinel to fail over.
package enum FailoverLevel: String, Sendable, CaseIterable {
    /// Only follow.
    case off
    /// Sentinel decides by its own timers.
    case sentinel
    /// The sidecars notice a dead master themselves and ask one Sentinel for a failover.
    case assisted
}

/// Bounds on what clients can make the sidecar keep.
package struct ProxyLimits: Sendable, Equatable {
    /// Client connections at once; one more is answered with an error and closed.
    package var clients = 10_000
    /// Bytes of commands held at once on one event loop; beyond that clients are not read from.
    package var heldBytes = 64 << 20
    /// The longest bulk string a client may send, as Redis' `proto-max-bulk-len`.
    package var bulkLength = 512 << 20
    /// Bytes of written keys that a cache remembers on one event loop; beyond that whole databases are emptied on a new
    /// master.
    package var journalBytes = 32 << 20

    package init() {}
}

extension ProxyConfiguration {
    /// The settings that differ from `other` and take effect only after a restart, by their flags' names.
    package func needingRestart(since other: ProxyConfiguration) -> [String] {
        var names: [String] = []
        if listeners != other.listeners { names.append("--listen") }
        if admin != other.admin { names.append("--admin") }
        if threads != other.threads { names.append("--threads") }
        if sentinels != other.sentinels { names.append("--sentinel") }
        if service != other.service { names.append("--service") }
        // Certificates are replaced in a running process; TLS as such is not switched on or off.
        if (serverTLS == nil) != (other.serverTLS == nil) { names.append("--tls") }
        if (clientTLS == nil) != (other.clientTLS == nil) { names.append("--listen-tls-certificate") }
        if failover != other.failover { names.append("--failover") }
        if hangAfter != other.hangAfter { names.append("--hang-after") }
        if earlyRelease != other.earlyRelease { names.append("--early-release") }
        if controlCredentials != other.controlCredentials { names.append("--control-password-file") }
        if selfFence != other.selfFence { names.append("--self-fence") }
        if control?.endpoint != other.control?.endpoint { names.append("--control") }
        if control?.key != other.control?.key { names.append("--control-secret-file") }
        if peers != other.peers { names.append("--peer") }
        return names
    }
}
