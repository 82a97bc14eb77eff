import RedisClient

/// The identities that clients of one event loop have logged in with: one object for the same credentials.
struct IdentityBook {
    /// A client that guesses passwords must not fill the memory.
    private static let limit = 1024

    private var identities: [RedisCredentials: Identity] = [:]

    func known(_ credentials: RedisCredentials) -> Identity? { identities[credentials] }

    /// The identity for credentials. Those that nobody uses any more (`used`, asked only then) make room when there are
    /// too many.
    mutating func identity(for credentials: RedisCredentials, used: () -> Set<ObjectIdentifier>) -> Identity {
        if let identity = identities[credentials] { return identity }
        if identities.count >= Self.limit {
            let used = used()
            identities = identities.filter { used.contains(ObjectIdentifier($0.value)) }
        }
        let identity = Identity(credentials: credentials)
        identities[credentials] = identity
        return identity
    }
}
