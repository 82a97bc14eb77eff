internal import Foundation
package import RedisClient

/// What a stack consists of: written to `stack.json` by its supervisor, read by `status`, drills and scripts. Holds
/// paths of secrets, never secrets.
package struct StackManifest: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case redis, sentinel, sidecar, database
        /// Of a web node: nginx, PHP-FPM, and the agent with the health endpoints.
        case web, php, agent
        /// HAProxy.
        case balancer
    }

    package struct Member: Codable, Sendable, Equatable {
        package var name: String
        package var kind: Kind
        /// Where it is reached over TCP, `127.A.B.N:PORT`.
        package var address: String
        /// The unix socket of a sidecar, a database server, PHP-FPM, or HAProxy's own.
        package var socket: String?
        /// A sidecar's `/metrics`, `/livez` and `/readyz`.
        package var admin: String?
        /// A sidecar's control address.
        package var control: String?
        package var log: String
        /// Nil while it is not running.
        package var pid: Int32?

        package var endpoint: RedisEndpoint? { RedisEndpoint(parsing: address) }
    }

    /// Paths of PEM files.
    package struct TLS: Codable, Sendable, Equatable {
        package var ca: String
        package var certificate: String
        package var key: String
    }

    /// The database server, and where its backups go unless the topology says otherwise.
    package struct Database: Codable, Sendable, Equatable {
        /// The host's name.
        package var node: String
        /// `127.A.B.N:PORT`.
        package var address: String
        package var socket: String
        /// The shop's database.
        package var name: String
        /// Who backs it up and restores it, and the file with that account's password.
        package var user: String
        package var passwordFile: String
        /// `dir:/…`.
        package var bucket: String
        /// What opens the backups.
        package var identityFile: String
        /// The members that follow it.
        package var replicas: [String]?
    }

    /// The shop and where it is reached.
    package struct Shop: Codable, Sendable, Equatable {
        /// `http://127.A.B.N:PORT`, at the balancer.
        package var url: String
        /// WordPress' folder on each web node, by the node's name.
        package var docroots: [String: String]
        /// A web node is drained as long as its file is there; by the node's name.
        package var drainFiles: [String: String]
    }

    package var store: String
    /// The name the Sentinels know the master under.
    package var service: String
    /// The absolute path of the topology file, when there was one.
    package var topology: String?
    package var supervisor: Int32
    /// All processes are in this group.
    package var processGroup: Int32
    /// True once every condition of readiness held.
    package var ready: Bool
    /// Files with the passwords of the users `app` (also the default user's) and `breakwater`; nil when the servers
    /// ask for none.
    package var appPasswordFile: String?
    package var breakwaterPasswordFile: String?
    /// What a client of nodes and Sentinels needs for TLS; nil when they speak in the clear.
    package var tls: TLS?
    /// The file with the password of the user `operator`; nil when the servers ask for none.
    package var operatorPasswordFile: String?
    /// The file with the secret of the sidecars' control API.
    package var controlSecretFile: String?
    /// Nil without a `mysql` section that names a `primary`.
    package var database: Database?
    /// Nil without web nodes.
    package var shop: Shop?
    package var members: [Member]

    /// Nil when there is no file or it cannot be read.
    package static func read(_ state: StateDirectory) -> StackManifest? {
        guard let text = StateDirectory.read(state.manifestFile) else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(StackManifest.self, from: Data(text.utf8))
    }

    func write(_ state: StateDirectory) throws(StackError) {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try StateDirectory.write(
                String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: state.manifestFile)
        } catch let error as StackError {
            throw error
        } catch {
            throw StackError("state_unusable", "\(state.manifestFile) cannot be written", cause: "\(error)")
        }
    }

    /// TLS as `breakwater` itself uses it; nil when there is none, or its files cannot be read.
    package var serverTLS: RedisTLS? {
        guard let tls else { return nil }
        let files = TLSMaterial.Files(ca: tls.ca, certificate: tls.certificate, key: tls.key)
        return (try? RedisTLS.Settings(files)).map { RedisTLS($0) }
    }

    /// Who changes settings of running nodes.
    package var operatorCredentials: RedisCredentials? { credentials(of: "operator", in: operatorPasswordFile) }

    /// What the sidecars' control API asks for.
    package var controlKey: ControlKey? {
        guard let controlSecretFile, let text = StateDirectory.read(controlSecretFile) else { return nil }
        return ControlKey(RedisClient.Secret(text.trimmingCharacters(in: .newlines)))
    }

    /// What `breakwater` authenticates with on the Redis nodes.
    package var nodeCredentials: RedisCredentials? { credentials(of: "breakwater", in: breakwaterPasswordFile) }

    private func credentials(of user: String, in file: String?) -> RedisCredentials? {
        guard let file, let text = StateDirectory.read(file) else { return nil }
        return RedisCredentials(
            username: user, password: RedisClient.Secret(text.trimmingCharacters(in: .newlines)))
    }
}
