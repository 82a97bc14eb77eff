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

    /// The path of a rendered file below the output directory, given where it is on its machine.
    func output(absolute path: String, on host: String) -> String {
        switch kind {
        case .production: "\(host)\(path)"
        case .local(let root): String(path.dropFirst(root.count + 1))
        }
    }

    /// Whether everything is on one machine, started by `breakwater up`.
    var isLocal: Bool { kind != .production }
}

extension RenderLayout {
    /// What a web node's servers use, as absolute paths on its machine.
    package struct WebPaths: Sendable, Equatable {
        /// WordPress' folder.
        package var docroot: String
        package var nginxDirectory: String
        package var nginxConfiguration: String
        package var nginxPidFile: String
        package var nginxErrorLog: String
        package var nginxAccessLog: String
        package var phpDirectory: String
        /// PHP-FPM's whole configuration on a local store, its pool's on a machine.
        package var phpConfiguration: String
        package var phpSocket: String
        package var phpPidFile: String
        package var phpErrorLog: String
        /// What `wp-config.php` requires.
        package var wordpressConfiguration: String
        /// The node is drained as long as it is there.
        package var drainFile: String
    }

    package func web(on host: String, topology: StoreTopology) -> WebPaths {
        switch kind {
        case .production:
            var socket = "/run/php/breakwater.sock"
            if case .unix(let path)? = topology.web?.phpFPM { socket = path }
            return WebPaths(
                docroot: topology.web?.docroot ?? "/var/www/html", nginxDirectory: "/etc/nginx",
                nginxConfiguration: "/etc/nginx/conf.d/breakwater.conf", nginxPidFile: "/run/nginx.pid",
                nginxErrorLog: "/var/log/nginx/error.log", nginxAccessLog: "/var/log/nginx/access.log",
                phpDirectory: "/etc/php/8.2/fpm", phpConfiguration: "/etc/php/8.2/fpm/pool.d/breakwater.conf",
                phpSocket: socket, phpPidFile: "/run/php/php8.2-fpm.pid", phpErrorLog: "/var/log/php8.2-fpm.log",
                wordpressConfiguration: "/etc/breakwater/wordpress/breakwater.php",
                drainFile: "/var/lib/breakwater/drain")
        case .local(let root):
            let (nginx, php) = ("\(root)/\(host)/nginx", "\(root)/\(host)/php")
            return WebPaths(
                docroot: "\(root)/\(host)/www", nginxDirectory: nginx, nginxConfiguration: "\(nginx)/nginx.conf",
                nginxPidFile: "\(nginx)/nginx.pid", nginxErrorLog: "\(nginx)/error.log",
                nginxAccessLog: "\(nginx)/access.log", phpDirectory: php, phpConfiguration: "\(php)/php-fpm.conf",
                phpSocket: "\(php)/fpm.sock", phpPidFile: "\(php)/php-fpm.pid", phpErrorLog: "\(php)/php-fpm.log",
                wordpressConfiguration: "\(root)/\(host)/wordpress/breakwater.php", drainFile: "\(root)/\(host)/drain"
            )
        }
    }

    /// What a balancer's HAProxy uses, as absolute paths on its machine.
    package struct BalancerPaths: Sendable, Equatable {
        package var directory: String
        package var configuration: String
        /// Its runtime socket.
        package var adminSocket: String
        package var pidFile: String
    }

    package func balancer(on host: String) -> BalancerPaths {
        switch kind {
        case .production:
            BalancerPaths(
                directory: "/etc/haproxy", configuration: "/etc/haproxy/haproxy.cfg",
                adminSocket: "/run/haproxy/admin.sock", pidFile: "/run/haproxy.pid")
        case .local(let root):
            BalancerPaths(
                directory: "\(root)/\(host)/haproxy", configuration: "\(root)/\(host)/haproxy/haproxy.cfg",
                adminSocket: "\(root)/\(host)/haproxy/admin.sock", pidFile: "\(root)/\(host)/haproxy/haproxy.pid")
        }
    }
}
