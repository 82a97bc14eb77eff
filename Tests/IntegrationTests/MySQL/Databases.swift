import Certificates
import Foundation
import LoopbackServers
import MySQLClient
import Testing
import Topology

/// A MariaDB and a MySQL for all tests of a suite, with TLS.
struct Databases: Sendable {
    /// Those of the suite that runs.
    @TaskLocal static var current: Databases?

    let certificates: DatabaseCertificates
    private let servers: [LoopbackDatabase]

    init() throws {
        let certificates = try DatabaseCertificates()
        self.certificates = certificates
        servers = try LoopbackDatabase.Flavour.allCases.map { flavour in
            let network = LoopbackPlace.randomNetwork()
            return try LoopbackDatabase(flavour, network: network, tls: certificates.files(for: network + ".1"))
        }
    }

    static func server(_ flavour: LoopbackDatabase.Flavour) throws -> LoopbackDatabase {
        try #require(current?.servers.first { $0.flavour == flavour }, "the suite lacks the trait .databases")
    }

    static func certificates() throws -> DatabaseCertificates { try #require(current).certificates }
}

/// Starts the servers before the first test of a suite and stops them after the last.
struct DatabasesTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let databases = try await onThread { try Databases() }
        try await Databases.$current.withValue(databases) { try await function() }
    }
}

extension Trait where Self == DatabasesTrait {
    static var databases: Self { DatabasesTrait() }
}

/// An authority, certificates of it, and another authority, in files of a folder of their own.
final class DatabaseCertificates: Sendable {
    private let directory: URL
    private let authority: CertificateAuthority
    let ca: String
    /// Of an authority that has signed nothing.
    let strangersCA: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "bw-ca-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        authority = try CertificateAuthority(name: "test", now: .now, lifetime: 86400)
        let stranger = try CertificateAuthority(name: "stranger", now: .now, lifetime: 86400)
        ca = directory.appending(path: "ca.pem").path
        strangersCA = directory.appending(path: "stranger.pem").path
        try authority.pem().certificate.write(toFile: ca, atomically: true, encoding: .utf8)
        try stranger.pem().certificate.write(toFile: strangersCA, atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// A certificate for this address and the name `db.test`.
    func files(for address: String) throws -> LoopbackDatabase.TLSFiles {
        let issued = try authority.issue(name: "db.test", addresses: [address], now: .now, lifetime: 86400)
        let certificate = directory.appending(path: "\(address).pem").path
        let key = directory.appending(path: "\(address).key").path
        try issued.certificatePEM.write(toFile: certificate, atomically: true, encoding: .utf8)
        try issued.keyPEM.write(toFile: key, atomically: true, encoding: .utf8)
        return LoopbackDatabase.TLSFiles(ca: ca, certificate: certificate, key: key)
    }
}

extension LoopbackDatabase {
    /// How a client gets here, over TCP and without TLS unless told otherwise.
    func settings(
        user: String = "root", password: String? = nil, database: String? = nil, tls: MySQLTopology.TLS? = .off,
        ca: String? = nil, address: String? = nil
    ) -> MySQLSettings {
        var target = MySQLAddress(host: address ?? place.address, port: Int(place.port))
        (target.user, target.database, target.tls, target.ca) = (user, database, tls, ca)
        return MySQLSettings(address: target, password: password.map(Secret.init))
    }

    /// Runs statements as root.
    func run(_ statements: String...) async throws {
        try await MySQLConnection.with(settings()) { root in
            for statement in statements { _ = try await root.query(statement) }
        }
    }

    /// An empty database of its own for a test, gone when the test is done.
    func withDatabase<Result: Sendable>(
        _ body: (MySQLConnection, MySQLSettings) async throws -> Result
    ) async throws -> Result {
        let name = "t\(UInt32.random(in: 0 ... .max))"
        try await run("CREATE DATABASE \(name)")
        let settings = settings(database: name)
        do {
            let result = try await MySQLConnection.with(settings) { try await body($0, settings) }
            try await run("DROP DATABASE \(name)")
            return result
        } catch {
            try? await run("DROP DATABASE \(name)")
            throw error
        }
    }

    /// How many sessions but the asking one run a statement that contains `text`.
    func running(_ text: String) async throws -> Int {
        let count = try await MySQLConnection.with(settings()) { root in
            try await root.query(
                "SELECT COUNT(*) FROM information_schema.processlist"
                    + " WHERE info LIKE '%\(text)%' AND id <> CONNECTION_ID()"
            ).text()
        }
        return Int(count ?? "") ?? -1
    }
}

/// What an attempt that must fail says.
func mysqlError(
    isolation: isolated (any Actor)? = #isolation, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async throws -> MySQLError {
    do {
        try await body()
    } catch let error as MySQLError {
        return error
    }
    Issue.record("nothing failed", sourceLocation: sourceLocation)
    throw LoopbackError("nothing failed")
}

/// The tests of the MySQL client on both families, which share their servers.
@Suite(.serialized, .databases) struct MySQLTests {}
