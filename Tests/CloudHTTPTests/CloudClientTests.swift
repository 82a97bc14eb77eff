import FoundationEssentials
import LoopbackServers
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import Topology

@testable import CloudHTTP

/// The client before a server that fails as it is told to.
struct CloudClientTests {
    /// Waits that were asked for; nothing waits in these tests.
    private final class Waits: Sendable {
        let list = Mutex<[Duration]>([])
        var all: [Duration] { list.withLock { $0 } }
    }

    private let waits = Waits()

    private func client<Result: Sendable>(
        _ adjust: (inout CloudClient.Settings) -> Void = { _ in }, _ body: (CloudClient) async throws -> Result
    ) async throws -> Result {
        var settings = CloudClient.Settings()
        settings.idleTimeout = .milliseconds(300)
        settings.retry.attempts = 3
        adjust(&settings)
        var environment = CloudClient.Environment()
        environment.random = { 1 }
        environment.sleep = { [waits] wait in
            try Task.checkCancellation()
            waits.list.withLock { $0.append(wait) }
        }
        return try await CloudClient.with(settings, environment: environment, body)
    }

    private func request(_ port: Int, idempotent: Bool = true, body: ByteBuffer? = nil) -> CloudRequest {
        CloudRequest(
            body == nil ? .GET : .PUT, CloudEndpoint(isSecure: false, host: "127.0.0.1", port: port), path: "/a b",
            body: body, isIdempotent: idempotent)
    }

    @Test func slowDownThenSuccess() async throws {
        try await ScriptedHTTPServer.with { _, number in
            number < 2 ? .status(503, headers: [("Retry-After", "\(number)")], text: "later") : .status(200, text: "ok")
        } _: { server in
            let response = try await client { try await $0.send(request(server.port, body: ByteBuffer(string: "x"))) }
            #expect(response.status == 200)
            #expect(String(buffer: response.body) == "ok")
            // Whether a plain 503 was carried out after all is not known.
            #expect(response.followsUnknownOutcome)
            #expect(waits.all == [.milliseconds(200), .milliseconds(1400)])
            #expect(server.requests.map(\.target) == ["/a%20b", "/a%20b", "/a%20b"])
            #expect(server.requests.map { String(decoding: $0.body, as: UTF8.self) } == ["x", "x", "x"])
        }
    }

    @Test func theLastAnswerIsTheCallers() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(500, text: "broken")
        } _: { server in
            let response = try await client { try await $0.send(request(server.port)) }
            #expect(response.status == 500)
            #expect(server.requests.count == 3)
        }
    }

    @Test(arguments: [ScriptedHTTPServer.Answer.Ending.close, .reset, .hang])
    func abrokenAnswerIsAskedForAgainOnlyWhenThatDoesNoHarm(_ ending: ScriptedHTTPServer.Answer.Ending) async throws {
        try await ScriptedHTTPServer.with { _, number in
            number == 0
                ? .status(200, body: Array("half".utf8), length: 8, then: ending) : .status(200, text: "the whole")
        } _: { server in
            let response = try await client { try await $0.send(request(server.port)) }
            #expect(String(buffer: response.body) == "the whole")
            #expect(response.followsUnknownOutcome)
        }
        try await ScriptedHTTPServer.with { _, _ in
            .raw(Array("HTTP/1.1 200".utf8), then: ending)
        } _: { server in
            await #expect(throws: CloudHTTPError.self) {
                try await client { try await $0.send(request(server.port, idempotent: false)) }
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func nobodyListens() async throws {
        let place = try LoopbackPlace(address: "127.0.0.1")
        let error = await #expect(throws: CloudHTTPError.self) {
            try await client { try await $0.send(request(Int(place.port), idempotent: false)) }
        }
        #expect(error == .unreachable(host: "127.0.0.1:\(place.port)", reason: "Connection refused"))
        #expect(waits.all.count == 2)
    }

    @Test func noHTTPAtAll() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .raw(Array("SSH-2.0-OpenSSH\r\n\r\n".utf8))
        } _: { server in
            await #expect(throws: CloudHTTPError.self) { try await client { try await $0.send(request(server.port)) } }
        }
    }

    @Test func moreThanAskedForIsNotRead() async throws {
        let body = [UInt8](repeating: 7, count: 300_000)
        try await ScriptedHTTPServer.with { request, _ in
            .status(request.method == "GET" ? 200 : 400, body: body)
        } _: { server in
            try await client { client in
                await #expect(throws: CloudHTTPError.answerTooLarge(host: "127.0.0.1:\(server.port)", limit: 1000)) {
                    try await client.send(request(server.port), upTo: 1000)
                }
                // The beginning of an error's text is enough to say what it is.
                let refused = try await client.send(request(server.port, body: ByteBuffer(string: "x")), upTo: 1000)
                #expect(refused.status == 400)
                #expect(refused.body.readableBytes == CloudClient.errorBodyLimit)
            }
        }
    }

    @Test func aRedirectIsTheCallersMatter() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(307, headers: [("Location", "http://127.0.0.1:1/")])
        } _: { server in
            let response = try await client { try await $0.send(request(server.port)) }
            #expect(response.status == 307)
            #expect(server.requests.count == 1)
        }
    }

    @Test func everyAttemptIsSignedAnew() async throws {
        let dates = Mutex([100.0, 0])
        try await ScriptedHTTPServer.with { _, number in
            number == 0 ? .status(500) : .status(204)
        } _: { server in
            var environment = CloudClient.Environment()
            environment.sleep = { _ in }
            environment.date = { Date(timeIntervalSince1970: dates.withLock { $0.popLast() ?? 0 }) }
            let signer = SigV4Signer(
                credentials: CloudCredentials(
                    accessKeyID: "id", secretAccessKey: Secret("secret"), sessionToken: Secret("token")),
                region: "nyc3", service: "s3", sendsPayloadHash: true)
            _ = try await CloudClient.with(environment: environment) {
                try await $0.send(request(server.port), signer: signer)
            }
            #expect(server.requests.map { $0.headers["x-amz-date"] } == ["19700101T000000Z", "19700101T000140Z"])
            for request in server.requests {
                #expect(request.headers["host"] == "127.0.0.1:\(server.port)")
                #expect(request.headers["x-amz-security-token"] == "token")
                #expect(request.headers["authorization"]?.contains("/nyc3/s3/aws4_request") == true)
            }
        }
    }

    @Test func requestsKeepToTheRate() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(204)
        } _: { server in
            try await client {
                $0.rate = .init(perSecond: 0.001, burst: 2)
            } _: { client in
                for _ in 0..<3 { _ = try await client.send(request(server.port)) }
            }
            #expect(waits.all.count == 1)
            #expect(waits.all.allSatisfy { $0 > .seconds(900) && $0 <= .seconds(1000) })
        }
    }

    @Test func aCancelledTaskSendsNothingMore() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(200, body: [1], length: 2, then: .hang)
        } _: { server in
            try await client { client in
                let task = Task { try await client.send(request(server.port)) }
                while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func aBodyIsReadAsItComes() async throws {
        try await ScriptedHTTPServer.with { _, number in
            number == 0 ? .status(500) : .status(200, body: Array("half".utf8), length: 8, then: .close)
        } _: { server in
            try await client { client in
                guard case .body(let body) = try await client.open(request(server.port)) else {
                    Issue.record("refused")
                    return
                }
                var received = ByteBuffer()
                await #expect(throws: CloudHTTPError.self) {
                    for try await piece in body { received.writeImmutableBuffer(piece) }
                }
                #expect(String(buffer: received) == "half")
            }
        }
    }
}
