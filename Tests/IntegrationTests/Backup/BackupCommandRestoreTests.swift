import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import Testing

extension BackupTests.Commands {
    /// `restore` and `backup verify`.
    @Suite struct Restoring {
        /// A backup of a shop in a directory, and a file with what opens it.
        struct Backed {
            let id: String
            let store: [String]
            let identity: String
        }

        static func withBackup(
            _ flavour: LoopbackDatabase.Flavour, parts: Int = 0,
            _ body: (BackupTests.Commands.Shop, Backed) async throws -> Void
        ) async throws {
            try await BackupTests.Commands.withShop(flavour) { shop in
                for part in 0..<parts { try await shop.addPart(part) }
                let store = ["--store", "dir:\(shop.program.folder.path)/backups"]
                let made = try await shop.program.run(
                    ["backup", "create", "--json"] + shop.source + store, shop.environment)
                try #require(made.status == 0, "\(made.errors)")
                let identity = try shop.program.write(BackupTests.identity.encoded() + "\n", to: "key.txt")
                let id = try #require(try made.document()["id"] as? String)
                try await body(shop, Backed(id: id, store: store, identity: identity))
            }
        }

        private static func titles(_ shop: BackupTests.Commands.Shop, in database: String) async throws -> String? {
            try await MySQLConnection.with(shop.root) { root in
                try await root.query("SELECT GROUP_CONCAT(post_title ORDER BY ID) FROM `\(database)`.wp_posts").text()
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func intoANewDatabaseAndOverOnlyWhenTold(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { shop, backed in
                let program = shop.program
                let restore = ["restore", "latest", "--identity", backed.identity, "--json"] + backed.store
                // The server's own URL: a database named after the backup is made.
                let server = shop.url.replacing("/\(shop.name)?", with: "/?")
                let outcome = try await program.run(restore + ["--to", server], shop.environment)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let document = try outcome.document()
                let database = try #require(document["database"] as? String)
                #expect(
                    database == "\(shop.name)_\(backed.id.lowercased().replacing("-", with: "_"))")
                for key in ["backup", "tables", "rows", "duration_ms", "verified", "target"] {
                    #expect(document[key] != nil, "\(key)")
                }
                #expect(document["backup"] as? String == backed.id && document["verified"] as? Bool == true)
                #expect(document["tables"] as? Int == 3 && document["rows"] as? Int == 5)
                #expect(try await Self.titles(shop, in: database) == "Hoodie,Cap,Élan 🛒")

                // The shop itself is in the way.
                let refused = try await program.run(restore + ["--to", shop.url], shop.environment)
                #expect(refused.status == 3)
                #expect(try refused.code() == "restore.not_empty")
                try await MySQLConnection.with(shop.root) { root in
                    _ = try await root.query("DELETE FROM wp_posts")
                }
                let over = try await program.run(
                    restore + ["--to", shop.url, "--overwrite", "--tables", "wp_posts"], shop.environment)
                #expect(over.status == 0, "\(over.errors)")
                #expect(try over.document()["tables"] as? Int == 1)
                #expect(try await Self.titles(shop, in: shop.name) == "Hoodie,Cap,Élan 🛒")
                try await shop.server.run("DROP DATABASE `\(database)`")
            }
        }

        @Test func whatOpensABackup() async throws {
            try await Self.withBackup(.mariadb) { shop, backed in
                let program = shop.program
                let target = ["--to", shop.url.replacing("/\(shop.name)?", with: "/?")]
                let other = try program.write(X25519Identity().encoded() + "\n", to: "other.txt")
                let wrong = try await program.run(
                    ["restore", "--identity", other, "--json"] + target + backed.store, shop.environment)
                #expect(wrong.status == 1)
                #expect(try wrong.code() == "restore.key", "\(wrong.errors)")
                #expect(wrong.errors.contains(shop.recipient), "whose identity opens it: \(wrong.errors)")
                let nothing = try program.write("no key\n", to: "nothing.txt")
                let none = try await program.run(
                    ["restore", "--identity", nothing, "--json"] + target + backed.store, shop.environment)
                #expect(none.status == 2)
                #expect(try none.code() == "age.identity_invalid", "\(none.errors)")

                // An identity with a passphrase, as `age -p` makes one.
                let sealed = try Self.sealed("\(BackupTests.identity.encoded())\n", with: "two words")
                let file = program.folder.appending(path: "key.age")
                try Data(sealed).write(to: file)
                let passphrase = try program.write("two words\n", to: "passphrase")
                let opened = try await program.run(
                    ["restore", "--identity", file.path, "--json"] + target + backed.store,
                    shop.environment.merging(["BREAKWATER_AGE_PASSPHRASE_FILE": passphrase]) { $1 })
                #expect(opened.status == 0, "\(opened.errors)")
                if let database = try opened.document()["database"] as? String {
                    try await shop.server.run("DROP DATABASE `\(database)`")
                }
            }
        }

        private static func sealed(_ text: String, with passphrase: String) throws -> [UInt8] {
            var encryptor = try AgeEncryptor(passphrase: try AgePassphrase(passphrase), workFactor: 10)
            var sealed: [UInt8] = []
            try encryptor.encrypt(Array(text.utf8), into: &sealed)
            try encryptor.finish(into: &sealed)
            return sealed
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aVerificationIsKeptAndSeen(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { shop, backed in
                let program = shop.program
                let server = shop.url.replacing("/\(shop.name)?", with: "/?")
                let verify =
                    ["backup", "verify", "--identity", backed.identity, "--on", server, "--json"] + backed.store
                let good = try await program.run(verify, shop.environment)
                #expect(good.status == 0, "\(good.errors)")
                #expect(try good.document()["verified"] as? Bool == true)
                func state() async throws -> String? {
                    let list = try await program.run(["backup", "list", "--json"] + backed.store).document()
                    return (list["backups"] as? [[String: Any]])?.first?["state"] as? String
                }
                #expect(try await state() == "verified")

                // A byte of its rows is changed.
                let name = try #require(program.files(below: "backups").first { $0.contains("wp_posts") })
                let file = program.folder.appending(path: "backups/\(name)")
                var bytes = try Data(contentsOf: file)
                bytes[bytes.count - 1] ^= 1
                try bytes.write(to: file)
                try await BackupTests.Commands.waitForAnotherSecond()
                let bad = try await program.run(verify, shop.environment)
                #expect(bad.status == 1, "\(bad.errors)")
                #expect(try bad.document()["verified"] as? Bool == false)
                #expect(try await state() == "failed")
                // Nothing of it remains at the server.
                let left = try await MySQLConnection.with(shop.root) { root in
                    try await root.query("SHOW DATABASES LIKE 'breakwater_verify%'").rows.count
                }
                #expect(left == 0)
            }
        }

        /// On a server that the program starts, and of which nothing is left.
        @Test(.timeLimit(.minutes(3)), arguments: LoopbackDatabase.Flavour.allCases)
        func aVerificationOnAServerOfItsOwn(_ flavour: LoopbackDatabase.Flavour) async throws {
            let scratch = try ScratchServerTests.Folder()
            try await Self.withBackup(flavour) { shop, backed in
                let program = shop.program
                let verify = ["backup", "verify", "--identity", backed.identity, "--json"] + backed.store
                let programs = ["--mysql-programs", LoopbackDatabase.mysqlPrograms, "--scratch", scratch.path]
                let outcome = try await program.run(verify + programs)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let document = try outcome.document()
                #expect(document["verified"] as? Bool == true && document["backup"] as? String == backed.id)
                #expect(document["tables"] as? Int == 3 && document["rows"] as? Int == 5)
                #expect((document["server"] as? String)?.hasPrefix("\(flavour) ") == true, "\(document)")
                #expect(scratch.content == [])
                let list = try await program.run(["backup", "list", "--json"] + backed.store).document()
                let backup = try #require((list["backups"] as? [[String: Any]])?.first)
                #expect(backup["state"] as? String == "verified" && backup["verified_at"] is String)

                // No place for it: that says nothing about the backup.
                let records = program.files(below: "backups").count { $0.contains("verified-") }
                let nowhere = try await program.run(verify + ["--scratch", scratch.path + "/absent"])
                #expect(nowhere.status == 1, "\(nowhere.output)")
                #expect(try nowhere.code()?.hasPrefix("scratch.") == true)
                #expect(nowhere.errors.contains("hint:"), "\(nowhere.errors)")
                #expect(program.files(below: "backups").count { $0.contains("verified-") } == records)
            }
        }
    }
}
