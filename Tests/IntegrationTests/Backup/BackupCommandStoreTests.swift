import CloudHTTP
import Foundation
import Logging
import LoopbackServers
import MySQLClient
import NIOCore
import NIOHTTP1
import ObjectStore
import Testing
import Topology

/// A bucket of an object server.
private struct Bucket {
    let server: ObjectServer
    let name: String

    init(on server: ObjectServer, _ name: String) async throws {
        self.server = server
        self.name = name
        let request = CloudRequest(.PUT, try CloudEndpoint(endpoint), path: "/\(name)", isIdempotent: true)
        let signer = SigV4Signer(
            credentials: credentials, region: ObjectServer.region, service: "s3", sendsPayloadHash: true)
        let response = try await CloudClient.with(CloudClient.Settings()) { try await $0.send(request, signer: signer) }
        try #require(response.isSuccess, "\(response)")
    }

    var endpoint: String { "http://\(server.place.address):\(server.place.port)" }
    /// As `--store` has it.
    var url: String { "s3://\(name)/shop?endpoint=\(endpoint)&region=\(ObjectServer.region)" }
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

extension BackupTests.Commands {
    /// The commands and a bucket.
    @Suite struct Buckets {
        private static func withBucket(_ body: (Bucket) async throws -> Void) async throws {
            let server = try await onThread { try ObjectServer() }
            defer { server.stop() }
            try await body(try await Bucket(on: server, "backups"))
        }

        @Test func createListShowAndPrune() async throws {
            try await BackupTests.Commands.withShop(.mysql) { shop in
                try await Self.withBucket { bucket in
                    let environment = shop.environment.merging(bucket.environment) { $1 }
                    let program = shop.program
                    let store = ["--store", bucket.url, "--json"]
                    let made = try await program.run(["backup", "create"] + shop.source + store, environment)
                    #expect(made.status == 0, "\(made.errors)")
                    let id = try #require(try made.document()["id"] as? String)
                    let line = try await program.run(["backup", "list"] + store, environment).document()
                    #expect((line["backups"] as? [[String: Any]])?.first?["id"] as? String == id)
                    let show = try await program.run(["backup", "show", id] + store, environment)
                    #expect(show.status == 0, "\(show.errors)")

                    // What a killed process leaves: objects without a manifest, and an upload without an end.
                    try await bucket.withStore { store in
                        let folder = "\(shop.name)/20200101T030000Z-0001"
                        _ = try await store.put(.init(string: "x"), at: try ObjectKey("\(folder)/1-tables/00001"))
                    }
                    let prune = ["backup", "prune", "--keep-last", "1", "--apply", "--older-than", "1h"] + store
                    let young = try await program.run(prune, environment)
                    #expect(young.status == 0, "\(young.errors)")
                    // It was written just now: whose it is, nobody knows yet.
                    let stores = try #require(try young.document()["stores"] as? [[String: Any]])
                    #expect((stores.first?["unfinished_backups"] as? [Any])?.isEmpty == true)
                    let again = try await program.run(["backup", "list"] + store, environment).document()
                    #expect((again["unfinished"] as? [Any])?.count == 1)
                    #expect((again["backups"] as? [Any])?.count == 1)
                }
            }
        }

        @Test func whatAStoreSaysIsTold() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                try await Self.withBucket { bucket in
                    let create = ["backup", "create", "--json"] + shop.source + ["--store"]
                    let owner = ObjectServer.owner
                    let cases: [(String, (accessKeyID: String, secret: String), String)] = [
                        (bucket.url.replacing("s3://backups", with: "s3://absent"), owner, "store.no_such_bucket"),
                        (bucket.url, (owner.accessKeyID, "another-secret"), "store.signature_mismatch"),
                        (bucket.url, ObjectServer.stranger, "store.access_denied"),
                        (
                            bucket.url.replacing("region=\(ObjectServer.region)", with: "region=sfo3"), owner,
                            "store.wrong_region"
                        ),
                    ]
                    for (url, user, code) in cases {
                        let outcome = try await shop.program.run(
                            create + [url], shop.environment.merging(Bucket.environment(user)) { $1 })
                        #expect(outcome.status == 1, "\(code): \(outcome.errors)")
                        #expect(try outcome.code() == code, "\(outcome.errors)")
                        #expect(outcome.errors.contains("hint:"), "\(outcome.errors)")
                        #expect(!outcome.errors.contains(user.secret))
                    }
                    let objects = try await bucket.withStore { try await $0.list().objects }
                    #expect(objects == [])
                }
            }
        }

        @Test(.timeLimit(.minutes(3))) func interruptedItLeavesNothing() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                try await shop.grow()
                try await Self.withBucket { bucket in
                    let running = try shop.program.start(
                        ["backup", "create", "--json", "--store", bucket.url] + shop.source,
                        shop.environment.merging(bucket.environment) { $1 })
                    // The tables' definitions are there, and rows on their way.
                    try await bucket.withStore { store in
                        while try await store.list().objects.isEmpty {
                            try #require(running.process.isRunning)
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                    running.kill(SIGINT)
                    let outcome = try await running.outcome()
                    #expect(outcome.status == 130, "\(outcome.errors)")
                    let (objects, uploads) = try await bucket.withStore { store in
                        (try await store.list().objects, try await store.unfinishedUploads())
                    }
                    #expect(objects == [] && uploads == [])
                }
            }
        }
    }
}
