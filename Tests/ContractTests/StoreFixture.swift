import CloudHTTP
import Foundation
import Logging
import LoopbackServers
import NIOCore
import NIOHTTP1
import ObjectStore
import Synchronization
import Testing
import Topology

/// The stores that keep the contract.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case memory
    case directory
    /// OpenStack Swift, the bucket in the path and a prefix before all keys.
    case s3PathStyle = "S3, path style, with a prefix"
    /// OpenStack Swift, the bucket in the name of the host.
    case s3VirtualHosted = "S3, virtual-hosted style"

    var testDescription: String { rawValue }

    static let servers: [StoreKind] = [.s3PathStyle, .s3VirtualHosted]

    /// Runs `body` with an empty store.
    func withStore<Result: Sendable>(_ body: (any ObjectStore) async throws -> Result) async throws -> Result {
        switch self {
        case .memory: return try await body(MemoryStore())
        case .directory:
            let folder = FileManager.default.temporaryDirectory.appending(path: "breakwater-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            return try await body(DirectoryStore(path: folder.path))
        case .s3PathStyle, .s3VirtualHosted: return try await S3Fixture.withStore(self) { try await body($0) }
        }
    }
}

/// The server that was started, for the end of the program.
private let running = Mutex<ObjectServer?>(nil)

/// One object server for all tests of this program, and a bucket of its own for each.
enum S3Fixture {
    static let partSize = 5 * 1024 * 1024

    private static let server = Result { try startedServer() }
    private static let buckets = Atomic(0)

    private static func startedServer() throws -> ObjectServer {
        let server = try ObjectServer()
        running.withLock { $0 = server }
        // The servers end with this program in any case; what they stored would stay.
        atexit { running.withLock { $0?.stop() } }
        return server
    }

    static func endpoint(_ kind: StoreKind) throws -> CloudEndpoint {
        let place = try server.get().place
        let host = kind == .s3VirtualHosted ? ObjectServer.domain : place.address
        return CloudEndpoint(isSecure: false, host: host, port: Int(place.port))
    }

    static let owner = CloudCredentials(
        accessKeyID: ObjectServer.owner.accessKeyID, secretAccessKey: Secret(ObjectServer.owner.secret))

    /// Runs `body` with a store of a bucket that is made for it.
    static func withStore<Result: Sendable>(
        _ kind: StoreKind = .s3PathStyle, _ adjust: (inout S3Store.Settings) -> Void = { _ in },
        _ body: (S3Store) async throws -> Result
    ) async throws -> Result {
        let bucket = "bucket-\(buckets.add(1, ordering: .relaxed).newValue)"
        try await make(bucket)
        return try await withStore(of: bucket, kind, adjust, body)
    }

    /// Runs `body` with a store of a bucket that is there, or not.
    static func withStore<Result: Sendable>(
        of bucket: String, _ kind: StoreKind = .s3PathStyle, region: String = ObjectServer.region,
        credentials: CloudCredentials = owner, _ adjust: (inout S3Store.Settings) -> Void = { _ in },
        _ body: (S3Store) async throws -> Result
    ) async throws -> Result {
        var settings = S3Store.Settings()
        settings.partSize = partSize
        settings.client.retry.attempts = 3
        settings.client.addresses = ["\(bucket).\(ObjectServer.domain)": try server.get().place.address]
        adjust(&settings)
        let location = try S3Location(
            endpoint: try endpoint(kind), bucket: bucket, prefix: kind == .s3PathStyle ? "a shop/é+" : "",
            region: region, usesPathStyle: kind == .s3PathStyle)
        return try await S3Store.with(
            location, credentials: credentials, settings: settings, logger: Logger(label: "tests"), body)
    }

    private static func make(_ bucket: String) async throws {
        try await make(bucket, at: try endpoint(.s3PathStyle), CloudClient.Settings())
    }

    static func make(_ bucket: String, at endpoint: CloudEndpoint, _ settings: CloudClient.Settings) async throws {
        let request = CloudRequest(.PUT, endpoint, path: "/\(bucket)", isIdempotent: true)
        let signer = SigV4Signer(
            credentials: owner, region: ObjectServer.region, service: "s3", sendsPayloadHash: true)
        let response = try await CloudClient.with(settings) { try await $0.send(request, signer: signer) }
        guard response.isSuccess else { throw LoopbackError("the bucket was not made: \(response)") }
    }
}

/// Pieces of a content that is the same in every run, and different at every place.
struct Pieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    var lengths: [Int]
    /// Called before each piece.
    var before: @Sendable (Int) async throws -> Void = { _ in }

    init(_ lengths: [Int], before: @escaping @Sendable (Int) async throws -> Void = { _ in }) {
        self.lengths = lengths
        self.before = before
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: self) }

    struct AsyncIterator: AsyncIteratorProtocol {
        let pieces: Pieces
        var index = 0
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            try await pieces.before(index)
            guard index < pieces.lengths.count else { return nil }
            let length = pieces.lengths[index]
            defer {
                index += 1
                offset += length
            }
            return Pieces.content(offset..<(offset + length))
        }
    }

    /// A length that no size of a part or of a piece divides.
    private static let table = {
        var random = SeededGenerator(seed: 1)
        var bytes = ByteBuffer()
        for _ in 0..<12_503 { bytes.writeInteger(random.next()) }
        return bytes
    }()

    /// Bytes of the endless content: one table over and over.
    static func content(_ range: Range<Int>) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = offset % table.readableBytes
            let length = Swift.min(table.readableBytes - start, range.upperBound - offset)
            table.getSlice(at: start, length: length).map { _ = bytes.writeImmutableBuffer($0) }
            offset += length
        }
        return bytes
    }
}
