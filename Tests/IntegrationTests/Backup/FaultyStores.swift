import CloudHTTP
import Foundation
import Logging
import LoopbackServers
import NIOHTTP1
import ObjectStore
import Testing
import Topology

/// A real object server for all tests of a suite, asked through a proxy that spoils what it is told to.
struct FaultyStores: Sendable {
    /// That of the suite that runs.
    @TaskLocal static var current: FaultyStores?

    /// Parts may be small, so that small objects come in several.
    static let partSize = 64 << 10
    let server: ObjectServer

    static let owner = CloudCredentials(
        accessKeyID: ObjectServer.owner.accessKeyID, secretAccessKey: Secret(ObjectServer.owner.secret))

    init(clockSkew: Int = 900) throws { server = try ObjectServer(leastPart: 1, clockSkew: clockSkew) }

    func stop() { server.stop() }

    /// A bucket that did not exist before.
    func makeBucket() async throws -> String {
        let bucket = "faults-\(UInt32.random(in: 0 ... .max))"
        let endpoint = CloudEndpoint(isSecure: false, host: server.place.address, port: Int(server.place.port))
        let request = CloudRequest(.PUT, endpoint, path: "/\(bucket)", isIdempotent: true)
        let signer = SigV4Signer(
            credentials: Self.owner, region: ObjectServer.region, service: "s3", sendsPayloadHash: true)
        let response = try await CloudClient.with(CloudClient.Settings()) { try await $0.send(request, signer: signer) }
        guard response.isSuccess else { throw LoopbackError("the bucket was not made: \(response)") }
        return bucket
    }

    /// Runs `body` with a bucket as it is seen through a proxy, and as it is.
    static func with<Result: Sendable>(
        bucket: String? = nil, region: String = ObjectServer.region, credentials: CloudCredentials = owner,
        clockAhead: TimeInterval = 0, attempts: Int = 8,
        _ script: @escaping @Sendable (FaultyProxy.Request) -> FaultyProxy.Fault? = { _ in nil },
        _ body: (_ seen: S3Store, _ store: S3Store, FaultyProxy) async throws -> Result
    ) async throws -> Result {
        let stores = try #require(current, "the suite lacks the trait .faultyStores")
        let real = try await stores.makeBucket()
        let proxy = try FaultyProxy(before: stores.server.place, script)
        defer { proxy.stop() }
        return try await open(real, at: stores.server.place) { store in
            try await open(
                bucket ?? real, at: proxy.place, region: region, credentials: credentials, clockAhead: clockAhead,
                attempts: attempts
            ) { seen in try await body(seen, store, proxy) }
        }
    }

    /// Runs `body` with the bucket of a store as it is seen through a proxy.
    static func withView<Result: Sendable>(
        of store: S3Store, _ script: @escaping @Sendable (FaultyProxy.Request) -> FaultyProxy.Fault?,
        _ body: (_ seen: S3Store, FaultyProxy) async throws -> Result
    ) async throws -> Result {
        let stores = try #require(current, "the suite lacks the trait .faultyStores")
        let proxy = try FaultyProxy(before: stores.server.place, script)
        defer { proxy.stop() }
        return try await open(store.location.bucket, at: proxy.place, attempts: 4) { try await body($0, proxy) }
    }

    private static func open<Result: Sendable>(
        _ bucket: String, at place: LoopbackPlace, region: String = ObjectServer.region,
        credentials: CloudCredentials = owner, clockAhead: TimeInterval = 0, attempts: Int = 8,
        _ body: (S3Store) async throws -> Result
    ) async throws -> Result {
        var settings = S3Store.Settings()
        settings.partSize = partSize
        settings.client.retry.attempts = attempts
        settings.client.retry.firstWait = .milliseconds(5)
        settings.client.retry.longestWait = .milliseconds(100)
        if clockAhead != 0 { settings.environment.date = { Date() + clockAhead } }
        let location = try S3Location(
            endpoint: CloudEndpoint(isSecure: false, host: place.address, port: Int(place.port)), bucket: bucket,
            prefix: "", region: region, usesPathStyle: true)
        return try await S3Store.with(
            location, credentials: credentials, settings: settings,
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }, body)
    }

    /// As `--store` takes it.
    static func url(of store: S3Store) -> String {
        "s3://\(store.location.bucket)?endpoint=\(store.location.endpoint)&region=\(ObjectServer.region)&path_style=true"
    }
}

/// Starts the server before the first test of a suite and stops it after the last.
struct FaultyStoresTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let stores = try await onThread { try FaultyStores() }
        defer { stores.stop() }
        try await FaultyStores.$current.withValue(stores) { try await function() }
    }
}

extension Trait where Self == FaultyStoresTrait {
    static var faultyStores: Self { FaultyStoresTrait() }
}
