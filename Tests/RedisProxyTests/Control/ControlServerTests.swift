import Logging
import NIOCore
import NIOPosix
import RedisClient
import Synchronization
import Testing

@testable import RedisProxy

/// The control API over real connections, with a sidecar that only remembers what was asked of it.
@Suite struct ControlServerTests {
    private static let key = ControlKey(Secret("the secret of this test"))
    private static let order = BarrierOrder(
        id: "a", service: "mymaster", leaseMs: 500, master: "10.0.0.1:6379", epoch: 3, drainMs: 0)

    private final class Sidecar: ControlledSidecar {
        let orders = Mutex<[String]>([])

        func observe() async -> Observation {
            Observation(service: "mymaster", master: "10.0.0.1:6379", epoch: 3, misses: true)
        }
        func report() async -> SidecarReport {
            SidecarReport(
                service: "mymaster", ready: true, reason: nil, master: nil, epoch: nil, confirmed: false, barrier: nil,
                holding: false, holdMs: 800, earlyRelease: true, clients: 7)
        }
        func claim(_ order: BarrierOrder) async throws(BarrierRefusal) -> BarrierState {
            throw BarrierRefusal("another switchover is under way (b)")
        }
        func hold(_ order: BarrierOrder) async throws(BarrierRefusal) -> BarrierState {
            orders.withLock { $0.append("hold \(order.id)") }
            return BarrierState(holding: true, inFlight: 2)
        }
        func release(_ release: BarrierRelease) async {
            orders.withLock { $0.append("release \(release.id) \(release.outcome)") }
        }
    }

    private func withServer(_ body: (RedisEndpoint, Sidecar) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let sidecar = Sidecar()
        let server = try await AdminServer.bind(
            to: RedisEndpoint(host: "127.0.0.1", port: 0), group: MultiThreadedEventLoopGroup.singleton,
            logger: logger, respond: ControlResponder(key: Self.key, sidecar: sidecar, logger: logger).respond)
        let port = try #require(server.address?.port)
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            try await body(RedisEndpoint(host: "127.0.0.1", port: port), sidecar)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func everyVerbIsAnswered() async throws {
        try await withServer { endpoint, sidecar in
            let client = ControlClient(key: Self.key)
            let seen = try await client.ask(endpoint, .observe, as: Observation.self, timeout: .seconds(20))
            #expect(seen.misses == true && seen.epoch == 3)
            let report = try await client.ask(endpoint, .status, as: SidecarReport.self, timeout: .seconds(20))
            #expect(report.clients == 7)
            let state = try await client.ask(
                endpoint, .hold, Self.order, as: BarrierState.self, timeout: .seconds(20))
            #expect(state == BarrierState(holding: true, inFlight: 2))
            _ = try await client.ask(
                endpoint, .release, BarrierRelease(id: "a", outcome: .undone), as: SidecarReport.self,
                timeout: .seconds(20))
            #expect(sidecar.orders.withLock { $0 } == ["hold a", "release a undone"])
        }
    }

    @Test func aConflictIsToldApart() async throws {
        try await withServer { endpoint, _ in
            await #expect(throws: ControlError.declined("another switchover is under way (b)")) {
                try await ControlClient(key: Self.key).ask(
                    endpoint, .claim, Self.order, as: BarrierState.self, timeout: .seconds(20))
            }
        }
    }

    @Test func anotherSecretIsRefused() async throws {
        try await withServer { endpoint, sidecar in
            await #expect(throws: ControlError.self) {
                try await ControlClient(key: ControlKey(Secret("another"))).ask(
                    endpoint, .hold, Self.order, as: BarrierState.self, timeout: .seconds(20))
            }
            #expect(sidecar.orders.withLock { $0 }.isEmpty)
        }
    }

    @Test func aBodyThatCannotBeReadIsRefused() async throws {
        try await withServer { endpoint, sidecar in
            await #expect(throws: ControlError.failed("the request's body cannot be read")) {
                try await ControlClient(key: Self.key).ask(
                    endpoint, .hold, as: BarrierState.self, timeout: .seconds(20))
            }
            #expect(sidecar.orders.withLock { $0 }.isEmpty)
        }
    }

    /// What was recorded on the network is of no use a second time, or at another address.
    @Test func aRecordedRequestIsNotHeardAgain() async throws {
        try await withServer { endpoint, sidecar in
            let body = Array(
                """
                {"drain_ms":0,"epoch":3,"id":"a","lease_ms":500,"master":"10.0.0.1:6379","service":"mymaster"}
                """.utf8)
            let request = ControlRequest(
                audience: endpoint.description, verb: "hold", time: ControlRequest.clock,
                nonce: ControlRequest.newNonce(), body: body)
            let text = """
                POST /control/hold HTTP/1.1\r
                Host: a\r
                Connection: close\r
                Content-Length: \(body.count)\r
                Breakwater-Time: \(request.time)\r
                Breakwater-Nonce: \(request.nonce)\r
                Breakwater-Seal: \(Self.key.seal(of: request))\r
                \r
                \(String(decoding: body, as: UTF8.self))
                """
            let first = try await http(endpoint.port, text)
            let second = try await http(endpoint.port, text)
            #expect(first.hasPrefix("HTTP/1.1 200") && second.hasPrefix("HTTP/1.1 401"))
            #expect(sidecar.orders.withLock { $0 } == ["hold a"])
        }
    }

    @Test func hostileRequestsHurtNobodyElse() async throws {
        try await withServer { endpoint, _ in
            let header = String(repeating: "x", count: 100_000)
            for text in [
                "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "POST /control/hold HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                "POST /control/hold HTTP/1.1\r\nBreakwater-Time: 99999999999999999999\r\nBreakwater-Nonce: a\r\n"
                    + "Breakwater-Seal: b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                "POST /control/hold HTTP/1.1\r\nBreakwater-Seal: \(header)\r\n\r\n",
                "POST /control/hold HTTP/1.1\r\nContent-Length: 100000\r\n\r\n\(header)",
                "\u{0}\u{1}\r\n\r\n",
            ] {
                let answer = try await http(endpoint.port, text)
                #expect(!answer.contains(" 200 "))
            }
            let report = try await ControlClient(key: Self.key).ask(
                endpoint, .status, as: SidecarReport.self, timeout: .seconds(20))
            #expect(report.ready)
        }
    }

    /// A server that knows another secret, or none, cannot make a coordinator believe anything.
    @Test func anAnswerMustProveItself() async throws {
        let body = "{\"holding\":true,\"in_flight\":0}"
        let reply =
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nBreakwater-Seal: "
            + String(repeating: "0", count: 64) + "\r\n\r\n" + body
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.writeAndFlush(ByteBuffer(string: reply), promise: nil)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: try #require(server.localAddress?.port))
        await #expect(throws: ControlError.self) {
            try await ControlClient(key: Self.key).ask(
                endpoint, .hold, Self.order, as: BarrierState.self, timeout: .seconds(20))
        }
        try await server.close().get()
    }

    @Test func whoDoesNotAnswerIsNotWaitedFor() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: try #require(server.localAddress?.port))
        await #expect(throws: ControlError.unreachable("no answer in time")) {
            try await ControlClient(key: Self.key).ask(
                endpoint, .observe, as: Observation.self, timeout: .milliseconds(20))
        }
        try await server.close().get()
    }

    /// Everything the server sends until it closes.
    private func http(_ port: Int, _ request: String) async throws -> String {
        let received = Mutex("")
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TextCollector { text in received.withLock { $0 += text } })
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try? await channel.writeAndFlush(ByteBuffer(string: request)).get()
        try await channel.closeFuture.get()
        return received.withLock { $0 }
    }
}

private final class TextCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let onText: (String) -> Void

    init(_ onText: @escaping (String) -> Void) {
        self.onText = onText
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        onText(String(buffer: unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
