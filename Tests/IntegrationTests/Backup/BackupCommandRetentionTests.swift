import Age
import Foundation
import LoopbackServers
import Testing

extension BackupTests.Commands {
    /// Several stores, several keys, buckets with versions.
    @Suite struct Keeping {
        private static func topology(_ shop: BackupTests.Commands.Shop, _ backup: String) throws {
            try shop.program.write(
                """
                version: 1
                store: shop
                provider: local
                mysql:
                  endpoint: \(shop.server.place.address):\(shop.server.place.port)
                  database: \(shop.name)
                  user: shopkeeper
                  tls: required
                backup:
                  recipients: [\(shop.recipient)]
                  \(backup.replacing("FOLDER", with: shop.program.folder.path).replacing("\n", with: "\n  "))

                """, to: "breakwater.yaml")
            try shop.program.write(BackupTests.identity.encoded() + "\n", to: "key.txt")
        }

        private static func stays(_ outcome: BreakwaterProgram.Outcome) throws -> [[String]] {
            let stores = try #require(try outcome.document()["stores"] as? [[String: Any]])
            return stores.map { store in
                ((store["backups"] as? [[String: Any]]) ?? []).filter { $0["removed"] as? Bool == false }
                    .compactMap { $0["id"] as? String }
            }
        }

        /// `required: 1` of two: one that cannot be written to is said, and the backup counts.
        @Test func oneOfTwoIsEnoughWhenTheTopologySaysSo() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                let stores = "to: [\"dir:FOLDER/one\", \"dir:FOLDER/absent/two\"]"
                try Self.topology(shop, "\(stores)\nrequired: 1")
                let create = ["backup", "create", "--json"]
                let one = try await shop.program.run(create, shop.environment)
                #expect(one.status == 4, "\(one.errors)")
                let kept = try #require(try one.document()["stores"] as? [[String: Any]])
                #expect(kept.compactMap { $0["stored"] as? Bool } == [true, false])
                #expect(try await shop.program.run(["backup", "show", "--json"], shop.environment).status == 0)
                try Self.topology(shop, stores)
                let two = try await shop.program.run(create, shop.environment)
                #expect(two.status == 1, "\(two.errors)")
            }
        }

        /// The record of a verification is beside one copy alone: the other one is not deleted either.
        @Test(.timeLimit(.minutes(3))) func theNewestVerifiedBackupStaysInEveryStore() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                try Self.topology(shop, "to: [\"dir:FOLDER/one\", \"dir:FOLDER/two\"]\nkeep: { last: 1 }")
                let program = shop.program
                func make() async throws -> String {
                    let made = try await program.run(["backup", "create", "--json"], shop.environment)
                    #expect(made.status == 0, "\(made.errors)")
                    try await BackupTests.Commands.waitForAnotherSecond()
                    return try #require(try made.document()["id"] as? String)
                }
                let verified = try await make()
                let verify = try await program.run(
                    ["backup", "verify", verified, "--identity", "key.txt", "--on", shop.serverURL], shop.environment)
                #expect(verify.status == 0, "\(verify.errors)")
                #expect(program.files(below: "one").contains { $0.contains("verified-") })
                #expect(!program.files(below: "two").contains { $0.contains("verified-") })
                let between = try await make()
                let newest = try await make()

                // The store with the record is away: what it may know of stays.
                let (one, away) = (program.folder.appending(path: "one"), program.folder.appending(path: "away"))
                try FileManager.default.moveItem(at: one, to: away)
                try Data().write(to: one)
                let blind = try await program.run(["backup", "prune", "--apply", "--json"], shop.environment)
                #expect(blind.status == 4, "\(blind.errors)")
                #expect(try Self.stays(blind).last == [newest, between, verified])
                try FileManager.default.removeItem(at: one)
                try FileManager.default.moveItem(at: away, to: one)

                let prune = try await program.run(["backup", "prune", "--apply", "--json"], shop.environment)
                #expect(prune.status == 0, "\(prune.errors)")
                #expect(try Self.stays(prune) == [[newest, verified], [newest, verified]])
                let out = try await program.run(
                    [
                        "restore", verified, "--identity", "key.txt", "--store", "dir:\(program.folder.path)/two",
                        "--to", shop.serverURL,
                    ],
                    shop.environment)
                #expect(out.status == 0, "\(out.errors)")
            }
        }

        /// Whoever backs up needs no key that deletes, and whoever prunes says what that means in this bucket.
        @Test(.timeLimit(.minutes(3))) func keysThatPruneAndVersions() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                try await Buckets.withBucket { bucket in
                    let (owner, stranger) = (ObjectServer.owner, ObjectServer.stranger)
                    func keys(
                        _ writer: (accessKeyID: String, secret: String),
                        _ pruner: (accessKeyID: String, secret: String)?
                    ) -> [String: String] {
                        var all = shop.environment
                        all["W"] = writer.accessKeyID
                        all["WS"] = writer.secret
                        all["P"] = pruner?.accessKeyID
                        all["PS"] = pruner?.secret
                        return all
                    }
                    try Self.topology(
                        shop,
                        """
                        to: ["\(bucket.url)"]
                        access_key: env:W
                        secret_key: env:WS
                        prune_access_key: env:P
                        prune_secret_key: env:PS
                        keep: { last: 1 }
                        """)
                    let program = shop.program
                    // The pruner's keys are not even looked for.
                    for _ in 0..<2 {
                        let made = try await program.run(["backup", "create", "--json"], keys(owner, nil))
                        #expect(made.status == 0, "\(made.errors)")
                        try await BackupTests.Commands.waitForAnotherSecond()
                    }
                    let prune = ["backup", "prune", "--apply", "--json"]
                    let wrong = try await program.run(prune, keys(owner, stranger))
                    #expect(try wrong.code() == "store.access_denied", "\(wrong.errors)")
                    let missing = try await program.run(prune, keys(owner, nil))
                    #expect(try missing.code() == "secret.unavailable")
                    try await bucket.switchVersioningOn()
                    let right = try await program.run(prune, keys(stranger, owner))
                    #expect(right.status == 0, "\(right.errors)")
                    #expect(try Self.stays(right).map(\.count) == [1])
                    let store = try #require((try right.document()["stores"] as? [[String: Any]])?.first)
                    #expect(store["keeps_versions"] as? Bool == true)
                    #expect(right.errors.contains("keeps older versions"))
                }
            }
        }
    }
}
