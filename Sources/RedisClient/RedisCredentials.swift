/// What `AUTH` sends: a password alone (the default user), or an ACL user and its password.
package struct RedisCredentials: Hashable, Sendable {
    /// Nil for the default user (`AUTH password`).
    package var username: String?
    package var password: Secret

    package init(username: String? = nil, password: Secret) {
        self.username = username
        self.password = password
    }
}
