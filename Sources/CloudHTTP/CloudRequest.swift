package import NIOCore
package import NIOHTTP1

/// One request to a cloud: nothing in it is encoded yet, so that what is signed and what is sent come from the same
/// place. The body is in memory: a signature over it needs it whole, and a repeated attempt needs it again.
package struct CloudRequest: Sendable {
    package var method: HTTPMethod
    package var endpoint: CloudEndpoint
    /// Begins with `/`; not percent-encoded.
    package var path: String
    /// Names and values, not percent-encoded; an empty value is `name=`.
    package var query: [(name: String, value: String)]
    package var headers: HTTPHeaders
    package var body: ByteBuffer?
    /// Whether doing it twice does no harm: then it is repeated after a failure that leaves open whether it was done.
    package var isIdempotent: Bool

    package init(
        _ method: HTTPMethod, _ endpoint: CloudEndpoint, path: String, query: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:], body: ByteBuffer? = nil, isIdempotent: Bool
    ) {
        self.method = method
        self.endpoint = endpoint
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.isIdempotent = isIdempotent
    }

    /// The path as it is sent and signed.
    var encodedPath: String { path.percentEncoded(keepingSlashes: true) }

    /// The query as it is sent and signed: sorted by the bytes of the encoded names, then values.
    var encodedQuery: String {
        query.map { (name: $0.name.percentEncoded(), value: $0.value.percentEncoded()) }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    var url: String {
        let query = encodedQuery
        return "\(endpoint)\(encodedPath)\(query.isEmpty ? "" : "?\(query)")"
    }
}
