import AsyncHTTPClient
import FastCGI
import Foundation
import Logging
import LoopbackServers
import NIOCore
import NIOHTTP1
import NodeHealth
import RecoveryCore
import ServiceLifecycle
import Testing

/// A web node's health over a real PHP-FPM.
@Suite struct NodeHealthTests {
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func aScriptIsRunAsAWebServerRunsIt() async throws {
        try await Self.withFolder { folder in
            let fpm = try PHPFPM(in: folder)
            let client = FastCGIClient(.unix(fpm.socket), timeout: .seconds(5))
            try await eventually("php-fpm") { (try? await client.ping()) != nil }
            let script = """
                <?php http_response_code(418); header('X-Path: ' . $_SERVER['REQUEST_URI']);
                error_log('a complaint'); echo str_repeat('x', 200000);
                """
            try fpm.write(script, as: "a.php")
            let response = try await client.send(.get("/a.php", script: "\(fpm.root)/a.php"))
            #expect(response.status == 418)
            #expect(response.header("x-path") == "/a.php")
            #expect(response.body.readableBytes == 200_000)
            let missing = try await client.send(.get("/b.php", script: "\(fpm.root)/b.php"))
            #expect(missing.status == 404)
            let small = FastCGIClient(.unix(fpm.socket), timeout: .seconds(5), limit: 1_000)
            await #expect(throws: FastCGIError.tooLarge) {
                try await small.send(.get("/a.php", script: "\(fpm.root)/a.php"))
            }
            try fpm.write("<?php sleep(60);", as: "slow.php")
            let hasty = FastCGIClient(.unix(fpm.socket), timeout: .milliseconds(300))
            await #expect(throws: FastCGIError.timedOut) {
                try await hasty.send(.get("/slow.php", script: "\(fpm.root)/slow.php"))
            }
            fpm.process.stop()
            await #expect(throws: FastCGIError.cannotConnect("Connection refused")) { try await client.ping() }
        }
    }

    /// A node without PHP is taken out and comes back; one without its database stays; draining is a file.
    @Test func theBalancerHearsOfThisNodeAlone() async throws {
        try await Self.withFolder { folder in
            let place = try LoopbackPlace(address: "127.0.0.1")
            let fpm = try PHPFPM(in: folder)
            let shared = HealthBoard.Check("database", .shared, interval: .milliseconds(50), tolerance: 1)
            let quick = HealthBoard.Check("php_fpm", .node, interval: .milliseconds(50), timeout: .milliseconds(500))
            let health = NodeHealth(
                [
                    HealthProbe(quick) {
                        try await FastCGIClient(.unix(fpm.socket), timeout: .milliseconds(400)).ping()
                        return "pong"
                    },
                    .folder("docroot", at: fpm.root), .disk(at: folder, least: 1),
                    HealthProbe(shared) { throw HealthProbe.Fault("it is away") },
                ], drainFile: "\(folder)/drain")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let server = HealthServer(host: "127.0.0.1", port: Int(place.port), health: health, logger: logger)
            let services = ServiceGroup(services: [health, server], logger: logger)
            try await withThrowingTaskGroup { group in
                group.addTask { try await services.run() }
                try await eventually("the node serves") { await Self.get("/healthz", place)?.status == 200 }
                let answer = await Self.get("/healthz", place)
                #expect(answer?.body == "degraded: database\n")
                #expect(await Self.get("/livez", place)?.status == 200)

                // Only a hung PHP, which still takes connections: SIGSTOP.
                kill(fpm.process.pid, SIGSTOP)
                let workers = Self.children(of: fpm.process.pid)
                for worker in workers { kill(worker, SIGSTOP) }
                try await eventually("the node is out") { await Self.get("/healthz", place)?.status == 503 }
                #expect(await Self.get("/healthz", place)?.body == "php_fpm\n")
                #expect(await Self.get("/livez", place)?.status == 200)
                for worker in workers { kill(worker, SIGCONT) }
                kill(fpm.process.pid, SIGCONT)
                try await eventually("the node is back") { await Self.get("/healthz", place)?.status == 200 }

                _ = FileManager.default.createFile(atPath: "\(folder)/drain", contents: nil)
                try await eventually("the node drains") { await Self.get("/healthz", place)?.body == "draining\n" }
                let report = try #require(await Self.get("/readyz", place))
                #expect(report.status == 503)
                #expect(report.body.contains("\"draining\":true"))
                #expect(report.body.contains("it is away"))
                let metrics = await Self.get("/metrics", place)?.body ?? ""
                #expect(metrics.contains("breakwater_node_serving 0\n"))
                #expect(metrics.contains("breakwater_check_up{check=\"database\",scope=\"shared\"} 0\n"))
                try FileManager.default.removeItem(atPath: "\(folder)/drain")
                try await eventually("the node serves again") { await Self.get("/healthz", place)?.status == 200 }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    private static func children(of pid: Int32) -> [Int32] {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    private static func get(_ path: String, _ place: LoopbackPlace) async -> (status: Int, body: String)? {
        let request = HTTPClientRequest(url: "http://\(place.address):\(place.port)\(path)")
        guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(2)),
            let body = try? await response.body.collect(upTo: 1 << 20)
        else { return nil }
        return (Int(response.status.code), String(buffer: body))
    }
}
