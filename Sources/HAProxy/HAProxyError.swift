/// Why HAProxy could not be asked, or what it refused.
package struct HAProxyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the system or HAProxy itself says.
    package var reason: String

    package init(_ reason: String) { self.reason = reason }

    package var description: String { "HAProxy: \(reason)" }
}
