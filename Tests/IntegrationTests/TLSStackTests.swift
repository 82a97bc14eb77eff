import Foundation
import LocalStack
import LoopbackServers
import NIOCore
import NIOPosix
import NIOSSL
import RESP
import RedisClient
import Testing
import Topology

/// A whole store with TLS on every link: real nodes, Sentinels and sidecars.
@Suite(.serialized) struct TLSStackTests {
    @Test func nodesAndSentinelsFormReplicateAndFailOverWithTLSAlone() async throws {
        try await withStack { topology, _ in
            topology.redis?.tls = TLSTopology(files: nil, clients: .required)
        } body: { stack in
            #expect(await stack.master() == "redis-1")
            for name in ["redis-1", "sentinel-1"] {
                let endpoint = try #require(stack.endpoint(of: name))
                // In the clear, and with TLS but without a certificate.
                await #expect(throws: RedisConnectionError.self) { try await Self.ping(endpoint, nil) }
                let anonymous = RedisTLS(
                    try RedisTLS.Settings(TLSMaterial.Files(ca: "\(stack.state.path)/tls/ca.crt")))
                await #expect(throws: RedisConnectionError.self) { try await Self.ping(endpoint, anonymous) }
            }
            let sentinel = try await Self.connect(try #require(stack.endpoint(of: "sentinel-2")), stack.tls)
            #expect(try await sentinel.send(["SENTINEL", "FAILOVER", stack.service]).string == "OK")
            try await eventually(within: .seconds(40), "another master with two linked replicas") {
                guard let master = await stack.master(), master != "redis-1" else { return false }
                let readings = await stack.readings()
                return readings[master]?.replicas == 2
                    && readings.values.count { $0.role == .replica && $0.isLinked } == 2
            }
        }
    }

    @Test func certificatesAreRenewedUnderClientsThatNoticeNothing() async throws {
        try await withStack { topology, options in
            topology.redis?.tls = TLSTopology(files: nil, clients: .required)
            topology.sidecar?.tls = TLSTopology(files: nil, clients: .optional)
            options.sidecars = .first(1)
        } body: { stack in
            let sidecar = try #require(stack.members(.sidecar).first)
            let tcp = try #require(sidecar.endpoint)
            let node = try #require(stack.endpoint(of: "redis-1"))
            let clients = [
                try await Self.connect(.unix(path: try #require(sidecar.socket)), nil),
                try await Self.connect(.tcp(tcp), stack.tls),
                try await Self.connect(.tcp(node), stack.tls, stack.nodeCredentials),
            ]
            // One after the other on one connection each, without a pause, from before the renewal until after it.
            let counting = Task {
                try await withThrowingTaskGroup(of: Int64.self) { group in
                    for (index, client) in clients.enumerated() {
                        group.addTask {
                            var last: Int64 = 0
                            while !Task.isCancelled {
                                guard let reply = try? await client.send(["INCR", "client-\(index)"]) else {
                                    // Only the end of the test may end a command.
                                    guard Task.isCancelled else { throw LoopbackError("client \(index) was cut off") }
                                    break
                                }
                                last += 1
                                guard reply.integer == last else { throw LoopbackError("\(reply) after \(last - 1)") }
                            }
                            return last
                        }
                    }
                    return try await group.reduce(into: [Int64]()) { $0.append($1) }
                }
            }
            let before = try await [Self.served(tcp, stack), Self.served(node, stack)]
            let pids = stack.members(.redis).map(\.pid)
            try await stack.renewCertificates()
            try await eventually("new certificates, from sidecar and node") {
                let after = try await [Self.served(tcp, stack), Self.served(node, stack)]
                return after[0] != before[0] && after[1] != before[1]
            }
            let sentinel = try #require(stack.endpoint(of: "sentinel-3"))
            #expect(try await Self.served(sentinel, stack) == Self.kept("sentinel-3", stack))
            #expect(try await Self.served(tcp, stack) == Self.kept("web-1", stack))
            counting.cancel()
            let counts = try await counting.value
            #expect(counts.allSatisfy { $0 > 10 }, "\(counts)")
            #expect(stack.members(.redis).map(\.pid) == pids)
            // Connections made anew, by replicas and Sentinels too, work with the new ones.
            #expect(stack.signal("redis-3", SIGKILL))
            await stack.ended("redis-3")
            try stack.start("redis-3")
            try await stack.ready()
        }
    }

    @Test func hostileClientsOfATLSListenerHurtNobody() async throws {
        try await withStack { topology, options in
            topology.sidecar?.tls = TLSTopology(files: nil, clients: .required)
            options.sidecars = .first(1)
        } body: { stack in
            let sidecar = try #require(stack.members(.sidecar).first)
            let tcp = try #require(sidecar.endpoint)
            let web = TLSMaterial.Files(
                ca: "\(stack.state.path)/tls/ca.crt", certificate: "\(stack.state.path)/tls/breakwater.crt",
                key: "\(stack.state.path)/tls/breakwater.key")
            let tls = RedisTLS(try RedisTLS.Settings(web))
            let bystander = try await Self.connect(.tcp(tcp), tls)
            let anonymous = RedisTLS(try RedisTLS.Settings(TLSMaterial.Files(ca: web.ca)))
            await #expect(throws: RedisConnectionError.self) { try await Self.ping(tcp, anonymous) }
            try await onThread {
                // A command in the clear, nonsense, half a hello, and silence: each is closed.
                let beginnings: [[UInt8]] = [
                    Array("*1\r\n$4\r\nPING\r\n".utf8), Array("GET / HTTP/1.0\r\n\r\n".utf8), [0x16, 0x03, 0x01], [],
                    [0x16, 0x03, 0x01, 0xFF, 0xFF] + [UInt8](repeating: 0x41, count: 70_000),
                ]
                let connections = try beginnings.map { bytes in
                    let connection = try BlockingConnection(host: tcp.host, port: UInt16(tcp.port))
                    connection.setTimeout(seconds: 60)
                    // The sidecar may close before it has read all of it.
                    try? connection.send(bytes)
                    return connection
                }
                for (index, connection) in connections.enumerated() {
                    #expect(Self.isClosed(connection), "\(index)")
                }
                // And TLS where there is none: an error, as for all that is no command.
                let plain = try BlockingConnection(path: try #require(sidecar.socket))
                plain.setTimeout(seconds: 60)
                try plain.send([0x16, 0x03, 0x01, 0x00, 0xA5, 0x01, 0x00, 0x0D, 0x0A])
                #expect(try plain.receiveReply().first == UInt8(ascii: "-"))
            }
            #expect(try await bystander.send(["PING"]).string == "PONG")
            #expect(try await Self.ping(tcp, tls) == "PONG")
        }
    }

    // MARK: -

    private static func connect(
        _ address: RedisAddress, _ tls: RedisTLS?, _ credentials: RedisCredentials? = nil
    ) async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.connectTimeout = .seconds(20)
        options.commandTimeout = .seconds(20)
        options.tls = tls
        options.credentials = credentials
        return try await RedisConnection.connect(to: address, options: options)
    }

    private static func connect(_ endpoint: RedisEndpoint, _ tls: RedisTLS?) async throws -> RedisConnection {
        try await connect(.tcp(endpoint), tls)
    }

    private static func ping(_ endpoint: RedisEndpoint, _ tls: RedisTLS?) async throws -> String? {
        let connection = try await connect(endpoint, tls)
        defer { connection.abandon() }
        return try await connection.send(["PING"]).string
    }

    private static func isClosed(_ connection: BlockingConnection) -> Bool {
        // Alerts of TLS come before the end, and are no replies.
        do { try connection.readToEnd() } catch let error as LoopbackError { return error.kind == .closed } catch {}
        return false
    }

    /// The certificate a server shows now, in DER form.
    private static func served(_ endpoint: RedisEndpoint, _ stack: LocalStack) async throws -> [UInt8] {
        let directory = "\(stack.state.path)/tls"
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file("\(directory)/ca.crt")
        configuration.certificateChain = try NIOSSLCertificate.fromPEMFile("\(directory)/breakwater.crt")
            .map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(file: "\(directory)/breakwater.key", format: .pem))
        let context = try NIOSSLContext(configuration: configuration)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let shown = loop.makePromise(of: [UInt8].self)
        let channel = try await ClientBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = try NIOSSLClientHandler(context: context, serverHostname: nil) { certificates, promise in
                    shown.completeWith(Result { try certificates[0].toDERBytes() })
                    promise.succeed(.certificateVerified)
                }
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }.connect(host: endpoint.host, port: endpoint.port).get()
        channel.closeFuture.whenComplete { _ in shown.fail(ChannelError.eof) }
        defer { channel.close(promise: nil) }
        return try await shown.futureResult.get()
    }

    /// The certificate of a host on disk, in DER form.
    private static func kept(_ host: String, _ stack: LocalStack) throws -> [UInt8] {
        let path = "\(stack.state.path)/hosts/\(host)/tls/node.crt"
        return try #require(NIOSSLCertificate.fromPEMFile(path).first).toDERBytes()
    }
}
