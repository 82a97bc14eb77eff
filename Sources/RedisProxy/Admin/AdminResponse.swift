import FoundationEssentials

/// The pages of the admin address, apart from the network.
package struct AdminResponse: Equatable, Sendable {
    var status: Int
    var contentType: String
    var body: String
    var headers: [String: String] = [:]

    /// Answers a request. `status` is asked only by pages that show it, so that `/livez` says no more than that the
    /// process runs.
    static func to(
        method: String, target: String, status: @Sendable () async -> ProxyStatus
    ) async -> AdminResponse {
        guard method == "GET" || method == "HEAD" else {
            return AdminResponse(
                status: 405, contentType: plain, body: "GET or HEAD\n", headers: ["Allow": "GET, HEAD"])
        }
        switch target.prefix(while: { $0 != "?" }) {
        case "/livez":
            return AdminResponse(status: 200, contentType: plain, body: "ok\n")
        case "/readyz":
            let report = ReadinessReport(await status())
            return AdminResponse(status: report.ready ? 200 : 503, contentType: "application/json", body: json(report))
        case "/metrics":
            // The version is part of the format's name: https://prometheus.io/docs/instrumenting/exposition_formats/
            return AdminResponse(
                status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
                body: PrometheusText.render(await status()))
        default:
            return AdminResponse(status: 404, contentType: plain, body: "/livez, /readyz and /metrics are here\n")
        }
    }

    private static let plain = "text/plain; charset=utf-8"

    private static func json(_ report: ReadinessReport) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(report) else {
            preconditionFailure("strings, numbers and booleans can always be written")
        }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
