internal import AsyncHTTPClient
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// An error of the HTTP client below, in this target's terms.
struct AttemptError {
    /// `CloudHTTPError`, or `CancellationError`.
    let error: any Error
    let failure: RetryPolicy.Failure

    init(_ error: any Error, host: String) {
        let known: CloudHTTPError
        switch error {
        case is CancellationError:
            self = .cancelled
            return
        case let error as HTTPClientError:
            guard error != .cancelled else {
                self = .cancelled
                return
            }
            known = CloudHTTPError(error, host: host)
        case let error as CloudHTTPError: known = error
        case ChannelError.connectTimeout: known = .unreachable(host: host, reason: lateConnection)
        case let error as NIOConnectionError:
            let reason = error.connectionErrors.first.map { words($0.error) } ?? "the name has no address"
            known = .unreachable(host: host, reason: reason)
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            known = .unreachable(host: host, reason: words(error))
        case NIOSSLError.uncleanShutdown:
            known = .connectionBroken(host: host, reason: "it ended without TLS's farewell")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            known = .untrusted(host: host, reason: "\(error)")
        case is HTTPParserError:
            known = .connectionBroken(host: host, reason: "what came is no HTTP, or was cut")
        default: known = .connectionBroken(host: host, reason: words(error))
        }
        self.error = known
        failure = known.failure
    }

    private init(error: any Error, failure: RetryPolicy.Failure) {
        self.error = error
        self.failure = failure
    }

    private static let cancelled = AttemptError(error: CancellationError(), failure: .permanent)
}

private let lateConnection = "it did not accept the connection in time"

private func words(_ error: any Error) -> String {
    (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
}

extension CloudHTTPError {
    fileprivate init(_ error: HTTPClientError, host: String) {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            self = .unreachable(host: host, reason: lateConnection)
        case .readTimeout, .writeTimeout, .deadlineExceeded: self = .timedOut(host: host)
        case .remoteConnectionClosed: self = .connectionBroken(host: host, reason: "the server closed it")
        default: self = .unsendable(reason: error.shortDescription)
        }
    }

    fileprivate var failure: RetryPolicy.Failure {
        switch self {
        case .unreachable: .notConnected
        case .connectionBroken, .timedOut: .outcomeUnknown
        case .invalidURL, .untrusted, .answerTooLarge, .unsendable: .permanent
        }
    }
}
