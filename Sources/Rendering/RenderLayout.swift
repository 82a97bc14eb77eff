package import Topology

/// Where files are written and where the processes find them.
package struct RenderLayout: Sendable, Equatable {
    private enum Kind: Sendable, Equatable {
        case production
        case local(directory: String)
    }

    private var kind: Kind

    /// One directory for each host, which mirrors that host's file system: `rsync -a OUT/redis-1/ root@redis-1:/`.
    /// Rendered files are seeds under `/etc/breakwater`; processes run from copies under `/var/lib/breakwater`, which
    /// they may rewrite.
    package static let production = RenderLayout(kind: .production)

    /// Everything below one directory (an absolute path): `redis-1/redis/redis.conf` and so on. A process runs from
    /// the rendered file itself and may rewrite it.
    package static func local(directory: String) -> RenderLayout {
        RenderLayout(kind: .local(directory: directory))
    }

    /// The kinds of servers that have configuration files of their own.
    package enum Server: String, Sendable {
        case redis
        case sentinel
    }

    /// What one server process uses, as absolute paths on the machine it runs on.
    package struct ServerPaths: Sendable, Equatable {
        /// The directory it owns and runs in.
        package var directory: String
        /// The configuration it is started with and rewrites.
        package var configuration: String
        /// Redis' ACL file.
        package var users: String
        package var pidFile: String
        /// Empty for standard output.
        package var logFile: String
    }

    package func paths(_ server: Server, on host: String) -> ServerPaths {
        let name = server.rawValue
        switch kind {
        case .production:
            let directory = "/var/lib/breakwater/\(name)"
            return ServerPaths(
                directory: directory, configuration: "\(directory)/\(name).conf", users: "\(directory)/users.acl",
                pidFile: "/run/breakwater-\(name)/\(name).pid", logFile: "")
        case .local(let root):
            let directory = "\(root)/\(host)/\(name)"
            return ServerPaths(
                directory: directory, configuration: "\(directory)/\(name).conf", users: "\(directory)/users.acl",
                pidFile: "\(directory)/\(name).pid", logFile: "\(directory)/\(name).log")
        }
    }

    /// Where a host has its certificates: as the topology says, or where a local store puts those it makes.
    package func tls(_ tls: TLSTopology, on host: String) -> TLSTopology.Files {
        if let files = tls.files { return files }
        guard case .local(let root) = kind else { return .standard }
        let directory = "\(root)/\(host)/tls"
        return TLSTopology.Files(
            ca: "\(directory)/ca.crt", certificate: "\(directory)/node.crt", key: "\(directory)/node.key")
    }

    /// The path of a rendered file below the output directory; `file` is its name among the server's files.
    package func output(_ file: String, of server: Server, on host: String) -> String {
        switch kind {
        case .production: "\(host)/etc/breakwater/\(server.rawValue)/\(file)"
        case .local: "\(host)/\(server.rawValue)/\(file)"
        }
    }
}
