internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// The shop over HTTP, as a shopper's browser reaches it: through the balancer, a connection for each page.
struct ShopDoor: Sendable {
    /// What came back.
    struct Page: Sendable {
        var status: Int
        var body: [UInt8]

        func decoded<Value: Decodable>(_ type: Value.Type) -> Value? {
            let decoder = JSONDecoder()
            return try? decoder.decode(type, from: Data(body))
        }
    }

    /// Why nothing did.
    enum Failure: Error, CustomStringConvertible {
        /// Never sent.
        case unconnected(String)
        /// Sent, and no whole answer came.
        case broken(String)

        var description: String {
            switch self {
            case .unconnected(let reason), .broken(let reason): reason
            }
        }
    }

    var url: String
    /// How long a shopper looks at an empty page.
    var patience: Duration

    func get(_ path: String, session: String) async throws(Failure) -> Page {
        try await send(.GET, path, [:], session: session)
    }

    func post(_ path: String, _ form: [String: String], session: String) async throws(Failure) -> Page {
        try await send(.POST, path, form, session: session)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ form: [String: String], session: String
    ) async throws(Failure) -> Page {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers = [
            "accept": "application/json", "cookie": "shop_session=\(session)", "connection": "close",
            "user-agent": "breakwater-shopper",
        ]
        if method == .POST {
            request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            let pairs = form.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            request.body = .bytes(ByteBuffer(string: pairs.joined(separator: "&")))
        }
        do {
            let response = try await HTTPClient.shared.execute(
                request, timeout: .nanoseconds(patience.inNanoseconds))
            let body = try await response.body.collect(upTo: 4 << 20)
            return Page(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch {
            // Only what surely never left is said to be unsent.
            if error is NIOConnectionError || (error as? HTTPClientError) == .connectTimeout {
                throw .unconnected("no connection")
            }
            throw .broken((error as? HTTPClientError) == .deadlineExceeded ? "no answer in time" : "\(error)")
        }
    }
}
