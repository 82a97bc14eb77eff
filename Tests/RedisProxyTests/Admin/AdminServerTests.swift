import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RedisClient
@testable import RedisProxy

@Suite(.timeLimit(.minutes(2))) struct AdminServerTests {
    private static let master = MasterState(endpoint: RedisEndpoint(host: "10.0.0.1", port: 6379), epoch: 3)

    private static func status(_ phase: MasterPhase, isDraining: Bool = false) -> ProxyStatus {
        let sentinel = SentinelStatus(
            endpoint: RedisEndpoint(host: "10.0.0.5", port: 26379), runID: "a", isConfigured: true, isReachable: true,
            isSubscribed: true, reported: master, lastHeard: .now(), excluded: nil)
        return ProxyStatus(
            service: "mymaster",
            watcher: WatcherStatus(phase: phase, sentinels: [sentinel], known: 3, answering: 1, majority: 2),
            isDraining: isDraining, metrics: MetricsSnapshot())
    }

    private func respond(_ target: String, method: String = "GET", _ status: ProxyStatus) async -> AdminResponse {
        await AdminResponse.to(method: method, target: target) { status }
    }

    @Test func readinessFollowsTheMasterAndTheDrain() async {
        let ready = await respond("/readyz", Self.status(.available(Self.master)))
        #expect(ready.status == 200)
        let lost = await respond("/readyz?verbose", Self.status(.suspected(Self.master, since: .now())))
        #expect(lost.status == 503)
        #expect(lost.body.contains(#""reason":"the master 10.0.0.1:6379 is in doubt""#))
        let searching = await respond("/readyz", Self.status(.searching(.noSentinelMajority(answering: 1, needed: 2))))
        #expect(searching.status == 503)
        #expect(searching.body.contains("1 of the Sentinels answer, 2 are needed"))
        let draining = await respond("/readyz", Self.status(.available(Self.master), isDraining: true))
        #expect(draining.status == 503)
        #expect(draining.body.contains(#""draining":true"#))
    }

    @Test func theReportSaysWhatIsKnown() async throws {
        let body = await respond("/readyz", Self.status(.available(Self.master))).body
        let report = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        #expect(report["ready"] as? Bool == true)
        #expect(report["service"] as? String == "mymaster")
        let master = try #require(report["master"] as? [String: Any])
        #expect(master["address"] as? String == "10.0.0.1:6379")
        #expect(master["epoch"] as? Int == 3)
        #expect(master["is_confirmed"] as? Bool == true)
        let sentinels = try #require(report["sentinels"] as? [String: Any])
        #expect(sentinels["known"] as? Int == 3)
        #expect(sentinels["answering"] as? Int == 1)
        let all = try #require(sentinels["all"] as? [[String: Any]])
        #expect(all.first?["names"] as? String == "10.0.0.1:6379")
        for key in ["clients", "pinned_clients", "lanes", "held_commands", "held_bytes", "draining"] {
            #expect(report[key] != nil, "\(key)")
        }
    }

    @Test func otherRequestsAreTurnedDown() async {
        let status = Self.status(.available(Self.master))
        #expect(await respond("/", status).status == 404)
        #expect(await respond("/metricsx", status).status == 404)
        let post = await respond("/metrics", method: "POST", status)
        #expect(post.status == 405)
        #expect(post.headers["Allow"] == "GET, HEAD")
        #expect(await respond("/livez", Self.status(.searching(.starting))).status == 200)
    }

    @Test func itServesOverHTTP() async throws {
        try await withServer(Self.status(.available(Self.master))) { port in
            let live = try await http(port, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(live.hasSuffix("\r\n\r\nok\n"))
            let head = try await http(port, "HEAD /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
            let metrics = try await http(port, "GET /metrics HTTP/1.0\r\n\r\n")
            #expect(metrics.contains("Content-Type: text/plain; version=0.0.4"))
            #expect(metrics.contains("\nbreakwater_proxy_ready 1\n"))
            // Two requests on one connection.
            let two = try await http(
                port, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /nope HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            #expect(two.contains("HTTP/1.1 200 OK"))
            #expect(two.contains("HTTP/1.1 404 Not Found"))
        }
    }

    /// Each of these ends its own connection, and the next question is answered as ever.
    @Test func badRequestsHurtNobodyElse() async throws {
        let longHeader = "GET /livez HTTP/1.1\r\nX: " + String(repeating: "x", count: 200_000) + "\r\n\r\n"
        let body = String(repeating: "b", count: 100_000)
        let largeBody = "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body
        try await withServer(Self.status(.available(Self.master))) { port in
            for request in ["\u{0}\u{1}\r\n\r\n", "*1\r\n$4\r\nPING\r\n", longHeader, largeBody] {
                let answer = try await http(port, request)
                #expect(!answer.contains("200 OK"))
            }
            let live = try await http(port, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(live.contains("200 OK"))
        }
    }

    @Test func idleConnectionsAreLimited() async throws {
        try await withServer(Self.status(.available(Self.master))) { port in
            let closed = Mutex(0)
            var channels: [any Channel] = []
            for _ in 0..<(AdminConnections.limit + 6) {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get()
                channel.closeFuture.whenComplete { _ in closed.withLock { $0 += 1 } }
                channels.append(channel)
            }
            // Which ones is up to the event loops.
            while closed.withLock({ $0 }) < 6 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(channels.count(where: \.isActive) == AdminConnections.limit)
            for channel in channels { channel.close(promise: nil) }
            var answer = ""
            while !answer.contains("200 OK") {
                answer = try await http(port, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            }
        }
    }

    private func withServer(_ status: ProxyStatus, _ body: (Int) async throws -> Void) async throws {
        let server = try await AdminServer.bind(
            to: RedisEndpoint(host: "127.0.0.1", port: 0), group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { status }
        let port = try #require(server.address?.port)
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run() }
            try await body(port)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Everything the server sends until it closes.
    private func http(_ port: Int, _ request: String) async throws -> String {
        let received = Mutex("")
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Collector { text in received.withLock { $0 += text } })
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        // The server may close before it has read all; that shows in the answer.
        try? await channel.writeAndFlush(ByteBuffer(string: request)).get()
        try await channel.closeFuture.get()
        return received.withLock { $0 }
    }
}

private final class Collector: ChannelInboundHandler {
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
