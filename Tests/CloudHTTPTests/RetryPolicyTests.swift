import Testing

@testable import CloudHTTP

struct RetryPolicyTests {
    typealias Failure = RetryPolicy.Failure

    static func answered(_ status: Int, _ code: String? = nil, retryAfter: Duration? = nil) -> Failure {
        .answered(status: status, code: code, retryAfter: retryAfter)
    }

    /// What is sent again: by everybody, only when it may be done twice, by nobody.
    @Test(arguments: [
        (Failure.notConnected, true, true),
        (.outcomeUnknown, true, false),
        (.permanent, false, false),
        (answered(429), true, true),
        (answered(503, "SlowDown"), true, true),
        (answered(400, "SlowDown"), true, true),
        (answered(500), true, false),
        (answered(502), true, false),
        (answered(503), true, false),
        (answered(504), true, false),
        (answered(500, "InternalError"), true, false),
        (answered(200, "InternalError"), true, false),
        (answered(400, "RequestTimeout"), true, false),
        (answered(400), false, false),
        (answered(403, "AccessDenied"), false, false),
        (answered(403, "RequestTimeTooSkewed"), false, false),
        (answered(404, "NoSuchKey"), false, false),
        (answered(412, "PreconditionFailed"), false, false),
        (answered(501, "NotImplemented"), false, false),
        (answered(301, "PermanentRedirect"), false, false),
    ])
    func whatIsSentAgain(_ failure: Failure, idempotent: Bool, once: Bool) {
        let policy = RetryPolicy()
        func isRetried(_ isIdempotent: Bool) -> Bool {
            policy.decide(failure, attempt: 1, isIdempotent: isIdempotent, random: 0.5) != .giveUp
        }
        #expect(isRetried(true) == idempotent)
        #expect(isRetried(false) == once)
    }

    @Test func waitsDoubleUpToABoundAndAreDrawnFromAllOfIt() {
        var policy = RetryPolicy()
        policy.attempts = 10
        func wait(_ attempt: Int, _ random: Double) -> RetryPolicy.Decision {
            policy.decide(.notConnected, attempt: attempt, isIdempotent: true, random: random)
        }
        #expect(
            (1...9).map { wait($0, 1) }
                == [200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000].map {
                    .retry(after: .milliseconds($0))
                })
        #expect(wait(3, 0) == .retry(after: .zero))
        #expect(wait(3, 0.25) == .retry(after: .milliseconds(200)))
        #expect(wait(10, 1) == .giveUp)
    }

    @Test func aServersWishIsAddedToTheWaitUnlessItIsTooLong() {
        let policy = RetryPolicy()
        func decide(_ seconds: Int) -> RetryPolicy.Decision {
            policy.decide(
                Self.answered(503, "SlowDown", retryAfter: .seconds(seconds)), attempt: 1, isIdempotent: false,
                random: 0.5)
        }
        #expect(decide(7) == .retry(after: .milliseconds(7100)))
        #expect(decide(120) == .retry(after: .milliseconds(120_100)))
        #expect(decide(121) == .giveUp)
    }

    @Test(arguments: [
        (Failure.outcomeUnknown, true), (.notConnected, false), (answered(500), true), (answered(503), true),
        (answered(503, "SlowDown"), false), (answered(429), false),
    ])
    func whatMayHaveBeenDone(_ failure: Failure, expected: Bool) {
        #expect(failure.mayHaveBeenDone == expected)
    }
}

struct TokenBucketTests {
    @Test func aBurstThenAnEvenPace() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(.init(perSecond: 10, burst: 2), now: start)
        #expect((0..<4).map { _ in bucket.take(now: start) } == [.zero, .zero, .milliseconds(100), .milliseconds(200)])
        // Two promised tokens have come, and one more.
        #expect(bucket.take(now: start + .milliseconds(300)) == .zero)
        #expect(bucket.take(now: start + .milliseconds(300)) == .milliseconds(100))
    }

    @Test func whatIsSavedUpIsNoMoreThanABurst() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(.init(perSecond: 1, burst: 3), now: start)
        let later = start + .seconds(3600)
        #expect((0..<4).map { _ in bucket.take(now: later) } == [.zero, .zero, .zero, .seconds(1)])
        // A clock that stands still or goes back gives nothing.
        #expect(bucket.take(now: start) == .seconds(2))
    }
}
