internal import Glibc

/// Why a connection or a command on it failed. An error *reply* is not one of these: it is a `RESPValue.error`.
package enum RedisConnectionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Refused, unreachable, no such socket, or a name that does not resolve.
    case cannotConnect(RedisAddress, reason: String)
    /// The connection could not be made and greeted in time.
    case connectTimedOut(RedisAddress)
    /// `AUTH` or `HELLO` was answered with this error.
    case refused(RedisAddress, reply: String)
    /// Somebody answers there, but TLS is not what it should be: the certificate of either side, or no TLS at all.
    case untrusted(RedisAddress, reason: String)
    /// The connection was closed before the command was written: it did not run.
    case notSent
    /// The connection was lost after the command was written: whether it ran is unknown.
    case connectionLost(reason: String)
    /// No reply in time; the connection was closed. Whether the command ran is unknown.
    case timedOut
    /// What the peer sent is not RESP, or exceeds the limits; the connection was closed.
    case badReply(String)

    package var description: String {
        switch self {
        case .cannotConnect(let address, let reason): "cannot connect to \(address): \(reason)"
        case .connectTimedOut(let address): "no connection to \(address) in time"
        case .refused(let address, let reply): "\(address) refused: \(reply)"
        case .untrusted(let address, let reason): "no trusted connection to \(address): \(reason)"
        case .notSent: "the connection is closed"
        case .connectionLost(let reason): "the connection was lost: \(reason)"
        case .timedOut: "no reply in time"
        case .badReply(let reason): "the reply cannot be read: \(reason)"
        }
    }
}

extension RedisConnectionError {
    /// The host answered that nobody listens there. Says more than silence: the process is gone.
    var isRefusal: Bool {
        if case .cannotConnect(_, let reason) = self { reason == Self.refusedReason } else { false }
    }

    private static let refusedReason = String(cString: strerror(ECONNREFUSED))
}
