package import RedisClient

/// An address that clients connect to.
package struct ProxyListener: Sendable, Hashable, CustomStringConvertible {
    /// Owner and group: a socket is an open door to whoever may write to it.
    package static let defaultMode: UInt32 = 0o660

    package var address: RedisAddress
    /// Permissions of a unix socket; without meaning for TCP.
    package var mode: UInt32

    package init(_ address: RedisAddress, mode: UInt32 = ProxyListener.defaultMode) {
        self.address = address
        self.mode = mode
    }

    package var description: String { address.description }
}
