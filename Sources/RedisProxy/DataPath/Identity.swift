import RedisClient

/// Who a session is towards Redis. Sessions with the same identity may share connections; identities are compared by
/// reference, which is cheap and never compares passwords.
final class Identity {
    /// What new upstream connections authenticate with; nil for the default user without a password.
    let credentials: RedisCredentials?
    /// A server has accepted them.
    var isVerified = false

    init(credentials: RedisCredentials?) {
        self.credentials = credentials
    }
}

/// What an upstream connection must be set up as before a session's commands may travel on it.
struct UpstreamKey: Hashable {
    var identity: Identity
    var database: Int
    /// 2 or 3.
    var protocolVersion: Int
    /// The replica that the connection is for; nil for the master, whoever that is.
    var replica: RedisEndpoint?

    static func == (left: UpstreamKey, right: UpstreamKey) -> Bool {
        left.identity === right.identity && left.database == right.database
            && left.protocolVersion == right.protocolVersion && left.replica == right.replica
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(identity))
        hasher.combine(database)
        hasher.combine(protocolVersion)
        hasher.combine(replica)
    }
}
