import NIOCore

/// The settings in the units that event loops count in.
extension ProxyConfiguration {
    var holdAmount: TimeAmount { TimeAmount(hold) }
    /// A node that does not even complete a handshake in this time is no use to commands that are held.
    var connectTimeoutAmount: TimeAmount { .milliseconds(500) }
}
