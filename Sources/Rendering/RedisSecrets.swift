package import Topology

/// The passwords of Redis' ACL users, fetched.
package struct RedisSecrets: Sendable, Equatable {
    package var app: Secret
    package var sentinel: Secret
    package var replica: Secret
    package var breakwater: Secret
    /// Nil when nobody may change a running node's settings.
    package var `operator`: Secret?

    package init(app: Secret, sentinel: Secret, replica: Secret, breakwater: Secret, operator: Secret? = nil) {
        self.app = app
        self.sentinel = sentinel
        self.replica = replica
        self.breakwater = breakwater
        self.operator = `operator`
    }

    /// One password for every user.
    package init(all password: Secret) {
        self.init(app: password, sentinel: password, replica: password, breakwater: password)
    }

    /// What the topology says: each user's own password or the common one. `nil` when there is none, which a valid
    /// topology allows on loopback only.
    package init?<Failure: Error>(
        of redis: RedisTopology, fetch: (SecretReference) throws(Failure) -> Secret
    ) throws(Failure) {
        guard let app = redis.users.app ?? redis.password, let sentinel = redis.users.sentinel ?? redis.password,
            let replica = redis.users.replica ?? redis.password,
            let breakwater = redis.users.breakwater ?? redis.password
        else { return nil }
        self.init(
            app: try fetch(app), sentinel: try fetch(sentinel), replica: try fetch(replica),
            breakwater: try fetch(breakwater), operator: try redis.users.operator.map(fetch))
    }

    /// The user whose password cannot be written into Redis' files. `sentinel auth-pass` and ACL files know no quotes,
    /// so what a password may contain is what needs none.
    var unusable: String? {
        var named = [("app", app), ("sentinel", sentinel), ("replica", replica), ("breakwater", breakwater)]
        if let `operator` { named.append(("operator", `operator`)) }
        return named.first { !Self.isUsable($0.1.reveal()) }?.0
    }

    private static func isUsable(_ password: String) -> Bool {
        !password.isEmpty && password.utf8.count <= 512
            && password.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"'\\".utf8.contains($0) }
    }
}
