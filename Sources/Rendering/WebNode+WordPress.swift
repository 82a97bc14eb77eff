internal import Topology

extension WebNode {
    /// What `wp-config.php` requires before `wp-settings.php`. What `wp-config.php` has defined before stays; salts are
    /// its own matter.
    var wordpress: String {
        """
        <?php
        // WordPress on \(name), a web node of the store \(topology.store): its database and its object cache.
        // Rendered by Breakwater from the topology; change that and render again.
        // In wp-config.php, before wp-settings.php: require \(Self.quoted(paths.wordpressConfiguration));

        \(database)
        \(cache)
        // TLS ends at the balancer.
        if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
            $_SERVER['HTTPS'] = 'on';
        }

        """
    }

    private var database: String {
        var lines: [String] = []
        if let file = topology.mysql?.endpointFile {
            lines += [
                "// Where the database is: `breakwater restore --flip` writes this file.",
                "require \(Self.quoted(file));",
            ]
        } else {
            if let address = settings.databaseAddress ?? topology.database.map({ "\($0.host):\($0.port)" }) {
                lines.append(Self.define("DB_HOST", Self.quoted(address)))
            }
            if let name = settings.databaseName ?? topology.mysql?.database {
                lines.append(Self.define("DB_NAME", Self.quoted(name)))
            }
        }
        if let user = settings.databaseUser { lines.append(Self.define("DB_USER", Self.quoted(user))) }
        if let file = settings.databasePasswordFile {
            lines += [
                "// The password stands in a file of its own, and never here.",
                Self.define("DB_PASSWORD", "rtrim((string) file_get_contents(\(Self.quoted(file))), \"\\n\")"),
            ]
        }
        guard !lines.isEmpty else { return "" }
        lines += [Self.define("DB_CHARSET", "'utf8mb4'"), Self.define("DB_COLLATE", "''")]
        return lines.joined(separator: "\n") + "\n"
    }

    private var cache: String {
        guard let sidecar = topology.sidecar, sidecar.nodes.contains(name) else { return "" }
        var lines = [
            "// Redis through this node's sidecar, which follows the master: no list of Sentinels here.",
            Self.define("WP_REDIS_CLIENT", "'phpredis'"),
        ]
        let listening = sidecar.listen.compactMap { address in
            if case .unix(let path) = address { path } else { nil }
        }
        if let socket = settings.sidecarSockets[name] ?? listening.first {
            lines += [Self.define("WP_REDIS_SCHEME", "'unix'"), Self.define("WP_REDIS_PATH", Self.quoted(socket))]
        } else if let port = sidecar.listen.lazy.compactMap(\.port).first {
            lines += [Self.define("WP_REDIS_HOST", "'127.0.0.1'"), Self.define("WP_REDIS_PORT", "\(port)")]
        }
        // In whole seconds for those who take no others; longer than a command may wait in the sidecar.
        let patience = max(1, (sidecar.hold.wholeMilliseconds + 1_499) / 1_000)
        lines += [
            Self.define("WP_REDIS_PREFIX", Self.quoted(topology.store)), Self.define("WP_REDIS_TIMEOUT", "1"),
            "// Longer than a command may wait for a new master (sidecar.hold).",
            Self.define("WP_REDIS_READ_TIMEOUT", "\(patience)"),
            "// Without its cache a page is slow; without this it would be an error.",
            Self.define("WP_REDIS_GRACEFUL", "true"),
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func define(_ name: String, _ expression: String) -> String {
        "defined('\(name)') || define('\(name)', \(expression));"
    }

    /// PHP's simple quotes know two escapes.
    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
