/// Where a server listens: `unix:/run/breakwater/redis.sock`, `10.10.0.31:6379`, `[fd00::31]:6379` or `:6379`.
package enum ListenAddress: Sendable, Hashable {
    /// A unix domain socket; the path is absolute.
    case unix(String)
    /// A TCP port on a host's address (an IP address or a name, without brackets).
    case tcp(host: String, port: Int)
    /// `:PORT`: the node's own loopback address, that is `127.0.0.1`, or on a local store the loopback address the
    /// node was given. Never all interfaces: what must be reachable from elsewhere names its address.
    case loopback(port: Int)

    /// The port; nil for a unix socket.
    package var port: Int? {
        switch self {
        case .unix: nil
        case .tcp(_, let port), .loopback(let port): port
        }
    }

    /// Reads an address; `nil` when it is none.
    package init?(_ text: String) {
        if let path = text.dropping(prefix: "unix:") {
            guard path.hasPrefix("/"), path.count > 1 else { return nil }
            self = .unix(path)
        } else if let port = text.dropping(prefix: ":") {
            guard let port = Self.port(port) else { return nil }
            self = .loopback(port: port)
        } else if let (host, port) = Self.splitHostPort(text) {
            self = .tcp(host: host, port: port)
        } else {
            return nil
        }
    }

    /// Splits `host:port` or `[v6]:port`; `nil` when either part is not valid.
    package static func splitHostPort(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard case .v6? = IPAddress(inner) else { return nil }
            return (inner, port)
        }
        // Without brackets nobody can tell where an IPv6 address ends.
        guard !host.contains(":"), isHost(String(host)) else { return nil }
        return (String(host), port)
    }

    /// Whether the text is an IP address or could be a DNS name (RFC 1123 letters, digits, dots and hyphens).
    package static func isHost(_ text: String) -> Bool {
        if IPAddress(text) != nil { return true }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // What looks like an IPv4 address but is none (10.0.0.256) is a typo, not a name.
        guard text.utf8.count <= 253, let last = labels.last, !last.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
            return false
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    private static func port(_ text: some StringProtocol) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
            let port = Int(text), (1...65_535).contains(port)
        else { return nil }
        return port
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .loopback(let port): ":\(port)"
        }
    }
}
