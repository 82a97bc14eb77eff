package import NIOCore

/// How a process helps Sentinel to replace a dead master. Early release is
/// ``SentinelTracker/Timing/earlyRelease``, for it is the tracker's decision.
package struct AssistedFailoverSettings: Sendable {
    /// How long PINGs may stay unanswered before the master counts as hung.
    package var hangAfter: TimeAmount = .milliseconds(600)
    /// For `INFO` and `REPLICAOF` on the replicas: usually the ACL user `breakwater`. Nil when the servers ask for none,
    /// or to use the watcher's own.
    package var credentials: RedisCredentials?

    /// The other observers; nil when there are none.
    package var peers: PeerSettings?

    package init(
        hangAfter: TimeAmount = .milliseconds(600), credentials: RedisCredentials? = nil, peers: PeerSettings? = nil
    ) {
        self.hangAfter = hangAfter
        self.credentials = credentials
        self.peers = peers
    }
}

/// The other observers of a master: sidecars with a control address.
package struct PeerSettings: Equatable, Sendable {
    package var endpoints: [RedisEndpoint]
    package var key: ControlKey

    package init(endpoints: [RedisEndpoint], key: ControlKey) {
        self.endpoints = endpoints
        self.key = key
    }
}

/// What one observer's own connection to a master shows.
package struct MasterSight: Equatable, Sendable {
    package var master: RedisEndpoint
    package var epoch: UInt64
    /// It was reached before, and has crashed or been silent for too long; nil when it was never reached.
    package var misses: Bool?
}
