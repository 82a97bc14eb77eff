import CloudHTTP
import FoundationEssentials
import Logging
import LoopbackServers
import NIOCore
import Synchronization
import Testing
import Topology

@testable import ObjectStore

/// Uploads in parts, before a server that keeps them as it is told to.
struct MultipartTests {
    private let key: ObjectKey

    init() throws {
        key = try ObjectKey("object")
    }

    /// What the server does with one kind of request; nil is the right thing.
    typealias Fault =
        @Sendable (_ kind: String, _ number: Int, _ request: ScriptedHTTPServer.Request) async ->
        ScriptedHTTPServer.Answer?

    /// Kinds of requests that an upload makes.
    private static func kind(_ request: ScriptedHTTPServer.Request) -> String {
        switch request.method {
        case "POST" where request.target.hasSuffix("?uploads="): "create"
        case "POST": "complete"
        case "PUT": "part"
        case "DELETE": "abort"
        default: "head"
        }
    }

    /// Runs `body` with a store of parts of 1,000 bytes, three of them in memory.
    private func withStore(
        _ fault: @escaping Fault, attempts: Int = 3, _ body: (S3Store, ScriptedHTTPServer) async throws -> Void
    ) async throws -> [String] {
        let counts = Mutex<[String: Int]>([:])
        return try await ScriptedHTTPServer.with { request, _ in
            let kind = Self.kind(request)
            let number = counts.withLock { counts in
                counts[kind, default: 0] += 1
                return counts[kind, default: 0]
            }
            if let answer = await fault(kind, number, request) { return answer }
            switch kind {
            case "create":
                return .status(
                    200,
                    text: "<InitiateMultipartUploadResult><UploadId>the id</UploadId></InitiateMultipartUploadResult>")
            case "part": return .status(200, headers: [("ETag", "\"\(request.body.count)\"")])
            case "complete": return .status(200, text: "<CompleteMultipartUploadResult/>")
            default: return .status(204)
            }
        } _: { server in
            var settings = S3Store.Settings()
            settings.partSize = 1000
            settings.parallelParts = 3
            settings.client.retry.attempts = attempts
            settings.client.idleTimeout = .seconds(20)
            settings.environment.sleep = { _ in try Task.checkCancellation() }
            try await S3Store.with(
                try S3Location(
                    endpoint: CloudEndpoint(isSecure: false, host: "127.0.0.1", port: server.port), bucket: "bucket"),
                credentials: CloudCredentials(accessKeyID: "id", secretAccessKey: Secret("secret")),
                settings: settings, logger: Logger(label: "tests")
            ) { try await body($0, server) }
            return server.requests.map(Self.kind)
        }
    }

    /// Counts what was taken from it.
    private final class Source: AsyncSequence, Sendable {
        private let pieces: Int
        private let length: Int
        private let count = Mutex(0)
        var taken: Int { count.withLock { $0 } }

        init(pieces: Int, of length: Int) {
            self.pieces = pieces
            self.length = length
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self) }

        struct AsyncIterator: AsyncIteratorProtocol {
            let source: Source

            mutating func next() async -> ByteBuffer? {
                source.count.withLock { count in
                    guard count < source.pieces else { return nil }
                    count += 1
                    return ByteBuffer(repeating: UInt8(truncatingIfNeeded: count), count: source.length)
                }
            }
        }
    }

    @Test func partsInOrder() async throws {
        let kinds = try await withStore { _, _, _ in
            nil
        } _: { store, server in
            let written = try await store.upload(Source(pieces: 9, of: 500), to: key)
            #expect(written.size == 4500)
            let complete = server.requests.last.map { String(decoding: $0.body, as: UTF8.self) } ?? ""
            let numbers = complete.split(separator: "<PartNumber>").dropFirst().map { $0.prefix { $0 != "<" } }
            #expect(numbers == ["1", "2", "3", "4", "5"])
            #expect(complete.contains("<PartNumber>5</PartNumber><ETag>&quot;500&quot;</ETag>"))
            #expect(server.requests.last?.target == "/bucket/object?uploadId=the%20id")
        }
        #expect(kinds == ["create", "part", "part", "part", "part", "part", "complete"])
    }

    @Test func oneFailureThatPassesIsNotSeen() async throws {
        let slowDown = ScriptedHTTPServer.Answer.status(503, text: "<Error><Code>SlowDown</Code></Error>")
        let kinds = try await withStore { kind, number, _ in
            switch (kind, number) {
            case ("create", 1), ("part", 2): slowDown
            case ("part", 4): .raw([], then: .reset)
            // A success's status, and a failure in the document.
            case ("complete", 1): .status(200, text: "  \n<Error><Code>InternalError</Code></Error>")
            default: nil
            }
        } _: { store, _ in
            let written = try await store.upload(Source(pieces: 5, of: 1000), to: key)
            #expect(written.size == 5000)
        }
        #expect(kinds.filter { $0 == "part" }.count == 7)
        #expect(kinds.filter { $0 == "complete" }.count == 2)
        #expect(!kinds.contains("abort"))
    }

    /// Whatever fails for good, the parts are removed.
    @Test(arguments: ["part", "complete"], [403, 500])
    func aFailureRemovesTheParts(_ failing: String, status: Int) async throws {
        let kinds = try await withStore { kind, _, _ in
            kind == failing ? .status(status, text: "<Error><Code>AccessDenied</Code></Error>") : nil
        } _: { store, _ in
            await #expect(throws: ObjectStoreError.self) {
                try await store.upload(Source(pieces: 50, of: 1000), to: key)
            }
        }
        #expect(kinds.filter { $0 == "abort" }.count == 1)
        #expect(failing == "complete" || !kinds.contains("complete"))
    }

    @Test func aPartWithoutAName() async throws {
        let kinds = try await withStore { kind, _, _ in
            kind == "part" ? .status(200) : nil
        } _: { store, _ in
            await #expect(throws: ObjectStoreError.self) {
                try await store.upload(Source(pieces: 5, of: 1000), to: key)
            }
        }
        #expect(kinds.filter { $0 == "abort" }.count == 1)
    }

    @Test func aCancelledUploadRemovesTheParts() async throws {
        let kinds = try await withStore { kind, number, _ in
            kind == "part" && number == 2 ? .raw([], then: .hang) : nil
        } _: { store, server in
            let upload = Task { try await store.upload(Source(pieces: 50, of: 1000), to: key) }
            await until { server.requests.map(Self.kind).contains("part") }
            upload.cancel()
            await #expect(throws: CancellationError.self) { try await upload.value }
        }
        #expect(kinds.filter { $0 == "abort" }.count == 1)
        #expect(!kinds.contains("complete"))
    }

    /// The answer to the last request is lost, and the upload is gone: because it was finished, or not.
    @Test(arguments: [true, false])
    func aCompletionWhoseAnswerWasLost(_ wasDone: Bool) async throws {
        let nonce = Mutex("")
        let kinds = try await withStore { kind, number, request in
            switch (kind, number) {
            case ("create", _):
                nonce.withLock { $0 = request.headers["x-amz-meta-breakwater-upload"] ?? "" }
                return nil
            case ("complete", 1): return .raw([], then: .close)
            case ("complete", _): return .status(404, text: "<Error><Code>NoSuchUpload</Code></Error>")
            case ("head", _):
                let number = wasDone ? nonce.withLock { $0 } : "another"
                return .status(200, headers: [("x-amz-meta-breakwater-upload", number)])
            default: return nil
            }
        } _: { store, _ in
            let upload = { try await store.upload(Source(pieces: 5, of: 1000), to: key) }
            if wasDone {
                let written = try await upload()
                #expect(written.size == 5000)
            } else {
                await #expect(throws: ObjectStoreError.uploadGone(key)) { try await upload() }
            }
        }
        #expect(kinds.contains("abort") != wasDone)
    }

    /// A server that answers nothing: as many parts are in memory as may be, and no byte more is taken.
    @Test func memoryIsBounded() async throws {
        let isOpen = Atomic(false)
        _ = try await withStore { kind, _, _ in
            if kind == "part" { await until { isOpen.load(ordering: .relaxed) } }
            return nil
        } _: { store, server in
            let source = Source(pieces: 1000, of: 100)
            let upload = Task { try await store.upload(source, to: key) }
            await until { server.requests.filter { Self.kind($0) == "part" }.count >= 3 }
            // Three parts of ten pieces, and the piece that was looked at to see whether there is more.
            #expect(source.taken == 31)
            isOpen.store(true, ordering: .relaxed)
            let written = try await upload.value
            #expect(written.size == 100_000)
        }
    }

    @Test func partsOutOfPieces() async throws {
        var collector = PartCollector(Source(pieces: 3, of: 700), partSize: 1000)
        #expect(try await collector.next()?.readableBytes == 1000)
        #expect(!collector.isAtEnd)
        #expect(try await collector.next()?.readableBytes == 1000)
        #expect(!collector.isAtEnd)
        #expect(try await collector.next()?.readableBytes == 100)
        #expect(collector.isAtEnd)
        #expect(try await collector.next() == nil)
        #expect(collector.size == 2100)
    }
}

/// Waits for a condition that another task brings about.
private func until(_ condition: () -> Bool) async {
    while !condition() { try? await Task.sleep(for: .milliseconds(5)) }
}
