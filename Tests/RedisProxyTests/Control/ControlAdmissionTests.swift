import RedisClient
import Testing

@testable import RedisProxy

@Suite struct ControlAdmissionTests {
    private static let key = ControlKey(Secret("the secret of this test"))
    private static let start: Int64 = 1_700_000_000_000

    private static func request(
        _ nonce: String = "n1", at time: Int64 = start + 1_000, audience: String = "127.0.0.1:9123",
        verb: String = "hold", body: String = "{}"
    ) -> ControlRequest {
        ControlRequest(audience: audience, verb: verb, time: time, nonce: nonce, body: Array(body.utf8))
    }

    private static func admission() -> ControlAdmission { ControlAdmission(key: key, startedAt: start) }

    @Test func aSealedRequestIsHeardOnce() {
        var admission = Self.admission()
        let request = Self.request()
        let seal = Self.key.seal(of: request)
        #expect(admission.admit(request, seal: seal, from: "p", now: Self.start + 1_001) == .admitted)
        #expect(
            admission.admit(request, seal: seal, from: "p", now: Self.start + 1_002)
                == .refused(401, "the request was heard before"))
    }

    /// What was sealed for one request opens no other.
    @Test(arguments: [
        request("n2"), request(at: start + 1_001), request(audience: "127.0.0.2:9123"), request(verb: "release"),
        request(body: "{ }"), request("n1\nhold"), request(""),
    ])
    func aSealFitsOneRequest(other: ControlRequest) {
        var admission = Self.admission()
        let seal = Self.key.seal(of: Self.request())
        let verdict = admission.admit(other, seal: seal, from: "p", now: Self.start + 1_001)
        #expect(verdict == .refused(401, "the seal is wrong: both sides need the same control secret"))
    }

    @Test(arguments: ["", "0", String(repeating: "0", count: 64), String(repeating: "g", count: 64), "é"])
    func nonsenseIsNoSeal(seal: String) {
        var admission = Self.admission()
        let verdict = admission.admit(Self.request(), seal: seal, from: "p", now: Self.start + 1_001)
        #expect(verdict != .admitted)
    }

    @Test func anotherSecretSealsNothing() {
        var admission = Self.admission()
        let request = Self.request()
        let seal = ControlKey(Secret("another")).seal(of: request)
        #expect(admission.admit(request, seal: seal, from: "p", now: Self.start + 1_001) != .admitted)
    }

    @Test(arguments: [
        (Int64(29_999), true), (30_001, false), (-29_999, true), (-30_001, false), (.min, false), (.max, false),
    ])
    func clocksMayDiffer(offset: Int64, isAdmitted: Bool) {
        var admission = ControlAdmission(key: Self.key, startedAt: .min)
        let time = Self.start.addingReportingOverflow(offset).partialValue
        let request = Self.request(at: time)
        let verdict = admission.admit(request, seal: Self.key.seal(of: request), from: "p", now: Self.start)
        #expect((verdict == .admitted) == isAdmitted)
    }

    /// The nonces of a former process are gone with it.
    @Test func aRequestOlderThanTheProcessIsRefused() {
        var admission = Self.admission()
        let request = Self.request(at: Self.start - 1)
        let verdict = admission.admit(request, seal: Self.key.seal(of: request), from: "p", now: Self.start + 5)
        #expect(verdict == .refused(401, "the request is older than this process: try again"))
    }

    @Test func whoGuessesIsShutOut() {
        var admission = Self.admission()
        let request = Self.request()
        for _ in 0..<ControlAdmission.failureLimit {
            _ = admission.admit(request, seal: "x", from: "guesser", now: Self.start + 1_001)
        }
        let seal = Self.key.seal(of: request)
        let verdict = admission.admit(request, seal: seal, from: "guesser", now: Self.start + 1_002)
        #expect(verdict == .refused(429, "too many bad requests; wait 10 s"))
        // Others are not, and the guesser is heard again later.
        #expect(admission.admit(request, seal: seal, from: "other", now: Self.start + 1_003) == .admitted)
        let later = Self.request("n3", at: Self.start + 12_000)
        #expect(
            admission.admit(later, seal: Self.key.seal(of: later), from: "guesser", now: Self.start + 12_000)
                == .admitted)
    }

    @Test func oldNoncesMakeRoom() {
        var admission = Self.admission()
        for index in 0..<ControlAdmission.nonceLimit {
            let request = Self.request("n\(index)")
            let verdict = admission.admit(
                request, seal: Self.key.seal(of: request), from: "p", now: Self.start + 1_001)
            if verdict != .admitted { Issue.record("number \(index) was \(verdict)") }
        }
        let full = Self.request("one more")
        let blank = Self.request("one-more")
        #expect(admission.admit(full, seal: Self.key.seal(of: full), from: "p", now: Self.start + 1_001) != .admitted)
        #expect(
            admission.admit(blank, seal: Self.key.seal(of: blank), from: "p", now: Self.start + 1_001)
                == .refused(429, "too many requests"))
        let later = Self.request("later", at: Self.start + 40_000)
        #expect(
            admission.admit(later, seal: Self.key.seal(of: later), from: "p", now: Self.start + 40_000) == .admitted)
    }
}
