package import FastCGI
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import RecoveryCore
package import RedisClient

/// The web server and what it serves.
extension HealthProbe {
    /// The place in the rendered nginx configuration that answers by itself.
    package static let livePath = "/breakwater-live"

    /// nginx' own answer, without PHP: a node whose PHP is well and whose web server is gone serves nobody.
    package static func webServer(_ endpoint: RedisEndpoint) -> HealthProbe {
        let check = HealthBoard.Check("web_server", .node, interval: .seconds(1), timeout: .seconds(2))
        return HealthProbe(check) {
            let status = try await HTTPGet.status(endpoint, path: livePath, timeout: check.timeout)
            guard (200...299).contains(status) else { throw Fault("it answers \(status)") }
            return "\(status)"
        }
    }

    /// A page of the shop, made by PHP-FPM. It needs everything that all nodes share, so its loss empties no balancer.
    package static func page(_ endpoint: FastCGIClient.Endpoint, script: String, host: String) -> HealthProbe {
        let check = HealthBoard.Check(
            "page", .shared, interval: .seconds(10), timeout: .seconds(10), tolerance: 1)
        return HealthProbe(check) {
            let client = FastCGIClient(endpoint, timeout: check.timeout)
            var request = FastCGIRequest.get("/", script: script, host: host)
            request.parameters["SCRIPT_NAME"] = "/index.php"
            let response = try await client.send(request)
            guard (200...399).contains(response.status) else {
                throw Fault("its status is \(response.status)")
            }
            return "\(response.status), \(response.body.readableBytes) bytes"
        }
    }
}

/// One GET over a connection of its own.
private enum HTTPGet {
    static func status(_ endpoint: RedisEndpoint, path: String, timeout: Duration) async throws -> Int {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(timeout))
            .connect(host: endpoint.host, port: endpoint.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            let headers = HTTPHeaders([("host", "\(endpoint)"), ("connection", "close")])
            try await outbound.write(
                .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)))
            try await outbound.write(.end(nil))
            for try await part in inbound {
                if case .head(let head) = part { return Int(head.status.code) }
            }
            throw HealthProbe.Fault("it hangs up without an answer")
        }
    }
}
