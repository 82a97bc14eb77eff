package import CloudHTTP
internal import Crypto
internal import FoundationEssentials
package import Logging
package import NIOCore
internal import NIOHTTP1

/// Objects in a bucket of S3 or of what speaks like it. Every request is signed with the hash of its payload; the
/// streaming signature (`aws-chunked`) is not used, for not every server knows it.
///
/// Source: the Amazon S3 API Reference. What other servers do differently stands where it matters.
package struct S3Store: ObjectStore {
    package struct Settings: Sendable {
        /// Of an upload in parts, in bytes: 5 MiB to 5 GB, and an object has at most 10,000 parts.
        package var partSize = 8 * 1024 * 1024
        /// How many parts of one upload are in memory: one that is being filled, the others on their way.
        package var parallelParts = 4
        package var client = CloudClient.Settings()
        package var environment = CloudClient.Environment()

        package init() {}
    }

    static let mostParts = 10_000
    /// A page of 1,000 names of 1,024 bytes, each byte three in URL encoding, and what is around them.
    static let largestDocument = 8 * 1024 * 1024

    package let location: S3Location
    let settings: Settings
    let client: CloudClient
    let logger: Logger
    private let signer: SigV4Signer

    /// Runs `body` with a store and ends its connections afterwards.
    package static func with<Result: Sendable>(
        _ location: S3Location, credentials: CloudCredentials, settings: Settings = Settings(), logger: Logger,
        _ body: (S3Store) async throws -> Result
    ) async throws -> Result {
        var client = settings.client
        client.authoritiesFile = location.authoritiesFile ?? client.authoritiesFile
        client.errorCode = { S3ErrorDocument(in: $0)?.code }
        return try await CloudClient.with(client, environment: settings.environment) { client in
            try await body(
                S3Store(
                    location: location, settings: settings, client: client, logger: logger,
                    signer: SigV4Signer(
                        credentials: credentials, region: location.region, service: "s3", sendsPayloadHash: true)))
        }
    }

    private init(
        location: S3Location, settings: Settings, client: CloudClient, logger: Logger, signer: SigV4Signer
    ) {
        precondition(settings.partSize > 0 && settings.parallelParts > 0)
        self.location = location
        self.settings = settings
        self.client = client
        self.logger = logger
        self.signer = signer
    }

    package var description: String { location.description }

    package func put(_ bytes: ByteBuffer, at key: ObjectKey, ifAbsent: Bool) async throws -> WrittenObject {
        let written = WrittenObject(
            key: key, size: Int64(bytes.readableBytes),
            sha256: bytes.withUnsafeReadableBytes { SHA256.hash(data: $0) }.hexadecimal)
        var request = try request(.PUT, key, isIdempotent: true)
        request.body = bytes
        if ifAbsent { request.headers.add(name: "if-none-match", value: "*") }
        let action = "PutObject \(key)"
        let response = try await exchange(request)
        if response.isDone { return written }
        // 409: somebody else is writing it at this moment.
        guard ifAbsent, response.status == 412 || response.status == 409 else {
            throw refusal(response, action, key)
        }
        // An attempt whose answer was lost may have been carried out; then the object that is there already is ours.
        if response.followsUnknownOutcome, try await holds(bytes, at: key) { return written }
        throw ObjectStoreError.alreadyExists(key)
    }

    private func holds(_ bytes: ByteBuffer, at key: ObjectKey) async throws -> Bool {
        let body = try await read(key)
        guard body.info.size == bytes.readableBytes else { return false }
        return try await body.collected(upTo: bytes.readableBytes) == bytes
    }

    /// A request for an object, or for the bucket when there is no key.
    func request(
        _ method: HTTPMethod, _ key: ObjectKey?, query: [(name: String, value: String)] = [], isIdempotent: Bool
    ) throws(ObjectStoreError) -> CloudRequest {
        let (endpoint, path) = location.address
        let name = key.map { location.prefix + $0.text }
        if let key, let name, name.utf8.count > ObjectKey.maximumLength {
            throw .invalidKey(
                key.text, "it has more than \(ObjectKey.maximumLength) bytes together with the store's prefix")
        }
        return CloudRequest(
            method, endpoint, path: name.map { "\(path)/\($0)" } ?? "\(path)/", query: query,
            isIdempotent: isIdempotent)
    }

    /// Sends a request and returns the answer, whatever it is.
    func exchange(_ request: CloudRequest, upTo limit: Int = 64 * 1024) async throws -> CloudResponse {
        do {
            return try await client.send(request, signer: signer, upTo: limit)
        } catch let error as CloudHTTPError {
            throw ObjectStoreError.unreachable(error)
        }
    }

    func open(_ request: CloudRequest) async throws -> CloudClient.Opened {
        do {
            return try await client.open(request, signer: signer)
        } catch let error as CloudHTTPError {
            throw ObjectStoreError.unreachable(error)
        }
    }

    /// Sends a request and reads the document that answers it.
    func document<Document>(
        _ request: CloudRequest, _ action: String, _ key: ObjectKey? = nil, _ read: (XMLElement) -> Document?
    ) async throws -> Document {
        let response = try await exchange(request, upTo: Self.largestDocument)
        guard response.isDone else { throw refusal(response, action, key) }
        guard let root = try? XMLReader.document(Array(response.body.readableBytesView)), let document = read(root)
        else {
            throw ObjectStoreError.unexpectedAnswer(
                action: action, status: response.status, code: nil, message: "the document is not what S3 answers with")
        }
        return document
    }

    /// What an answer that is no success means.
    func refusal(_ response: CloudResponse, _ action: String, _ key: ObjectKey?) -> ObjectStoreError {
        ObjectStoreError(
            response, action: action, key: key, location: location, accessKeyID: signer.credentials.accessKeyID,
            now: settings.environment.date())
    }
}
