import CloudHTTP
import Foundation
import Logging
import LoopbackServers
import NIOCore
import NIOHTTP1
import ObjectStore
import Testing
import Topology

/// A bucket of an object server.
struct Bucket {
    let server: ObjectServer
    let name: String

    init(on server: ObjectServer, _ name: String) async throws {
        self.server = server
        self.name = name
        try await put("/\(name)")
    }

    /// What is deleted or replaced stays from now on.
    func switchVersioningOn() async throws {
        try await put(
            "/\(name)", query: [("versioning", "")],
            "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status>"
                + "</VersioningConfiguration>")
    }

    private func put(_ path: String, query: [(name: String, value: String)] = [], _ body: String = "") async throws {
        var request = CloudRequest(.PUT, try CloudEndpoint(endpoint), path: path, query: query, isIdempotent: true)
        request.body = ByteBuffer(string: body)
        let signer = SigV4Signer(
            credentials: credentials, region: ObjectServer.region, service: "s3", sendsPayloadHash: true)
        let response = try await CloudClient.with(CloudClient.Settings()) { try await $0.send(request, signer: signer) }
        try #require(response.isSuccess, "\(response)")
    }

    var endpoint: String { "http://\(server.place.address):\(server.place.port)" }
    /// As `--store` has it.
    var url: String { url(at: server.place) }
    /// The same, as it is seen through something that stands before the server.
    func url(at place: LoopbackPlace) -> String {
        "s3://\(name)/shop?endpoint=http://\(place.address):\(place.port)&region=\(ObjectServer.region)"
    }
    var credentials: CloudCredentials {
        CloudCredentials(
            accessKeyID: ObjectServer.owner.accessKeyID, secretAccessKey: Secret(ObjectServer.owner.secret))
    }
    var environment: [String: String] { Self.environment(ObjectServer.owner) }

    static func environment(_ user: (accessKeyID: String, secret: String)) -> [String: String] {
        ["AWS_ACCESS_KEY_ID": user.accessKeyID, "AWS_SECRET_ACCESS_KEY": user.secret]
    }

    func withStore<Result: Sendable>(_ body: (any ObjectStore) async throws -> Result) async throws -> Result {
        try await StoreLocation(BackupLocation(url)).withStore(
            credentials: credentials, logger: Logger(label: "tests"), body)
    }
}
