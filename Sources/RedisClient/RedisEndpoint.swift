/// The host and port of a Redis or Sentinel server. Hosts are compared as written: `redis-1` and the address it
/// resolves to are two endpoints, so that what Sentinel announces is used unchanged.
package struct RedisEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 address (without brackets) or a host name.
    package let host: String
    /// 1 to 65535.
    package let port: Int

    /// Takes the parts as they are; use ``init(parsing:defaultPort:)`` for text that a user or a peer wrote.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `[ipv6]:port`, or, with a default port, the host alone. Returns nil for anything else: an
    /// empty or overlong host, white space or control characters in it, a port outside 1 to 65535, or an IPv6
    /// address without brackets before a port.
    package init?(parsing text: String, defaultPort: Int? = nil) {
        let host: Substring
        let portText: Substring?
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if rest.isEmpty {
                portText = nil
            } else {
                guard rest.hasPrefix(":") else { return nil }
                portText = rest.dropFirst()
            }
            guard host.contains(":") else { return nil }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        } else {
            host = text[...]
            portText = nil
        }
        guard let port = portText.map(Self.port) ?? defaultPort else { return nil }
        guard Self.isHost(host) else { return nil }
        self.init(host: String(host), port: port)
    }

    /// `host:port`, with an IPv6 address in brackets; ``init(parsing:defaultPort:)`` reads it back.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func port(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        guard let port = Int(text), (1...65535).contains(port) else { return nil }
        return port
    }

    /// 253 bytes is the longest host name DNS allows.
    static func isHost(_ text: Substring) -> Bool {
        let bytes = text.utf8
        return (1...253).contains(bytes.count) && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
}

extension RedisEndpoint: Comparable {
    /// By host, then port: a stable order for logs and tests, without further meaning.
    package static func < (left: RedisEndpoint, right: RedisEndpoint) -> Bool {
        (left.host, left.port) < (right.host, right.port)
    }
}
