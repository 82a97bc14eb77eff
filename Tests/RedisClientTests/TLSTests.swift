import Certificates
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import RESP
import Testing

@testable import RedisClient

/// A client against servers whose TLS is right, wrong, absent or never ends.
struct TLSTests {
    private let files = TLSFiles()

    private func tls(
        _ authority: CertificateAuthority, showing certificate: IssuedCertificate? = nil, serverName: String? = nil
    ) throws -> RedisTLS {
        var paths = TLSMaterial.Files(ca: try files.write(authority.pem().certificate))
        if let certificate {
            paths.certificate = try files.write(certificate.certificatePEM)
            paths.key = try files.write(certificate.keyPEM)
        }
        return RedisTLS(try RedisTLS.Settings(paths, serverName: serverName))
    }

    private func failure(
        _ certificate: IssuedCertificate, _ tls: RedisTLS, requiring clients: CertificateAuthority? = nil
    ) async throws -> String {
        try await TLSFiles.server(certificate, requiring: clients) { server in
            do {
                let connection = try await server.connect {
                    $0.tls = tls
                    $0.credentials = RedisCredentials(password: Secret("p"))
                }
                let reply = try await connection.send(["PING"])
                return reply.string ?? ""
            } catch {
                return "\(error)".replacing("127.0.0.1:\(server.endpoint.port)", with: "SERVER")
            }
        }
    }

    @Test func aServerOfTheAuthorityIsTrusted() async throws {
        let authority = try TLSFiles.authority()
        let server = try authority.issue(for: "127.0.0.1")
        #expect(try await failure(server, tls(authority)) == "PONG")
        // Under a name, whatever its address.
        let named = try authority.issue(for: "10.0.0.1")
        #expect(try await failure(named, tls(authority, serverName: "server.test")) == "PONG")
        // And the client of the authority by the server.
        let client = try authority.issue(for: "10.0.0.2")
        #expect(try await failure(server, tls(authority, showing: client), requiring: authority) == "PONG")
    }

    @Test func whatIsNotTrustedIsSaid() async throws {
        let authority = try TLSFiles.authority()
        let other = try TLSFiles.authority()
        let untrusted = "no trusted connection to SERVER: "
        let server = try authority.issue(for: "127.0.0.1")
        #expect(
            try await failure(server, tls(other))
                == untrusted + "the certificate is not of an authority that is trusted, or has expired")
        let expired = try authority.issue(for: "127.0.0.1", at: Date().addingTimeInterval(-86_400), lifetime: 3_600)
        #expect(
            try await failure(expired, tls(authority))
                == untrusted + "the certificate is not of an authority that is trusted, or has expired")
        let elsewhere = try authority.issue(for: "127.0.0.2")
        let place = try await failure(elsewhere, tls(authority))
        #expect(place == untrusted + "the certificate is not for this address")
        let name = try await failure(elsewhere, tls(authority, serverName: "another.test"))
        #expect(name == untrusted + "the certificate is not for this address")
        // TLS 1.3 tells the client only after the handshake.
        #expect(
            try await failure(server, tls(authority), requiring: authority)
                == "the connection was lost: a client certificate is required")
        let stranger = try other.issue(for: "127.0.0.1")
        let answer = try await failure(server, tls(authority, showing: stranger), requiring: authority)
        #expect(answer.hasPrefix("the connection was lost: the other side does not "), "\(answer)")
    }

    @Test func aServerWithoutTLSIsSaid() async throws {
        let tls = try tls(TLSFiles.authority())
        let loud = try await NonTLS.start(answer: "-ERR Protocol error\r\n")
        let error = await #expect(throws: RedisConnectionError.self) {
            var options = RedisConnection.Options()
            options.tls = tls
            _ = try await RedisConnection.connect(to: .tcp(loud.endpoint), options: options)
        }
        #expect(error == .untrusted(.tcp(loud.endpoint), reason: "the other side does not speak TLS"))
        try await loud.stop()
    }

    @Test func aHandshakeThatNeverEndsIsGivenUp() async throws {
        let tls = try tls(TLSFiles.authority())
        let silent = try await NonTLS.start(answer: nil)
        let error = await #expect(throws: RedisConnectionError.self) {
            var options = RedisConnection.Options()
            options.connectTimeout = .milliseconds(100)
            options.tls = tls
            _ = try await RedisConnection.connect(to: .tcp(silent.endpoint), options: options)
        }
        #expect(error == .connectTimedOut(.tcp(silent.endpoint)))
        try await silent.stop()
    }

    @Test func newCertificatesAreForNewConnections() async throws {
        let (old, new) = (try TLSFiles.authority(), try TLSFiles.authority())
        let tls = try tls(old)
        try await TLSFiles.server(old.issue(for: "127.0.0.1")) { server in
            let connection = try await server.connect { $0.tls = tls }
            tls.update(try RedisTLS.Settings(TLSMaterial.Files(ca: files.write(new.pem().certificate))))
            #expect(try await connection.send(["PING"]).string == "PONG")
            await #expect(throws: RedisConnectionError.self) { try await server.connect { $0.tls = tls } }
            // Both authorities in one file: what a change of authority goes through.
            let both = try files.write(new.pem().certificate + old.pem().certificate)
            tls.update(try RedisTLS.Settings(TLSMaterial.Files(ca: both)))
            #expect(try await server.connect { $0.tls = tls }.send(["PING"]).string == "PONG")
            #expect(try await connection.send(["PING"]).string == "PONG")
        }
    }

    @Test func filesThatCannotBeUsedAreNamed() throws {
        let authority = try TLSFiles.authority()
        let (one, two) = (try authority.issue(for: "127.0.0.1"), try authority.issue(for: "127.0.0.1"))
        let certificate = try files.write(one.certificatePEM)
        let key = try files.write(one.keyPEM)
        func problem(_ files: TLSMaterial.Files) -> String? {
            do {
                _ = try RedisTLS.Settings(files)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(problem(.init(certificate: certificate, key: key)) == nil)
        #expect(problem(.init(ca: "/none"))?.hasPrefix("/none has no certificates in PEM form") == true)
        #expect(problem(.init(ca: key))?.hasPrefix("\(key) has no certificates in PEM form") == true)
        #expect(problem(.init(certificate: certificate)) == "\(certificate) is a certificate without its key")
        #expect(problem(.init(key: key)) == "\(key) is a key without its certificate")
        #expect(problem(.init(certificate: certificate, key: "/none"))?.hasPrefix("/none has no private key") == true)
        let strange = try files.write(two.keyPEM)
        #expect(
            problem(.init(certificate: certificate, key: strange)) == "\(certificate) cannot be used with its key")
    }
}

/// Certificates for tests, in files that go when the value does.
final class TLSFiles: Sendable {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "bw-tls-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: directory) }

    func write(_ text: String) throws -> String {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let url = directory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    static func authority() throws -> CertificateAuthority {
        try CertificateAuthority(name: "test", now: Date().addingTimeInterval(-172_800), lifetime: 30 * 86_400)
    }

    /// Answers PING over TLS with this certificate; clients need one of `requiring`, if that is given.
    static func server<Result: Sendable>(
        _ certificate: IssuedCertificate, requiring authority: CertificateAuthority? = nil,
        body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.certificatePEM.utf8))
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(certificate.keyPEM.utf8), format: .pem)))
        if let authority {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(authority.pem().certificate.utf8)))
        }
        let context = try NIOSSLContext(configuration: configuration)
        return try await ScriptedServer.running(
            { _ in .send("+PONG\r\n") },
            prepare: { try $0.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }, body: body)
    }
}

extension CertificateAuthority {
    func issue(for address: String, at date: Date = Date(), lifetime: TimeInterval = 86_400) throws -> IssuedCertificate
    {
        try issue(name: "server.test", addresses: [address], now: date, lifetime: lifetime)
    }
}

/// Accepts, and answers whatever comes first with the same text, or with nothing.
private struct NonTLS {
    let endpoint: RedisEndpoint
    private let channel: any Channel

    static func start(answer: String?) async throws -> NonTLS {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return NonTLS(
            endpoint: RedisEndpoint(host: "127.0.0.1", port: channel.localAddress?.port ?? 0), channel: channel)
    }

    func stop() async throws { try await channel.close() }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let answer: String?
        init(answer: String?) { self.answer = answer }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let answer { context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil) }
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
