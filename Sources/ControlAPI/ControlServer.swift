internal import Foundation
internal import Hummingbird
package import Logging
internal import NIOCore
internal import RecoveryCore
internal import ServiceLifecycle

/// HTTP on a unix socket: who may open the socket (its owner and its group) may ask.
///
///     GET  /v1/status           AgentStatus
///     POST /v1/jobs/NAME/run    202 with {"job","state","due"}, or 404 and 409 with {"error":{"code","message"}}
///     GET  /metrics             Prometheus
package struct ControlServer: Service {
    private let path: String
    private let actions: ControlActions
    private let logger: Logger

    package init(socket path: String, actions: ControlActions, logger: Logger) {
        self.path = path
        self.actions = actions
        self.logger = logger
    }

    package func run() async throws {
        let router = Router()
        let actions = actions
        router.get("v1/status") { _, _ in try ControlJSON.response(try await actions.status()) }
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: try await actions.metrics())))
        }
        router.post("v1/jobs/:job/run") { _, context in
            let job = context.parameters.get("job") ?? ""
            return switch try await actions.run(job) {
            case .started(let due): try ControlJSON.response(ControlJSON.Started(job: job, due: due), status: .accepted)
            case .running(let node):
                try ControlJSON.error("agent.running", "\(job) is running on \(node)", status: .conflict)
            case .unknownJob:
                try ControlJSON.error("agent.unknown_job", "this agent has no job \(job)", status: .notFound)
            case .stopping:
                try ControlJSON.error("agent.stopping", "the agent is stopping", status: .serviceUnavailable)
            }
        }
        var quiet = logger
        quiet.logLevel = .warning
        let path = path
        let application = Application(
            router: router, configuration: .init(address: .unixDomainSocket(path: path)),
            onServerRunning: { _ in chmod(path, 0o660) }, logger: quiet)
        defer { unlink(path) }
        try await application.run()
    }
}

/// How values are written and read, on both sides.
enum ControlJSON {
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }

    struct ErrorDocument: Codable {
        struct Body: Codable {
            var code: String
            var message: String
        }

        var error: Body
    }

    struct Started: Codable {
        var job: String
        var state = "started"
        var due: Date
    }

    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    static func error(_ code: String, _ message: String, status: HTTPResponse.Status) throws -> Response {
        try response(ErrorDocument(error: .init(code: code, message: message)), status: status)
    }
}
