import Certificates
import CloudHTTP
import Foundation
import Logging
import LoopbackServers
import NIOCore
import NIOHTTP1
import ObjectStore
import Testing
import Topology

/// What a strict server refuses, and what we say about it.
@Suite(.serialized) struct S3ServerTests {
    private let key: ObjectKey

    init() throws {
        key = try ObjectKey("one")
    }

    /// Asks in each of the ways that a server answers differently: without a body, with one, by a document.
    private func expect(
        _ error: ObjectStoreError, of bucket: String, region: String = ObjectServer.region,
        credentials: CloudCredentials = S3Fixture.owner, _ adjust: (inout S3Store.Settings) -> Void = { _ in }
    ) async throws {
        try await S3Fixture.withStore(of: bucket, region: region, credentials: credentials, adjust) { store in
            await #expect(throws: error) { try await store.info(of: key) }
            await #expect(throws: error) { try await store.read(key) }
            await #expect(throws: error) { try await store.put(ByteBuffer(string: "x"), at: key) }
            await #expect(throws: error) { try await store.list() }
            await #expect(throws: error) { try await store.upload(Pieces([6_000_000]), to: key) }
            await #expect(throws: error) { try await store.delete([key]) }
        }
    }

    private func bucket() async throws -> String { try await S3Fixture.withStore { $0.location.bucket } }

    @Test func aWrongSecret() async throws {
        let wrong = CloudCredentials(accessKeyID: ObjectServer.owner.accessKeyID, secretAccessKey: Secret("wrong"))
        try await expect(.signatureMismatch, of: try await bucket(), credentials: wrong)
    }

    @Test func anUnknownKey() async throws {
        let unknown = CloudCredentials(accessKeyID: "shop:nobody", secretAccessKey: Secret("wrong"))
        try await expect(.signatureMismatch, of: try await bucket(), credentials: unknown)
    }

    @Test func aWrongRegion() async throws {
        try await expect(.wrongRegion(used: "ams3", right: "nyc3"), of: try await bucket(), region: "ams3")
    }

    @Test func noSuchBucket() async throws {
        try await expect(.noSuchBucket("no-such-bucket"), of: "no-such-bucket")
    }

    /// A clock that is an hour slow, and one that is half an hour fast.
    @Test(arguments: [3600, -1800])
    func aWrongClock(_ behind: Double) async throws {
        try await S3Fixture.withStore(of: try await bucket()) {
            $0.environment.date = { Date(timeIntervalSinceNow: -behind) }
        } _: { store in
            let error = await #expect(throws: ObjectStoreError.self) { try await store.list() }
            guard case .clockSkewed(let here, let there?)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(abs(there.timeIntervalSince(here) - behind) < 5)
        }
    }

    @Test func aKeyWithoutPermissions() async throws {
        let stranger = CloudCredentials(
            accessKeyID: ObjectServer.stranger.accessKeyID, secretAccessKey: Secret(ObjectServer.stranger.secret))
        try await S3Fixture.withStore(of: try await bucket(), credentials: stranger) { store in
            for ask in [
                { _ = try await store.info(of: key) }, { _ = try await store.read(key) },
                { _ = try await store.list() },
                { _ = try await store.put(ByteBuffer(), at: key) },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: ObjectStoreError.self) { try await ask() }
                guard case .accessDenied? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    /// The hash of the payload is signed and checked: what was changed on the way is not stored.
    @Test func aChangedPayload() async throws {
        let bucket = try await bucket()
        var request = CloudRequest(
            .PUT, try S3Fixture.endpoint(.s3PathStyle), path: "/\(bucket)/one", body: ByteBuffer(string: "good"),
            isIdempotent: true)
        let signer = SigV4Signer(
            credentials: S3Fixture.owner, region: ObjectServer.region, service: "s3", sendsPayloadHash: true)
        signer.sign(&request, payloadHash: payloadHash(of: request.body), at: Date())
        request.body = ByteBuffer(string: "evil")
        let response = try await CloudClient.with { [request] in try await $0.send(request) }
        #expect(response.status == 400)
        #expect(String(buffer: response.body).contains("XAmzContentSHA256Mismatch"))
    }

    /// Objects beside the store's prefix are nobody's here, and stay.
    @Test func aPrefixIsABoundary() async throws {
        try await S3Fixture.withStore(of: try await bucket(), .s3VirtualHosted) { whole in
            _ = try await whole.put(ByteBuffer(string: "outside"), at: try ObjectKey("a shop/é+x/one"))
            try await S3Fixture.withStore(of: whole.location.bucket, .s3PathStyle) { store in
                #expect(try await store.list().objects.isEmpty)
                _ = try await store.put(ByteBuffer(string: "inside"), at: key)
                #expect(try await store.list().objects.map(\.key) == [key])
                try await store.delete([key])
            }
            #expect(try await whole.list().objects.count == 1)
        }
    }

    /// A server of an authority of the user's own, named in the store's URL; without that name it is nobody's.
    @Test func anAuthorityOfOnesOwn() async throws {
        let authority = try CertificateAuthority(name: "test", now: Date(), lifetime: 86_400)
        let server = try ObjectServer { address in
            let issued = try authority.issue(
                name: ObjectServer.domain, addresses: [address], now: Date(), lifetime: 86_400)
            return (issued.certificatePEM, issued.keyPEM)
        }
        defer { server.stop() }
        let file = FileManager.default.temporaryDirectory.appending(path: "authority-\(UUID().uuidString).pem")
        try authority.pem().certificate.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        var client = CloudClient.Settings()
        client.authoritiesFile = file.path
        let url = "https://\(server.place.address):\(server.place.port)"
        try await S3Fixture.make("tls-bucket", at: try CloudEndpoint(url), client)

        let text = "s3://tls-bucket/shop?endpoint=\(url)&region=\(ObjectServer.region)"
        let logger = Logger(label: "tests")
        try await StoreLocation(BackupLocation("\(text)&ca=\(file.path)")).withStore(
            credentials: S3Fixture.owner, logger: logger
        ) {
            let written = try await $0.upload(Pieces([6_000_000, 6_000_000]), to: key)
            let body = try await $0.read(key).collected(upTo: 12_000_000)
            #expect(written.size == 12_000_000)
            #expect(body == Pieces.content(0..<12_000_000))
        }
        let error = await #expect(throws: ObjectStoreError.self) {
            try await StoreLocation(BackupLocation(text)).withStore(credentials: S3Fixture.owner, logger: logger) {
                try await $0.list()
            }
        }
        guard case .unreachable(.untrusted)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
