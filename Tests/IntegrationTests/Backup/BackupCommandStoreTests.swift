import Age
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import Testing

extension BackupTests.Commands {
    /// The commands and a bucket.
    @Suite struct Buckets {
        static func withBucket(_ body: (Bucket) async throws -> Void) async throws {
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

        /// The store breaks answers off in their middle: reading goes on where it was.
        @Test(.timeLimit(.minutes(3))) func restoreAndVerify() async throws {
            try await BackupTests.Commands.withShop(.mysql) { shop in
                try await shop.addPart(0)
                try await Self.withBucket { bucket in
                    let environment = shop.environment.merging(bucket.environment) { $1 }
                    let program = shop.program
                    let made = try await program.run(
                        ["backup", "create", "--json", "--store", bucket.url] + shop.source, environment)
                    try #require(made.status == 0, "\(made.errors)")
                    let identity = try program.write(BackupTests.identity.encoded() + "\n", to: "key.txt")
                    let proxy = try FaultyProxy(before: bucket.server.place) { request in
                        request.method == "GET" && request.number % 3 == 2 ? .answerCut : nil
                    }
                    defer { proxy.stop() }
                    let store = ["--identity", identity, "--json", "--store", bucket.url(at: proxy.place)]
                    let restored = try await program.run(["restore", "--to", shop.serverURL] + store, environment)
                    #expect(restored.status == 0, "\(restored.errors)")
                    let document = try restored.document()
                    #expect(document["verified"] as? Bool == true && document["tables"] as? Int == 4)
                    let database = try #require(document["database"] as? String)
                    try await shop.server.run("DROP DATABASE `\(database)`")

                    let verified = try await program.run(
                        ["backup", "verify", "--on", shop.serverURL] + store, environment)
                    #expect(verified.status == 0, "\(verified.errors)")
                    let list = try await program.run(["backup", "list", "--json", "--store", bucket.url], environment)
                    let backup = try #require((try list.document()["backups"] as? [[String: Any]])?.first)
                    #expect(backup["state"] as? String == "verified")
                }
            }
        }

        /// A killed process leaves an upload that nobody ends: the bucket's owner pays for its parts.
        @Test(.timeLimit(.minutes(3))) func uploadsThatNobodyEndsArePruned() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                try await MySQLConnection.with(shop.root) { root in
                    _ = try await root.query("CREATE TABLE noise (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB)")
                    // 16 MB that nothing compresses: more than one part.
                    _ = try await root.query("INSERT INTO noise (v) VALUES (RANDOM_BYTES(1024))")
                    for _ in 0..<14 {
                        _ = try await root.query("INSERT INTO noise (v) SELECT RANDOM_BYTES(1024) FROM noise")
                    }
                }
                try await Self.withBucket { bucket in
                    let environment = shop.environment.merging(bucket.environment) { $1 }
                    let program = shop.program
                    // The second part is long on its way.
                    let proxy = try FaultyProxy(before: bucket.server.place) { request in
                        request.target.contains("partNumber=2") ? .late(milliseconds: 120_000) : nil
                    }
                    let running = try program.start(
                        ["backup", "create", "--json", "--store", bucket.url(at: proxy.place)] + shop.source,
                        environment)
                    try await bucket.withStore { store in
                        while try await store.unfinishedUploads().isEmpty {
                            try #require(running.process.isRunning)
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                    kill(running.process.processIdentifier, SIGKILL)
                    try await onThread { running.process.waitUntilExit() }
                    proxy.isDown = true

                    let prune = ["backup", "prune", "--keep-last", "1", "--json", "--store", bucket.url]
                    func uploads(_ more: String...) async throws -> [[String: Any]] {
                        let outcome = try await program.run(prune + more, environment)
                        #expect(outcome.status == 0, "\(outcome.errors)")
                        let stores = try #require(try outcome.document()["stores"] as? [[String: Any]])
                        return try #require(stores.first?["unfinished_uploads"] as? [[String: Any]])
                    }
                    // It may be one of a backup that is being made.
                    #expect(try await uploads("--apply").isEmpty)
                    try bucket.server.age()
                    let shown = try await uploads()
                    #expect(shown.count == 1 && shown.first?["removed"] as? Bool == false, "\(shown)")
                    #expect((shown.first?["name"] as? String)?.contains("noise") == true)
                    let removed = try await uploads("--apply")
                    #expect(removed.count == 1 && removed.first?["removed"] as? Bool == true, "\(removed)")
                    let left = try await bucket.withStore { try await $0.unfinishedUploads() }
                    #expect(left == [])
                    proxy.stop()
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
