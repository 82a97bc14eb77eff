/// The database: a managed one with an endpoint, or a primary and replicas on hosts of the store.
package struct MySQLTopology: Sendable, Equatable {
    /// The names of `--ssl-mode`, in lower case.
    package enum TLS: String, Sendable, CaseIterable {
        /// Encrypted, whoever answers.
        case required
        /// Encrypted, with a certificate of the authority in `ca`.
        case verifyCA = "verify-ca"
        /// The same, and the certificate names the host.
        case verifyFull = "verify-full"
        /// Encrypted if the server offers it.
        case preferred
        case off
    }

    /// What a local store's database and its account are called when the file does not say.
    package static let localDatabase = "shop", localUser = "breakwater"

    /// A server of an HAProxy that stands before the database under an address that never changes.
    package struct HAProxy: Sendable, Hashable {
        /// Path of its runtime socket, which must have the level `admin`.
        package var socket: String
        /// `backend/server`
        package var server: String
    }

    package var managed: Bool
    /// `host:port` of a managed database.
    package var endpoint: String?
    package var primary: String?
    package var replicas: [String]
    /// Where ``primary`` and ``replicas`` listen.
    package var port: Int
    package var database: String?
    package var user: String?
    package var password: SecretReference?
    /// Path of the certificate authority's certificate.
    package var ca: String?
    /// `nil` when the file does not say; ``MySQLAddress/effectiveTLS`` is what holds then.
    package var tls: TLS?
    /// A file on the web nodes that `wp-config.php` includes, with `DB_HOST` and `DB_NAME`; ours to write.
    package var endpointFile: String?
    package var haproxy: HAProxy?
}

extension StoreTopology {
    /// Whether `breakwater up` runs a database server, keeps its password, and has a bucket for its backups.
    package var hasLocalDatabase: Bool { provider == .local && mysql?.primary != nil }

    /// Where the database that takes writes is reached; `nil` without a `mysql` section, or on a local store whose
    /// primary has no address yet.
    package var database: MySQLAddress? {
        guard let mysql else { return nil }
        var address: MySQLAddress
        if let endpoint = mysql.endpoint, let (host, port) = ListenAddress.splitHostPort(endpoint) {
            address = MySQLAddress(host: host, port: port)
        } else if let host = mysql.primary.flatMap(address(of:)) {
            address = MySQLAddress(host: host, port: mysql.port)
        } else {
            return nil
        }
        address.user = mysql.user
        address.database = mysql.database
        address.tls = mysql.tls
        address.ca = mysql.ca
        return address
    }
}
