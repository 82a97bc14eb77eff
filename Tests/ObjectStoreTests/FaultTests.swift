import CloudHTTP
import FoundationEssentials
import Logging
import LoopbackServers
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import Topology

@testable import ObjectStore

/// The S3 store before a server that fails as it is told to. Nothing waits between attempts here.
struct FaultTests {
    private let key: ObjectKey

    init() throws {
        key = try ObjectKey("object")
    }

    @discardableResult
    private func withStore<Result: Sendable>(
        _ server: ScriptedHTTPServer, _ body: (S3Store) async throws -> Result
    ) async throws -> Result {
        var settings = S3Store.Settings()
        settings.partSize = 1000
        settings.client.retry.attempts = 3
        settings.client.idleTimeout = .milliseconds(500)
        settings.environment.sleep = { _ in try Task.checkCancellation() }
        settings.environment.date = { Date(timeIntervalSince1970: 1_795_618_299) }
        return try await S3Store.with(
            try S3Location(
                endpoint: CloudEndpoint(isSecure: false, host: "127.0.0.1", port: server.port), bucket: "bucket",
                region: "nyc3"),
            credentials: CloudCredentials(accessKeyID: "the-id", secretAccessKey: Secret("the-secret")),
            settings: settings, logger: Logger(label: "tests"), body)
    }

    private static func error(_ code: String, _ more: String = "") -> String {
        "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>words</Message>\(more)</Error>"
    }

    /// What a refusal means to every operation that can meet it.
    @Test(
        arguments: [
            (403, "AccessDenied", "", ObjectStoreError.accessDenied(action: "ListObjectsV2 bucket/")),
            (403, "SignatureDoesNotMatch", "", .signatureMismatch),
            (403, "InvalidAccessKeyId", "", .unknownAccessKey("the-id")),
            (400, "ExpiredToken", "", .expiredCredentials), (404, "NoSuchBucket", "", .noSuchBucket("bucket")),
            (
                301, "PermanentRedirect", "<Endpoint>bucket.s3.eu-west-1.amazonaws.com</Endpoint>",
                .wrongEndpoint(right: "bucket.s3.eu-west-1.amazonaws.com")
            ),
            (400, "AuthorizationHeaderMalformed", "<Region>ams3</Region>", .wrongRegion(used: "nyc3", right: "ams3")),
            (507, "QuotaExceeded", "", .storageFull(place: "ListObjectsV2 bucket/")),
            (503, "SlowDown", "", .unavailable(action: "ListObjectsV2 bucket/", status: 503, code: "SlowDown")),
            (
                500, "InternalError", "",
                .unavailable(action: "ListObjectsV2 bucket/", status: 500, code: "InternalError")
            ),
            (501, "NotImplemented", "", .unsupported(action: "ListObjectsV2 bucket/")),
            (
                400, "Novelty", "",
                .unexpectedAnswer(action: "ListObjectsV2 bucket/", status: 400, code: "Novelty", message: "words")
            ),
            // An error that comes with a success's status.
            (200, "AccessDenied", "", .accessDenied(action: "ListObjectsV2 bucket/")),
        ] as [(Int, String, String, ObjectStoreError)])
    func refusals(_ status: Int, code: String, more: String, expected: ObjectStoreError) async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(status, text: Self.error(code, more))
        } _: { server in
            try await withStore(server) { store in
                await #expect(throws: expected) { try await store.list() }
            }
        }
    }

    @Test func theRightRegionInAHeader() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(301, headers: [("x-amz-bucket-region", "ams3"), ("Location", "http://127.0.0.1:1/")])
        } _: { server in
            try await withStore(server) { store in
                let error = ObjectStoreError.wrongRegion(used: "nyc3", right: "ams3")
                await #expect(throws: error) { try await store.info(of: key) }
                #expect(error.hint == "say region=ams3 in the store's URL")
            }
        }
    }

    @Test func aClockThatIsWrongIsMeasured() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(
                403, headers: [("Date", "Wed, 25 Nov 2026 15:51:39 GMT")], text: Self.error("RequestTimeTooSkewed"))
        } _: { server in
            try await withStore(server) { store in
                let error = await #expect(throws: ObjectStoreError.self) { try await store.read(key) }
                #expect(
                    error?.description == "this machine's clock is at 2026-11-25T14:51:39Z, 3600 s behind the store's,"
                        + " 2026-11-25T15:51:39Z")
            }
        }
    }

    /// Answers that no store gives. None of them is taken for a listing.
    @Test(arguments: [
        (200, "<html><body>It works!"), (200, ""), (200, "<ListBucketResult>"),
        (200, String(repeating: "<a>", count: 9999)),
        (403, String(repeating: "x", count: 1_000_000)), (200, String(repeating: " ", count: 9_000_000)),
    ])
    func nonsense(_ status: Int, text: String) async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(status, text: text)
        } _: { server in
            try await withStore(server) { store in
                await #expect(throws: ObjectStoreError.self) { try await store.list() }
            }
        }
    }

    @Test func aListingWithoutEnd() async throws {
        let page = """
            <ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>
            </ListBucketResult>
            """
        try await ScriptedHTTPServer.with { _, _ in
            .status(200, text: page)
        } _: { server in
            try await withStore(server) { store in
                await #expect(throws: ObjectStoreError.listingTooLong(limit: 1_000_000)) { try await store.list() }
            }
            #expect(server.requests.count == 2)
        }
    }

    // MARK: Reading

    private static let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

    /// An answer to a GET, whole or of the range that was asked for, of which only the first `count` bytes come.
    private static func part(
        of request: ScriptedHTTPServer.Request, count: Int = .max, then ending: ScriptedHTTPServer.Answer.Ending = .keep
    ) -> ScriptedHTTPServer.Answer {
        let first = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).prefix { $0 != "-" }) } ?? 0
        let bytes = content[first...]
        var headers = [("ETag", "\"v1\"")]
        if request.headers["range"] != nil {
            headers.append(("Content-Range", "bytes \(first)-\(content.count - 1)/\(content.count)"))
        }
        return .status(
            request.headers["range"] == nil ? 200 : 206, headers: headers, body: Array(bytes.prefix(count)),
            length: bytes.count, then: ending)
    }

    /// A stream that breaks goes on behind the last byte, however it broke, as long as each connection brings some.
    @Test(arguments: [ScriptedHTTPServer.Answer.Ending.close, .reset, .hang])
    func aBrokenStreamGoesOn(_ ending: ScriptedHTTPServer.Answer.Ending) async throws {
        try await ScriptedHTTPServer.with { request, number in
            number < 5 ? Self.part(of: request, count: 15_000, then: ending) : Self.part(of: request)
        } _: { server in
            let received = try await withStore(server) { try await $0.read(key).collected(upTo: 100_000) }
            #expect(Array(received.readableBytesView) == Self.content)
            #expect(server.requests.count >= 6)
            #expect(server.requests[0].headers["range"] == nil)
            for request in server.requests.dropFirst() { #expect(request.headers["if-match"] == "\"v1\"") }
        }
    }

    @Test func aStreamThatBringsNothingMoreIsGivenUp() async throws {
        try await ScriptedHTTPServer.with { request, number in
            Self.part(of: request, count: number == 0 ? 10 : 0, then: .close)
        } _: { server in
            try await withStore(server) { store in
                let body = try await store.read(key)
                await #expect(throws: ObjectStoreError.self) { try await body.collected(upTo: 100_000) }
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test func anObjectThatWasReplacedMeanwhileIsNotMixed() async throws {
        try await ScriptedHTTPServer.with { request, number in
            number == 0
                ? Self.part(of: request, count: 10, then: .close) : .status(412, text: Self.error("PreconditionFailed"))
        } _: { server in
            try await withStore(server) { store in
                let body = try await store.read(key)
                await #expect(throws: ObjectStoreError.changed(key)) { try await body.collected(upTo: 100_000) }
            }
        }
        // A server that knows no ranges begins anew.
        try await ScriptedHTTPServer.with { _, number in
            .status(
                200, body: Array(Self.content.prefix(number == 0 ? 10 : 100_000)), length: 100_000,
                then: number == 0 ? .close : .keep)
        } _: { server in
            try await withStore(server) { store in
                let body = try await store.read(key)
                await #expect(throws: ObjectStoreError.changed(key)) { try await body.collected(upTo: 100_000) }
            }
        }
    }

    @Test(arguments: [
        [("Content-Range", "bytes 5-9/10")], [("Content-Range", "bytes 0-9/5")], [("Content-Range", "x")], [],
        [("Content-Range", "bytes 0-99999999999999999999/1")],
    ])
    func otherBytesThanAskedFor(_ headers: [(String, String)]) async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(206, headers: headers, text: "12345")
        } _: { server in
            try await withStore(server) { store in
                await #expect(throws: ObjectStoreError.self) { try await store.read(key, range: 0..<5) }
            }
        }
    }

    // MARK: Writing

    /// The manifest was stored, its answer lost: the second attempt meets the first one's success.
    @Test(arguments: [("mine", true), ("other", false)])
    func aConditionalPutThatMeetsItself(_ stored: String, isMine: Bool) async throws {
        try await ScriptedHTTPServer.with { request, number in
            switch (request.method, number) {
            case ("PUT", 0): .raw([], then: .close)
            case ("PUT", _): .status(412, text: Self.error("PreconditionFailed"))
            default: .status(200, text: stored)
            }
        } _: { server in
            try await withStore(server) { store in
                let put = { try await store.put(ByteBuffer(string: "mine"), at: key, ifAbsent: true) }
                if isMine {
                    let written = try await put()
                    #expect(written.size == 4)
                } else {
                    await #expect(throws: ObjectStoreError.alreadyExists(key)) { try await put() }
                }
            }
            #expect(server.requests.map(\.method).prefix(2) == ["PUT", "PUT"])
            #expect(server.requests[0].headers["if-none-match"] == "*")
        }
    }

    /// Without a lost answer before it, somebody else was first, even with the same bytes.
    @Test func aConditionalPutThatIsRefusedAtOnce() async throws {
        try await ScriptedHTTPServer.with { _, _ in
            .status(412)
        } _: { server in
            try await withStore(server) { store in
                await #expect(throws: ObjectStoreError.alreadyExists(key)) {
                    try await store.put(ByteBuffer(string: "mine"), at: key, ifAbsent: true)
                }
            }
            #expect(server.requests.count == 1)
        }
    }
}
