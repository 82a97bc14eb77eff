/// What one Sentinel said when it was polled once.
package struct SentinelReport: Equatable, Sendable {
    /// `SENTINEL MYID`: survives a restart, unlike the address or the name it is reached by.
    package var runID: String
    /// `SENTINEL GET-MASTER-ADDR-BY-NAME`, with `config-epoch` of `SENTINEL MASTER`. The address comes from the former
    /// since it names the promoted replica from the moment its promotion is certain, while the latter's `ip` keeps
    /// naming the old master until every replica has resynced (sentinel.c, `sentinelGetCurrentMasterAddress`).
    package var master: MasterState
    /// It leads a failover that has not promoted anyone yet: what it names is about to change.
    package var failoverPending: Bool
    /// The other Sentinels it knows (`SENTINEL SENTINELS`); nil when it was not asked for them this time.
    package var peers: [SentinelPeer]?

    package init(
        runID: String, master: MasterState, failoverPending: Bool = false, peers: [SentinelPeer]? = nil
    ) {
        self.runID = runID
        self.master = master
        self.failoverPending = failoverPending
        self.peers = peers
    }
}

/// Another Sentinel, as one Sentinel lists it.
package struct SentinelPeer: Hashable, Sendable {
    package var runID: String
    package var endpoint: RedisEndpoint

    package init(runID: String, endpoint: RedisEndpoint) {
        self.runID = runID
        self.endpoint = endpoint
    }
}

/// An announcement on a Sentinel's channels. It makes the watcher ask sooner; it decides nothing.
package struct SentinelHint: Equatable, Sendable {
    /// The channel: `+switch-master`, `+selected-slave`, `+odown`, …
    package var channel: String
    /// The node that the announcement names as the next master, if it names one.
    package var candidate: RedisEndpoint?
    /// The epoch that `+new-epoch` announces.
    package var epoch: UInt64?

    package init(channel: String, candidate: RedisEndpoint? = nil, epoch: UInt64? = nil) {
        self.channel = channel
        self.candidate = candidate
        self.epoch = epoch
    }
}
