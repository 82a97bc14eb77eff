import Foundation

/// Why a server could not be started or a connection did not do what was expected of it.
package struct LoopbackError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// The peer closed the connection, in order or not.
        case closed
        /// Nothing arrived for as long as the connection waits.
        case timedOut
        case other
    }

    package let kind: Kind
    package let description: String

    package init(_ description: String, kind: Kind = .other) {
        self.kind = kind
        self.description = description
    }

    /// The failure of a system call, as `errno` tells it.
    package static func system(_ call: String) -> LoopbackError {
        let number = errno
        let kind: Kind =
            switch number {
            case ECONNRESET, EPIPE: .closed
            case EAGAIN: .timedOut
            default: .other
            }
        return LoopbackError("\(call): \(String(cString: strerror(number)))", kind: kind)
    }
}
