import ArgumentParser
import Certificates
import Foundation
import RedisClient
import RedisProxy
import Testing

@testable import breakwater_proxy

/// Which certificates flags and topology lead to.
final class TLSSourcesTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "bw-tls-flags-\(UUID().uuidString)")
    private let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority(name: "test", now: Date(), lifetime: 86_400)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        _ = try write("ca.crt", authority.pem().certificate)
        try renew()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try Data(text.utf8).write(to: folder.appending(path: name))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
        return path(name)
    }

    private func renew() throws {
        let issued = try authority.issue(name: "web-1", addresses: ["10.0.0.31"], now: Date(), lifetime: 3_600)
        _ = try write("node.crt", issued.certificatePEM)
        _ = try write("node.key", issued.keyPEM)
    }

    private func reader(_ arguments: [String]) throws -> ConfigurationReader {
        let flags = [
            "--sentinel", "10.0.0.21:26379", "10.0.0.22:26379", "--service", "s", "--listen", "127.0.0.1:6379",
        ]
        return ConfigurationReader(options: try ProxyOptions.parse(flags + arguments), environment: { _ in nil })
    }

    @Test func withoutFlagsThereIsNone() throws {
        let configuration = try reader([]).read().configuration
        #expect(configuration.serverTLS == nil && configuration.clientTLS == nil)
    }

    @Test func flagsNameFilesOnEitherSide() throws {
        let configuration = try reader([
            "--tls-ca", path("ca.crt"), "--tls-certificate", path("node.crt"), "--tls-key", path("node.key"),
            "--listen-tls-certificate", path("node.crt"), "--listen-tls-key", path("node.key"), "--listen-tls-ca",
            path("ca.crt"), "--listen-tls-clients", "optional",
        ]).read().configuration
        let files = TLSMaterial.Files(ca: path("ca.crt"), certificate: path("node.crt"), key: path("node.key"))
        #expect(try configuration.serverTLS == RedisTLS.Settings(files))
        #expect(try configuration.clientTLS == ListenerTLS.Settings(files, clients: .optional))
        #expect(try configuration.clientTLS != ListenerTLS.Settings(files, clients: .required))
    }

    /// The topology's paths, and no certificate where none is asked for.
    @Test func aTopologyNamesThem() throws {
        let file = try write(
            "breakwater.yaml",
            """
            version: 1
            store: shop
            provider: digitalocean
            hosts:
              a: { address: 10.0.0.1 }
              b: { address: 10.0.0.2 }
              c: { address: 10.0.0.3 }
            redis:
              nodes: [a, b, c]
              sentinels: [a, b, c]
              password: env:P
              tls: { ca: \(path("ca.crt")), certificate: \(path("node.crt")), key: \(path("node.key")), clients: CLIENTS }
            sidecar: { nodes: [a] }

            """)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for (clients, certificate) in [("required", "node.crt"), ("optional", nil)] {
            _ = try write("breakwater.yaml", text.replacing("CLIENTS", with: clients))
            let reader = ConfigurationReader(
                options: try ProxyOptions.parse(["-f", file, "--node", "a"]), environment: { _ in "secret" })
            let files = TLSMaterial.Files(
                ca: path("ca.crt"), certificate: certificate.map(path), key: certificate.map { _ in path("node.key") })
            #expect(try reader.read().configuration.serverTLS == RedisTLS.Settings(files), "\(clients)")
        }
    }

    @Test func aReloadSeesNewCertificatesAndRefusesBrokenOnes() throws {
        let reader = try reader(["--listen-tls-certificate", path("node.crt"), "--listen-tls-key", path("node.key")])
        let before = try reader.read().configuration
        #expect(try reader.read().configuration.clientTLS == before.clientTLS)
        try renew()
        let after = try reader.read().configuration
        #expect(after.clientTLS != before.clientTLS)
        #expect(after.needingRestart(since: before) == [])
        #expect(try self.reader([]).read().configuration.needingRestart(since: before) == ["--listen-tls-certificate"])
        _ = try write("node.key", "no key")
        let error = #expect(throws: InvalidConfiguration.self) { try reader.read() }
        #expect(error?.lines.contains { $0.contains("[proxy.tls_unusable]") && $0.contains("node.key") } == true)
    }

    @Test func aKeyThatEverybodyMayReadIsSaid() throws {
        let key = try String(contentsOfFile: path("node.key"), encoding: .utf8)
        _ = try write("node.key", key, mode: 0o644)
        let outcome = try reader(["--tls-certificate", path("node.crt"), "--tls-key", path("node.key")]).read()
        #expect(outcome.warnings.contains { $0.contains("[proxy.secret_exposed]") && $0.contains("node.key") })
    }
}
