import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing

extension BackupTests.Commands {
    /// What goes wrong, as the user of the built program hears of it: where, why, and what to do.
    @Suite struct Faults {
        private typealias Commands = BackupTests.Commands

        /// An error of `--json`: its document, with a hint, and the same for people.
        private static func told(
            _ outcome: BreakwaterProgram.Outcome, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> (code: String, message: String, hint: String) {
            let error = try #require(
                try outcome.document()["error"] as? [String: Any], "\(outcome)", sourceLocation: sourceLocation)
            let parts = ["code", "message", "hint"].map { error[$0] as? String ?? "" }
            #expect(parts.allSatisfy { !$0.isEmpty }, "\(outcome)", sourceLocation: sourceLocation)
            for part in parts { #expect(outcome.errors.contains(part), sourceLocation: sourceLocation) }
            return (parts[0], parts[1], parts[2])
        }

        @Test func aKeyThatOpensNothingHearsWhoseDoes() async throws {
            try await Commands.Restoring.withBackup(.mariadb) { shop, backed in
                let program = shop.program
                let stranger = try program.write(X25519Identity().encoded() + "\n", to: "stranger.txt")
                for command in [["restore", "--to", shop.serverURL], ["backup", "verify", "--on", shop.serverURL]] {
                    let outcome = try await program.run(
                        command + ["--identity", stranger, "--json"] + backed.store, shop.environment)
                    #expect(outcome.status == 1)
                    let (code, message, hint) = try Self.told(outcome)
                    #expect(code == "restore.key")
                    #expect(message.contains("none of the identities") && hint.contains(shop.recipient))
                }
                // It says nothing about the backup.
                #expect(program.files(below: "backups").contains { $0.contains("verified") } == false)
                let databases = try await MySQLConnection.with(shop.root) { root in
                    try await root.query("SHOW DATABASES LIKE '\(shop.name)\\_%'").rows.count
                }
                #expect(databases == 0)
            }
        }

        /// Answers that no server gives unless time or keys are changed under it, as S3 gives them.
        @Test(arguments: [
            ("ExpiredToken", "store.credentials_expired", ["expired"], "AWS_SESSION_TOKEN"),
            ("InvalidAccessKeyId", "store.unknown_access_key", ["access key AKIA1"], "AWS_ACCESS_KEY_ID"),
            (
                "RequestTimeTooSkewed", "store.clock_skewed", ["2020-03-01T03:00:00Z", "ahead of the store's"],
                "set-ntp"
            ),
        ])
        func aStoreThatRefusesIsQuoted(answer: String, code: String, words: [String], hint: String) async throws {
            try await Commands.withShop(.mysql) { shop in
                try await ScriptedHTTPServer.with { _, _ in
                    .status(
                        403, headers: [("Date", "Sun, 01 Mar 2020 03:00:00 GMT")],
                        text: "<?xml version=\"1.0\"?><Error><Code>\(answer)</Code><Message>No</Message></Error>")
                } _: { server in
                    let store = "s3://backups/shop?endpoint=http://127.0.0.1:\(server.port)&region=nyc3"
                    let keys = Bucket.environment(("AKIA1", "not-to-be-seen"))
                    let key = try shop.program.write(BackupTests.identity.encoded() + "\n", to: "key.txt")
                    for command in [
                        ["backup", "create"] + shop.source, ["backup", "list"], ["backup", "show"],
                        ["backup", "prune", "--keep-last", "1"],
                        ["restore", "--identity", key, "--to", shop.serverURL],
                    ] {
                        let outcome = try await shop.program.run(
                            command + ["--json", "--store", store], shop.environment.merging(keys) { $1 })
                        #expect(outcome.status == 1, "\(command)")
                        let told = try Self.told(outcome)
                        #expect(told.code == code, "\(command): \(told)")
                        #expect(words.allSatisfy(told.message.contains), "\(command): \(told)")
                        #expect(told.hint.contains(hint), "\(command): \(told)")
                        #expect(!(outcome.output + outcome.errors).contains("not-to-be-seen"))
                    }
                    let skewed = Date().formatted(.iso8601).prefix(10)
                    if code == "store.clock_skewed" {
                        let outcome = try await shop.program.run(
                            ["backup", "list", "--store", store], shop.environment.merging(keys) { $1 })
                        #expect(outcome.errors.contains(skewed), "this machine's time: \(outcome.errors)")
                    }
                }
            }
        }

        @Test(.enabled(if: geteuid() == 0, "only root mounts a small disk"))
        func aFullDiskIsSaidAndHasNoBackup() async throws {
            try await Commands.withShop(.mariadb) { shop in
                for part in 0..<2 { try await shop.addPart(part) }
                let disk = try SmallDisk(mebibytes: 1)
                // What is left of it is too little.
                try Data(count: 1000 << 10).write(to: URL(filePath: disk.path + "/others"))
                let store = ["--store", "dir:\(disk.path)/backups", "--json"]
                let outcome = try await shop.program.run(["backup", "create"] + shop.source + store, shop.environment)
                #expect(outcome.status == 1)
                let (code, message, hint) = try Self.told(outcome)
                #expect(code == "store.full" && message.contains("no room left") && hint.contains("make room"))
                let list = try await shop.program.run(["backup", "list"] + store)
                #expect((try list.document()["backups"] as? [Any])?.isEmpty == true, "\(list.errors)")
                let left = FileManager.default.enumerator(atPath: disk.path)?.compactMap { $0 as? String } ?? []
                #expect(left.filter { $0.contains(".age") || $0.contains(".json") } == [])
            }
        }

        /// The hint is a command that works.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aDamagedObjectIsNamedAndTheOthersComeBack(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Commands.Restoring.withBackup(flavour) { shop, backed in
                let program = shop.program
                let name = try #require(program.files(below: "backups").first { $0.contains("wp_posts") })
                let file = program.folder.appending(path: "backups/\(name)")
                var bytes = try Data(contentsOf: file)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: file)
                let restore =
                    ["restore", "--identity", backed.identity, "--to", shop.serverURL, "--json"] + backed.store
                let outcome = try await program.run(restore, shop.environment)
                #expect(outcome.status == 1)
                let (code, message, hint) = try Self.told(outcome)
                #expect(code == "restore.object_damaged")
                #expect(message.contains("2-rows/") && message.contains("rows of the table wp_posts"), "\(message)")
                let options = try #require(hint.split(separator: ": ").last?.split(separator: " ").map(String.init))
                #expect(options == ["--overwrite", "--tables", "wp_scratch,wp_woocommerce_sessions"], "\(hint)")
                let rest = try await program.run(restore + options, shop.environment)
                #expect(rest.status == 0, "\(rest.errors)")
                let document = try rest.document()
                #expect(document["tables"] as? Int == 2 && document["verified"] as? Bool == true)
                // What everything needs is a matter of another backup.
                let tables = try #require(program.files(below: "backups").first { $0.contains("1-tables") })
                try FileManager.default.removeItem(at: program.folder.appending(path: "backups/\(tables)"))
                let lost = try Self.told(try await program.run(restore, shop.environment))
                #expect(lost.code == "restore.object_missing" && lost.hint.contains("another backup"))
                if let database = document["database"] as? String {
                    try await shop.server.run("DROP DATABASE `\(database)`")
                }
            }
        }

        /// A manifest of a version that this program does not read.
        @Test(arguments: [(99, "of format version 99"), (0, "of format version 0")])
        func anotherFormatVersionIsNotGuessedAt(version: Int, says: String) async throws {
            try await Commands.Restoring.withBackup(.mariadb) { shop, backed in
                let program = shop.program
                let name = try #require(program.files(below: "backups").first { $0.hasSuffix("manifest.json") })
                let file = program.folder.appending(path: "backups/\(name)")
                let text = try String(contentsOf: file, encoding: .utf8)
                let changed = text.replacing("\"format_version\" : 1", with: "\"format_version\" : \(version)")
                try #require(changed != text)
                try Data(changed.utf8).write(to: file)
                let list = try await program.run(["backup", "list", "--json"] + backed.store).document()
                let listed = try #require((list["backups"] as? [[String: Any]])?.first)
                #expect(listed["state"] as? String == "unreadable")
                #expect((listed["problems"] as? [String])?.contains { $0.contains(says) } == true, "\(listed)")
                let before = program.files(below: "backups").sorted()
                for command in [
                    ["backup", "show"], ["restore", "--identity", backed.identity, "--to", shop.serverURL],
                    ["backup", "verify", "--identity", backed.identity, "--on", shop.serverURL],
                ] {
                    let outcome = try await program.run(command + ["--json"] + backed.store, shop.environment)
                    let told = try Self.told(outcome)
                    #expect(outcome.status == 1 && told.code == "backup.manifest_unreadable")
                    #expect(told.message.contains(says) && told.message.contains("reads 1"), "\(told)")
                }
                let prune = try await program.run(
                    ["backup", "prune", "--keep-last", "1", "--apply", "--json"] + backed.store)
                #expect(prune.status == 0, "\(prune.errors)")
                #expect(program.files(below: "backups").sorted() == before)
            }
        }

        /// Format1 is a backup of a MariaDB as the first version that made backups wrote it, with the key that opens it and
        /// nothing else. Every later version has to restore it.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aBackupOfTheFirstFormatIsRestored(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Commands.withShop(flavour) { shop in
                let program = shop.program
                let kept = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Format1")
                // A copy, so that nothing can be written to it; and the key for its owner alone.
                try FileManager.default.copyItem(at: kept, to: program.folder.appending(path: "backups"))
                let text = try String(contentsOf: kept.appending(path: "identity"), encoding: .utf8)
                let identity = try program.write(text, to: "key.txt")
                let outcome = try await program.run(
                    [
                        "restore", "--identity", identity, "--to",
                        shop.url.replacing("/\(shop.name)?", with: "/\(shop.name)_1?"),
                        "--store", "dir:\(program.folder.path)/backups", "--json",
                    ], shop.environment)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let document = try outcome.document()
                #expect(document["verified"] as? Bool == true && document["rows"] as? Int == 6)
                try await MySQLConnection.with(shop.server.settings(database: "\(shop.name)_1")) { copy in
                    let rows = try await copy.query(
                        "SELECT GROUP_CONCAT(CONCAT_WS(' ', id, name, HEX(photo), born) ORDER BY id) FROM people")
                    #expect(rows.text() == "1 Zoë 00FF27 1999-12-31,2 Ærø 0000-00-00,3 🛒 ")
                    let total = try await copy.query("SELECT t FROM totals").text()
                    #expect(total == "29.99")
                    let greeting = try await copy.query("CALL hello()").text()
                    #expect(greeting == "é")
                    _ = try await copy.query("INSERT INTO people (name) VALUES ('new')")
                    _ = try await copy.query("INSERT INTO orders (id, who, total) VALUES (9, 70, -5)")
                    let positive = try await copy.query("SELECT total FROM orders WHERE id = 9").text()
                    #expect(positive == "5.00", "the trigger, and the number that was next")
                }
                try await shop.server.run("DROP DATABASE `\(shop.name)_1`")
            }
        }

        @Test(.timeLimit(.minutes(4)), arguments: LoopbackDatabase.Flavour.allCases)
        func aKilledRestoreGoesOn(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Commands.Restoring.withBackup(flavour, parts: 5) { shop, backed in
                let program = shop.program
                let restore =
                    ["restore", "--identity", backed.identity, "--to", shop.serverURL, "--json"] + backed.store
                let running = try program.start(restore, shop.environment)
                let database = "\(shop.name)_\(backed.id.lowercased().replacing("-", with: "_"))"
                try await MySQLConnection.with(shop.root) { root in
                    try await eventually("a part to be restored") {
                        let count = try? await root.query(
                            "SELECT COUNT(*) FROM `\(database)`.__breakwater_restore WHERE step LIKE '2-rows/%'"
                        ).text()
                        try #require(running.process.isRunning)
                        return count.map { $0 != "0" } ?? false
                    }
                }
                kill(running.process.processIdentifier, SIGKILL)
                try await onThread { running.process.waitUntilExit() }
                // A restore of something else does not mix with it.
                let other = try await program.run(restore + ["--tables", "wp_posts"], shop.environment)
                #expect(other.status == 3)
                #expect(try Self.told(other).code == "restore.other_restore")
                let again = try await program.run(restore, shop.environment)
                #expect(again.status == 0, "\(again.errors)")
                let document = try again.document()
                #expect(document["resumed_objects"] as? Int ?? 0 > 0, "\(document)")
                #expect(document["verified"] as? Bool == true && document["tables"] as? Int == 8)
                try await shop.server.run("DROP DATABASE `\(database)`")
            }
        }
    }
}
