internal import Foundation
internal import Hummingbird
package import Logging
internal import NIOCore
internal import RecoveryCore
internal import ServiceLifecycle

/// The node's answers over HTTP, for a load balancer, people and Prometheus:
///
///     GET /livez     200: the process runs
///     GET /healthz   200 or 503, exactly; of this node alone
///     GET /healthz?drain=404   the same, but 404 from a node that is drained or has a full disk and can finish what it
///                    has begun: HAProxy then gives it nothing new (`http-check disable-on-404`)
///     GET /readyz    every check, as JSON; the status is that of /healthz
///     GET /metrics   Prometheus
///
/// No other method, no redirect, no look at the Host header: DigitalOcean takes every 3xx for healthy.
package struct HealthServer: Service {
    private let host: String
    private let port: Int
    private let health: NodeHealth
    private let logger: Logger

    package init(host: String, port: Int, health: NodeHealth, logger: Logger) {
        self.host = host
        self.port = port
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        let router = Router()
        let health = health
        router.get("livez") { _, _ in Self.text("ok\n", .ok) }
        router.get("healthz") { request, _ in
            switch health.verdict {
            case .serving(degraded: let missing) where missing.isEmpty: return Self.text("ok\n", .ok)
            case .serving(degraded: let missing):
                return Self.text("degraded: \(missing.joined(separator: ", "))\n", .ok)
            case .out(let reasons):
                let isGentle = HealthBoard.gentle.isSuperset(of: reasons) && request.uri.query == "drain=404"
                return Self.text("\(reasons.joined(separator: ", "))\n", isGentle ? .notFound : .serviceUnavailable)
            }
        }
        router.get("readyz") { _, _ in
            let report = health.report
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Response(
                status: report.serving ? .ok : .serviceUnavailable,
                headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(report))))
        }
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: HealthMetrics.text(health.report))))
        }
        var quiet = logger
        quiet.logLevel = .warning
        try await Application(
            router: router, configuration: .init(address: .hostname(host, port: port)), logger: quiet
        ).run()
    }

    private static func text(_ body: String, _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
