internal import CloudHTTP
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import RecoveryCore
internal import Topology

/// Where alerts go: a POST of JSON, which Slack, Mattermost and whatever reads `text` take as it is.
struct Webhook: Sendable {
    /// The address holds a token, so it is never said whole.
    enum Failure: Error, CustomStringConvertible {
        case noURL
        case answered(host: String, status: Int)

        var description: String {
            switch self {
            case .noURL: "a webhook of `alerts` is no URL"
            case .answered(let host, let status): "\(host) answered \(status)"
            }
        }
    }

    private struct Body: Encodable {
        var text: String
        var alert: String
        /// `raised`, `reminded` or `recovered`.
        var state: String
        var store: String
        var node: String
        var since: Date
    }

    private let endpoint: CloudEndpoint
    private let path: String
    private let query: [(name: String, value: String)]

    /// - Throws: ``Failure``.
    init(_ url: Secret) throws {
        guard let parts = URLComponents(string: url.reveal()), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty, parts.user == nil
        else { throw Failure.noURL }
        endpoint = CloudEndpoint(
            isSecure: scheme == "https", host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")),
            port: parts.port)
        path = parts.path.isEmpty ? "/" : parts.path
        query = (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }
    }

    /// - Throws: ``Failure``, `CloudHTTPError`, `CancellationError`.
    func post(_ message: AlertBook.Message, store: String, node: String, with client: CloudClient) async throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let entry = message.entry
        let body = Body(
            text: message.text(store: store), alert: entry.key, state: message.state, store: store, node: node,
            since: entry.since)
        // Said twice is better than not said.
        let request = CloudRequest(
            .POST, endpoint, path: path, query: query, headers: ["Content-Type": "application/json"],
            body: ByteBuffer(bytes: try encoder.encode(body)), isIdempotent: true)
        let response = try await client.send(request)
        guard response.isSuccess else { throw Failure.answered(host: endpoint.host, status: response.status) }
    }
}

extension AlertBook.Message {
    var state: String {
        switch self {
        case .raised: "raised"
        case .reminded: "reminded"
        case .recovered: "recovered"
        }
    }

    /// For people.
    func text(store: String) -> String {
        switch self {
        case .raised(let entry): "[\(store)] \(entry.text)"
        case .reminded(let entry): "[\(store)] still, since \(entry.since.formatted(.iso8601)): \(entry.text)"
        case .recovered(let entry): "[\(store)] recovered: \(entry.text)"
        }
    }
}
