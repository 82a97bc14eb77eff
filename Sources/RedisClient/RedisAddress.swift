/// Where a server is reached: over TCP or through a unix socket.
package enum RedisAddress: Hashable, Sendable, CustomStringConvertible {
    case tcp(RedisEndpoint)
    case unix(path: String)

    /// Reads `HOST:PORT` or `unix:PATH`, the form that `--listen` takes. The path must be absolute or relative but
    /// not empty, and fit a `sockaddr_un` (107 bytes).
    package init?(parsing text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard (1...107).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
        } else {
            guard let endpoint = RedisEndpoint(parsing: text) else { return nil }
            self = .tcp(endpoint)
        }
    }

    package var description: String {
        switch self {
        case .tcp(let endpoint): endpoint.description
        case .unix(let path): "unix:\(path)"
        }
    }
}
