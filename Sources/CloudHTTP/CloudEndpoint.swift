/// Where a service of a cloud answers: `https://nyc3.digitaloceanspaces.com`, `http://127.0.0.1:8080`.
package struct CloudEndpoint: Sendable, Hashable {
    package let isSecure: Bool
    /// A name or an address, without the brackets of IPv6; lower case.
    package let host: String
    /// Nil for the scheme's own.
    package let port: Int?

    package init(isSecure: Bool, host: String, port: Int? = nil) {
        self.isSecure = isSecure
        self.host = host.lowercased()
        self.port = port == (isSecure ? 443 : 80) ? nil : port
    }

    /// Reads a URL of scheme, host and port alone: a path, a query or a user has no place in it.
    /// - Throws: `CloudHTTPError.invalidURL`.
    package init(_ url: String) throws(CloudHTTPError) {
        let invalid = CloudHTTPError.invalidURL(url)
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else { throw invalid }
        var rest = parts[1]
        if rest.hasSuffix("/") { rest.removeLast() }
        let host: Substring
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard host.utf8.allSatisfy({ $0.isHexDigit || [UInt8(ascii: ":"), UInt8(ascii: ".")].contains($0) })
            else { throw invalid }
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest[host.endIndex...]
            guard host.utf8.allSatisfy({ $0.isUnreserved && $0 != UInt8(ascii: "~") }) else { throw invalid }
        }
        guard !host.isEmpty else { throw invalid }
        var port: Int?
        if !rest.isEmpty {
            guard rest.first == ":", let number = UInt16(rest.dropFirst()), number > 0 else { throw invalid }
            port = Int(number)
        }
        self.init(isSecure: parts[0].lowercased() == "https", host: String(host), port: port)
    }

    /// What stands in the `Host` header.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// Whether the host is this machine: an address of its loopback network, or a name that means it (RFC 6761).
    package var isLoopback: Bool {
        isAddress ? host == "::1" || host.hasPrefix("127.") : host == "localhost" || host.hasSuffix(".localhost")
    }

    /// Whether the host is an IP address, not a name.
    package var isAddress: Bool {
        host.contains(":") || host.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
    }
}

extension CloudEndpoint: CustomStringConvertible {
    package var description: String { "\(isSecure ? "https" : "http")://\(authority)" }
}
