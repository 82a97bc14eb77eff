/// Why a request got no answer. An answer that is no success is no error here: what it means is the service's matter.
package enum CloudHTTPError: Error, Equatable, Sendable {
    /// Not `http://` or `https://` with a host and perhaps a port.
    case invalidURL(String)
    /// No connection to the server.
    case unreachable(host: String, reason: String)
    /// The server's certificate is not to be trusted, or TLS failed otherwise.
    case untrusted(host: String, reason: String)
    /// The connection ended within a request: whether it was carried out is not known.
    case connectionBroken(host: String, reason: String)
    /// Neither an answer nor a refusal in time: whether the request was carried out is not known.
    case timedOut(host: String)
    /// The answer has more bytes than the caller allows.
    case answerTooLarge(host: String, limit: Int)
    /// The request could not be sent as it is.
    case unsendable(reason: String)
}

extension CloudHTTPError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidURL(let url): "\"\(url)\" is no URL of a scheme, a host and perhaps a port"
        case .unreachable(let host, let reason): "no connection to \(host): \(reason)"
        case .untrusted(let host, let reason): "no trusted connection to \(host): \(reason)"
        case .connectionBroken(let host, let reason): "the connection to \(host) broke: \(reason)"
        case .timedOut(let host): "\(host) did not answer in time"
        case .answerTooLarge(let host, let limit): "\(host) answered with more than \(limit) bytes"
        case .unsendable(let reason): "the request cannot be sent: \(reason)"
        }
    }
}
