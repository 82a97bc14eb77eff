/// Where a MySQL or MariaDB server is reached, and as whom: `mysql://user@host:3306/shop?tls=verify-ca&ca=/ca.pem`.
///
/// Never holds a password.
package struct MySQLAddress: Sendable, Hashable {
    package static let standardPort = 3_306

    package var user: String?
    /// A name or an IP address, without brackets.
    package var host: String
    package var port: Int
    /// Path of a unix socket, which is used instead of ``host`` and ``port``.
    package var socket: String?
    package var database: String?
    package var tls: MySQLTopology.TLS?
    /// Path of the certificate authority's certificate.
    package var ca: String?

    package init(host: String, port: Int = Self.standardPort) {
        self.host = host
        self.port = port
    }

    /// Reads a URL as `--from` and `--to` take it.
    /// - Throws: Why it cannot be used, in words that repeat no secret.
    package init(_ text: String) throws(UnusableOption) {
        do {
            try self.init(scalar: text)
        } catch {
            throw UnusableOption(error)
        }
    }

    /// Whether what is sent stays on this machine.
    package var isLocal: Bool {
        socket != nil || host == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// What holds when nothing is said: encrypted beyond this machine, and verified if there is something to verify
    /// with.
    package var effectiveTLS: MySQLTopology.TLS {
        tls ?? (ca != nil ? .verifyCA : isLocal ? .preferred : .required)
    }
}

extension MySQLAddress: TopologyScalar {
    static var expectation: String { "an address such as mysql://user@host:3306/shop" }
    private static let options = ["tls", "ca", "socket"]

    init(scalar text: String) throws(UnusableScalar) {
        var url = try URLText(text, scheme: "mysql")
        let authority = url.authority
        guard
            let (host, port) = ListenAddress.splitHostPort(authority)
                ?? ListenAddress.splitHostPort("\(authority):\(Self.standardPort)")
        else { throw UnusableScalar(message: "names no host", hint: "such as mysql://user@host:3306/shop") }
        self.init(host: host, port: port)
        user = url.user
        guard user?.isEmpty != true else { throw UnusableScalar(message: "has an empty user") }
        database = url.path.isEmpty ? nil : url.path
        if let word = url.take("tls") { tls = try MySQLTopology.TLS(scalar: word) }
        ca = try url.takePath("ca")
        socket = try url.takePath("socket")
        try url.finish(known: Self.options)
    }

    var topologyText: String { description }
}

extension MySQLAddress: CustomStringConvertible {
    /// For messages: `mysql://user@host:3306/shop`.
    package var description: String {
        let server = socket ?? (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
        return "mysql://\(user.map { "\($0)@" } ?? "")\(server)/\(database ?? "")"
    }
}

/// Why a text on the command line cannot be used.
package struct UnusableOption: Error, Equatable, CustomStringConvertible {
    /// What follows the option's name: `must start with mysql://`.
    package var description: String
    package var hint: String?

    init(_ error: UnusableScalar) {
        description = error.message
        hint = error.hint
    }
}
