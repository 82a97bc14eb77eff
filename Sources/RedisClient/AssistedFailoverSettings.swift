package import NIOCore

/// How a process helps Sentinel to replace a dead master. Early release is
/// ``SentinelTracker/Timing/earlyRelease``, for it is the tracker's decision.
package struct AssistedFailoverSettings: Sendable {
    /// How long PINGs may stay unanswered before the master counts as hung.
    package var hangAfter: TimeAmount = .milliseconds(600)
    /// For `INFO` and `REPLICAOF` on the replicas: usually the ACL user `breakwater`. Nil when the servers ask for none,
    /// or to use the watcher's own.
    package var credentials: RedisCredentials?

    package init(hangAfter: TimeAmount = .milliseconds(600), credentials: RedisCredentials? = nil) {
        self.hangAfter = hangAfter
        self.credentials = credentials
    }
}
