/// Whether a request is sent again after a failure, and when. Decides only: chance and time are arguments.
package struct RetryPolicy: Sendable, Equatable {
    /// How often a request is sent at most, the first time included.
    package var attempts = 8
    /// The bound of the first wait; it doubles with each attempt.
    package var firstWait = Duration.milliseconds(200)
    /// The bound of every wait.
    package var longestWait = Duration.seconds(20)
    /// When a server wants to be left alone for longer, its answer is given to the caller instead.
    package var longestRetryAfter = Duration.seconds(120)

    package init() {}

    /// What came of one attempt.
    package enum Failure: Sendable, Equatable {
        /// No connection: the server has seen nothing of the request.
        case notConnected
        /// The connection ended or fell silent, and whether the request was carried out is not known.
        case outcomeUnknown
        /// A whole answer that is no success. `code` is the service's own name of the error, when it gave one.
        case answered(status: Int, code: String?, retryAfter: Duration?)
        /// What another attempt would not change.
        case permanent

        /// Whether the request may have been carried out in spite of the failure.
        package var mayHaveBeenDone: Bool {
            switch self {
            case .outcomeUnknown: true
            case .answered(let status, let code, _):
                (status >= 500 || RetryPolicy.passing.contains(code ?? ""))
                    && !RetryPolicy.refusals.contains(code ?? "")
            case .notConnected, .permanent: false
            }
        }
    }

    package enum Decision: Sendable, Equatable {
        case retry(after: Duration)
        case giveUp
    }

    /// S3's names for "not now": the request was not carried out.
    private static let refusals: Set<String> = ["SlowDown", "ServiceUnavailable", "Throttling", "RequestLimitExceeded"]
    /// S3's names for passing failures that come with other statuses than their meaning, with 200 among them.
    /// `RequestTimeout` is a 400: the body did not arrive in time.
    private static let passing: Set<String> = ["InternalError", "RequestTimeout", "OperationAborted"]

    /// - Parameters:
    ///   - failure: What came of the attempt.
    ///   - attempt: Its number, from 1.
    ///   - isIdempotent: Whether the request may be carried out twice.
    ///   - random: From 0 to 1: the share of the wait's bound that is waited ("full jitter"), so that clients which
    ///     failed together do not come back together.
    /// - Returns: When to send the request again, if at all.
    package func decide(_ failure: Failure, attempt: Int, isIdempotent: Bool, random: Double) -> Decision {
        var demanded = Duration.zero
        switch failure {
        case .permanent: return .giveUp
        case .notConnected: break
        case .outcomeUnknown:
            guard isIdempotent else { return .giveUp }
        case .answered(let status, let code, let retryAfter):
            let isRefusal = status == 429 || Self.refusals.contains(code ?? "")
            let isPassing = [500, 502, 503, 504].contains(status) || Self.passing.contains(code ?? "")
            guard isRefusal || isPassing && isIdempotent else { return .giveUp }
            demanded = retryAfter ?? .zero
        }
        guard attempt < attempts, demanded <= longestRetryAfter else { return .giveUp }
        return .retry(after: demanded + bound(ofWaitAfter: attempt) * min(max(random, 0), 1))
    }

    private func bound(ofWaitAfter attempt: Int) -> Duration {
        var bound = firstWait
        for _ in 1..<max(attempt, 1) where bound < longestWait { bound = bound * 2 }
        return min(bound, longestWait)
    }
}
