internal import AsyncHTTPClient
package import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Sends requests to a cloud: signed, limited in rate, with time limits, and again after failures that pass.
/// Redirects are not followed: a signature is for one host.
///
/// To be shut down when it is no longer needed; ``with(_:environment:_:)`` does.
package struct CloudClient: Sendable {
    package struct Settings: Sendable {
        package var retry = RetryPolicy()
        /// Until TCP and TLS are there.
        package var connectTimeout = Duration.seconds(10)
        /// How long a connection may be silent within a request, either way.
        package var idleTimeout = Duration.seconds(30)
        /// One attempt as a whole, the body sent included; an answer that is streamed has no limit but the idle one.
        package var attemptTimeout = Duration.seconds(600)
        /// To each host at once.
        package var connections = 8
        /// Requests, attempts counted one by one. Nil is no limit.
        package var rate: TokenBucket.Rate?
        /// The authorities (PEM) that servers' certificates must come from; nil for the system's.
        package var authoritiesFile: String?
        /// Of hosts that no name server knows, by name.
        package var addresses: [String: String] = [:]
        /// The service's own name of an error, read from an answer that may be one; see ``RetryPolicy/Failure``.
        package var errorCode: @Sendable (CloudResponse) -> String? = { _ in nil }

        package init() {}
    }

    /// What the client has from outside itself; tests have another.
    package struct Environment: Sendable {
        package var now: @Sendable () -> ContinuousClock.Instant = { .now }
        package var date: @Sendable () -> Date = { Date() }
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        /// From 0 to 1.
        package var random: @Sendable () -> Double = { .random(in: 0..<1) }

        package init() {}
    }

    package let settings: Settings
    package let environment: Environment
    private let http: HTTPClient
    private let bucket: Bucket?

    /// What a request for a stream brings.
    package enum Opened: Sendable {
        /// A success, its body still to be read.
        case body(CloudBody)
        /// No success.
        case answer(CloudResponse)
    }

    /// How much of an answer that is no success is read.
    static let errorBodyLimit = 64 * 1024

    package init(_ settings: Settings = Settings(), environment: Environment = Environment()) {
        self.settings = settings
        self.environment = environment
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = settings.authoritiesFile { tls.trustRoots = .file(file) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(settings.connectTimeout), read: TimeAmount(settings.idleTimeout),
                write: TimeAmount(settings.idleTimeout)))
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = settings.addresses
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connections
        // Attempts are this client's decision.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        bucket = settings.rate.map { Bucket(TokenBucket($0, now: environment.now())) }
    }

    /// Runs `body` with a client and shuts it down afterwards, however `body` ends.
    package static func with<Result: Sendable>(
        _ settings: Settings = Settings(), environment: Environment = Environment(),
        _ body: (CloudClient) async throws -> Result
    ) async throws -> Result {
        let client = CloudClient(settings, environment: environment)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Ends its connections. It sends nothing afterwards.
    package func shutdown() async {
        // Fails only when it was called before.
        try? await http.shutdown()
    }

    /// Sends a request and reads the whole answer.
    ///
    /// - Parameters:
    ///   - request: What to send; the signer adds what belongs to a signature.
    ///   - signer: Nil for a request without a signature.
    ///   - limit: How many bytes an answer that is a success may have.
    /// - Returns: The last attempt's answer, whatever its status.
    /// - Throws: `CloudHTTPError` when there was no answer, `CancellationError`.
    package func send(
        _ request: CloudRequest, signer: SigV4Signer? = nil, upTo limit: Int = 1024 * 1024
    ) async throws -> CloudResponse {
        let host = request.endpoint.authority
        let outcome = try await attempts(request, signer) { response in
            let body = try await CloudBody(response, host: host).collected(upTo: limit)
            return .answer(
                CloudResponse(status: Int(response.status.code), headers: response.headers, body: body))
        }
        guard case .answer(let response) = outcome else { preconditionFailure("a whole answer was read") }
        return response
    }

    /// Sends a request and returns as soon as a success's head is there; attempts end with that.
    /// - Throws: `CloudHTTPError` when there was no answer, `CancellationError`.
    package func open(_ request: CloudRequest, signer: SigV4Signer? = nil) async throws -> Opened {
        let host = request.endpoint.authority
        return try await attempts(request, signer) { response in .body(CloudBody(response, host: host)) }
    }

    private func attempts(
        _ request: CloudRequest, _ signer: SigV4Signer?,
        _ read: @escaping @Sendable (HTTPClientResponse) async throws -> Opened
    ) async throws -> Opened {
        let hash = signer == nil ? "" : payloadHash(of: request.body)
        var followsUnknownOutcome = false
        var attempt = 1
        while true {
            try await waitForTurn()
            let outcome: Result<Opened, any Error>
            let failure: RetryPolicy.Failure
            do {
                var signed = request
                signer?.sign(&signed, payloadHash: hash, at: environment.date())
                let opened = try await once(signed, read)
                guard case .answer(var response) = opened else { return opened }
                response.followsUnknownOutcome = followsUnknownOutcome
                outcome = .success(.answer(response))
                let code = settings.errorCode(response)
                if response.isSuccess && code == nil { return .answer(response) }
                failure = .answered(status: response.status, code: code, retryAfter: response.retryAfter)
            } catch {
                let translated = AttemptError(error, host: request.endpoint.authority)
                outcome = .failure(translated.error)
                failure = translated.failure
            }
            let decision = settings.retry.decide(
                failure, attempt: attempt, isIdempotent: request.isIdempotent, random: environment.random())
            guard case .retry(let wait) = decision else { return try outcome.get() }
            followsUnknownOutcome = followsUnknownOutcome || failure.mayHaveBeenDone
            try await environment.sleep(wait)
            attempt += 1
        }
    }

    /// One attempt. Whatever is no success comes back with the beginning of its body.
    private func once(
        _ request: CloudRequest, _ read: @escaping @Sendable (HTTPClientResponse) async throws -> Opened
    ) async throws -> Opened {
        var message = HTTPClientRequest(url: request.url)
        message.method = request.method
        message.headers = request.headers
        if let body = request.body { message.body = .bytes(body) }
        let prepared = message
        let host = request.endpoint.authority
        return try await withTimeLimit(settings.attemptTimeout, host: host) { [http] in
            let response = try await http.execute(prepared, deadline: .distantFuture)
            guard (200..<300).contains(response.status.code) else {
                let body = try await CloudBody(response, host: host).beginning(Self.errorBodyLimit)
                return .answer(
                    CloudResponse(status: Int(response.status.code), headers: response.headers, body: body))
            }
            return try await read(response)
        }
    }

    private func waitForTurn() async throws {
        try Task.checkCancellation()
        guard let bucket else { return }
        let wait = bucket.state.withLock { $0.take(now: environment.now()) }
        if wait > .zero { try await environment.sleep(wait) }
    }
}

/// A token bucket for whoever shares the client.
private final class Bucket: Sendable {
    let state: Mutex<TokenBucket>

    init(_ bucket: TokenBucket) {
        state = Mutex(bucket)
    }
}

/// Runs `body`, and gives it up when it takes longer. The time is real even in tests: it guards against peers.
private func withTimeLimit<Result: Sendable>(
    _ limit: Duration, host: String, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: limit)
            throw CloudHTTPError.timedOut(host: host)
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

extension CloudBody {
    /// The whole body.
    fileprivate func collected(upTo limit: Int) async throws -> ByteBuffer {
        var body = ByteBuffer()
        for try await piece in self {
            guard piece.readableBytes <= limit - body.readableBytes else {
                throw CloudHTTPError.answerTooLarge(host: host, limit: limit)
            }
            body.writeImmutableBuffer(piece)
        }
        // Reading may just end when the task is cancelled.
        try Task.checkCancellation()
        return body
    }

    /// As much of the body as fits, or as came before it broke: the status says already that it is no success.
    fileprivate func beginning(_ limit: Int) async throws -> ByteBuffer {
        var body = ByteBuffer()
        do {
            for try await piece in self {
                let room = limit - body.readableBytes
                body.writeImmutableBuffer(piece.getSlice(at: piece.readerIndex, length: room) ?? piece)
                if body.readableBytes >= limit { break }
            }
        } catch is CloudHTTPError {}
        return body
    }
}
