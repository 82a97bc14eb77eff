import Age
import BackupEngine
import CloudHTTP
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests {
    /// The built program's `backup` commands on real servers and stores.
    @Suite struct Commands {
        private static let password = "correct-horse-battery"

        /// A small shop on a server, whose user has a password.
        struct Shop {
            let program: BreakwaterProgram
            let server: LoopbackDatabase
            let name: String
            let root: MySQLSettings

            /// As `--from` has it, with the user who has a password.
            var url: String { "mysql://shopkeeper@\(server.place.address):\(server.place.port)/\(name)?tls=required" }
            var recipient: String { "\(BackupTests.identity.recipient)" }
            var environment: [String: String] { ["BREAKWATER_MYSQL_PASSWORD": Commands.password] }

            /// `--from … --recipient …`
            var source: [String] { ["--from", url, "--recipient", recipient] }

            /// Without the name of the database.
            var serverURL: String { url.replacing("/\(name)?", with: "/?") }

            /// Adds a table of 6 MB.
            func addPart(_ number: Int) async throws {
                try await MySQLConnection.with(root) { root in
                    let name = "part_\(number)"
                    _ = try await root.query("CREATE TABLE \(name) (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)")
                    _ = try await root.query("INSERT INTO \(name) (v) VALUES (REPEAT(UUID(), 40))")
                    for _ in 0..<12 {
                        _ = try await root.query("INSERT INTO \(name) (v) SELECT REPEAT(UUID(), 40) FROM \(name)")
                    }
                }
            }

            /// Adds a table that takes a while.
            func grow() async throws {
                try await MySQLConnection.with(root) { root in
                    _ = try await root.query("CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)")
                    _ = try await root.query("INSERT INTO big (v) VALUES (REPEAT(UUID(), 40))")
                    for _ in 0..<16 {
                        _ = try await root.query("INSERT INTO big (v) SELECT REPEAT(UUID(), 40) FROM big")
                    }
                }
            }
        }

        static func withShop(
            _ flavour: LoopbackDatabase.Flavour, _ body: (Shop) async throws -> Void
        ) async throws {
            let server = try Databases.server(flavour)
            try await server.withDatabase { root, settings in
                let name = try #require(settings.address.database)
                for statement in [
                    "CREATE TABLE wp_posts (ID BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, post_title TEXT) CHARACTER SET utf8mb4",
                    "INSERT INTO wp_posts (post_title) VALUES ('Hoodie'), ('Cap'), ('Élan 🛒')",
                    "CREATE TABLE wp_woocommerce_sessions (id INT PRIMARY KEY, v TEXT)",
                    "INSERT INTO wp_woocommerce_sessions VALUES (1, 'cart')",
                    "CREATE TABLE wp_scratch (id INT PRIMARY KEY)", "INSERT INTO wp_scratch VALUES (1)",
                    "CREATE USER IF NOT EXISTS shopkeeper@'%' IDENTIFIED BY '\(password)'",
                    "GRANT ALL ON *.* TO shopkeeper@'%'",
                ] { _ = try await root.query(statement) }
                try await body(
                    Shop(program: try BreakwaterProgram(), server: server, name: name, root: settings))
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func createListShowAndPrune(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withShop(flavour) { shop in
                let program = shop.program
                let store = ["--store", "dir:\(program.folder.path)/backups"]
                let create =
                    ["backup", "create", "--schema-only", "preset:woocommerce", "--exclude", "*_scratch", "--json"]
                    + shop.source + store
                let first = try await program.run(create, shop.environment)
                #expect(first.status == 0, "\(first.errors)")
                let made = try first.document()
                for key in [
                    "id", "database", "consistent", "position", "tables", "rows", "raw_bytes", "stored_bytes",
                    "duration_ms", "peak_memory_bytes",
                ] { #expect(made[key] != nil, "\(key)") }
                #expect(made["database"] as? String == shop.name)
                #expect(made["consistent"] as? Bool == true)
                #expect(made["tables"] as? Int == 2 && made["rows"] as? Int == 3)
                #expect(made["peak_memory_bytes"] as? Int ?? 0 > 1 << 20)
                let id = try #require(made["id"] as? String)

                let list = try await program.run(["backup", "list", "--json"] + store).document()
                let listed = try #require((list["backups"] as? [[String: Any]])?.first)
                #expect(listed["id"] as? String == id && listed["state"] as? String == "unverified")
                #expect(listed["stored_bytes"] as? Int == made["stored_bytes"] as? Int)
                let text = try await program.run(["backup", "list"] + store)
                #expect(text.status == 0 && text.output.contains(id) && text.errors == "", "\(text.errors)")

                let show = try await program.run(["backup", "show", String(id.prefix(16)), "--json"] + store).document()
                let manifest = try #require(show["backup"] as? [String: Any])
                #expect(manifest["id"] as? String == id)
                #expect(
                    (manifest["left_out"] as? [[String: Any]])?.first?["what"] as? String
                        == "rows of wp_woocommerce_sessions")
                let people = try await program.run(["backup", "show"] + store)
                #expect(people.output.contains("wp_posts") && people.output.contains("schema_only: preset:woocommerce"))

                // One copy is enough to read it: of the other store there are no keys.
                let one = try await program.run(
                    ["backup", "show", "--json", "--store", "s3://bucket?region=x"] + store)
                #expect(one.status == 0 && one.errors.contains("passed over"), "\(one.errors)")

                // A second one, of another second.
                try await Self.waitForAnotherSecond()
                let second = try await program.run(create, shop.environment).document()
                let prune = ["backup", "prune", "--keep-last", "1", "--json"] + store
                let before = program.files(below: "backups")
                let dry = try await program.run(prune).document()
                #expect(dry["applied"] as? Bool == false)
                #expect(program.files(below: "backups").count == before.count)
                let applied = try await program.run(prune + ["--apply"])
                #expect(applied.status == 0, "\(applied.errors)")
                let kept = program.files(below: "backups")
                #expect(
                    kept.allSatisfy { $0.contains(second["id"] as? String ?? "-") } && kept.count == before.count / 2)
            }
        }

        static func waitForAnotherSecond() async throws {
            let now = Int(Date().timeIntervalSince1970)
            while Int(Date().timeIntervalSince1970) == now { try await Task.sleep(for: .milliseconds(20)) }
        }

        @Test func fromATopologyToSeveralStores() async throws {
            try await Self.withShop(.mariadb) { shop in
                let program = shop.program
                _ = try program.write(Self.password + "\n", to: "db.password")
                _ = try program.write(
                    """
                    version: 1
                    store: shop
                    provider: local
                    mysql:
                      endpoint: \(shop.server.place.address):\(shop.server.place.port)
                      database: \(shop.name)
                      user: shopkeeper
                      password: file:\(program.folder.path)/db.password
                    backup:
                      to: ["dir:\(program.folder.path)/one", "dir:\(program.folder.path)/two"]
                      replicate_to: ["dir:\(program.folder.path)/absent/three"]
                      recipients: [\(shop.recipient)]
                      schedule: "0 3 * * *"
                      keep: { last: 1 }

                    """, to: "breakwater.yaml")
                let create = try await program.run(["backup", "create", "--json"])
                #expect(create.status == 4, "\(create.errors)")
                let stores = try #require(try create.document()["stores"] as? [[String: Any]])
                #expect(stores.compactMap { $0["stored"] as? Bool } == [true, true, false])
                let why = stores.last?["error"] as? String
                #expect(why?.contains("absent/three: the folder that it would be made in does not exist") == true)
                #expect(program.files(below: "one").sorted() == program.files(below: "two").sorted())

                let list = try await program.run(["backup", "list", "--json"])
                let backups = try #require(try list.document()["backups"] as? [[String: Any]])
                #expect((backups.first?["stores"] as? [String])?.count == 2)
                #expect(try list.document()["next_due"] is String)

                // Half of it in one of the required stores is lost: that is said, and the other one still has it.
                let manifest = try #require(program.files(below: "one").first { $0.hasSuffix("manifest.json") })
                try FileManager.default.removeItem(at: program.folder.appending(path: "one/\(manifest)"))
                let again = try await program.run(["backup", "list", "--json"]).document()
                let entry = try #require((again["backups"] as? [[String: Any]])?.first)
                #expect((entry["problems"] as? [String])?.contains { $0.contains("not in dir:") } == true)
                #expect(try await program.run(["backup", "show", "--json"]).status == 0)
                let prune = try await program.run(["backup", "prune", "--json"]).document()
                #expect((prune["stores"] as? [[String: Any]])?.count == 3)

                // A required store that cannot be written to: no backup anywhere.
                let refused = try await program.run([
                    "backup", "create", "--json", "--recipient", shop.recipient, "-f", "breakwater.yaml", "--store",
                    "dir:\(program.folder.path)/four", "--store", "dir:\(program.folder.path)/absent/five",
                ])
                #expect(refused.status == 1)
                #expect(program.files(below: "four") == [])
            }
        }

        @Test func howErrorsAreTold() async throws {
            try await Self.withShop(.mariadb) { shop in
                let program = shop.program
                let store = ["--store", "dir:\(program.folder.path)/backups"]
                let wrong = ["BREAKWATER_MYSQL_PASSWORD": "wrong"]
                let stranger = try Databases.certificates().strangersCA
                let absent = shop.url.replacing("/\(shop.name)", with: "/absent")
                let cases: [([String], [String: String], Int32, String)] = [
                    (["backup", "create"], [:], 2, "backup.no_place"),
                    (["backup", "create"] + store, [:], 2, "backup.no_database"),
                    (["backup", "create", "--from", shop.url] + store, [:], 2, "backup.no_recipient"),
                    (["backup", "create", "--from", "mysql://u:hunter2@h/x"] + store, [:], 2, "usage"),
                    (["backup", "create", "--recipient", "age1x", "--from", shop.url] + store, [:], 2, "usage"),
                    (
                        ["backup", "create", "--exclude", "preset:woocommerce"] + shop.source + store,
                        shop.environment, 2, "usage"
                    ),
                    (["backup", "create"] + shop.source + store, wrong, 1, "mysql.access_denied"),
                    (
                        ["backup", "create", "--from", absent, "--recipient", shop.recipient] + store,
                        shop.environment, 1, "mysql.unknown_database"
                    ),
                    (
                        [
                            "backup", "create", "--recipient", shop.recipient, "--from",
                            shop.url.replacing("tls=required", with: "tls=verify-ca&ca=\(stranger)"),
                        ] + store, shop.environment, 1, "mysql.tls_failed"
                    ),
                    (
                        ["backup", "create", "--password-file", "absent"] + shop.source + store, [:], 1,
                        "secret.unavailable"
                    ),
                    (["backup", "create"] + shop.source + ["--store", "s3://bucket"], [:], 2, "usage"),
                    (
                        ["backup", "create"] + shop.source + ["--store", "s3://bucket?region=x"], shop.environment, 1,
                        "secret.unavailable"
                    ),
                    (["backup", "show"] + store, [:], 1, "backup.none"),
                    (["backup", "prune", "--keep-last", "0"] + store, [:], 3, "backup.keep_empty"),
                    (["restore", "latest", "--to", shop.url] + store, [:], 2, "age.no_identity"),
                    (["restore", "latest"] + store, [:], 2, "restore.no_target"),
                    (["restore", "latest", "--until", "2026-03-01"] + store, [:], 2, "usage"),
                    (["restore", "latest", "--flip", "--tables", "a"] + store, [:], 2, "usage"),
                    (["restore", "--flip-only"] + store, [:], 2, "usage"),
                ]
                for (arguments, environment, status, code) in cases {
                    let outcome = try await program.run(arguments + ["--json"], environment)
                    #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
                    #expect(try outcome.code() == code, "\(arguments): \(outcome.errors)")
                    // Where it was, too.
                    if code.hasPrefix("mysql.") {
                        let place = shop.server.place
                        #expect(outcome.errors.contains("@\(place.address):\(place.port)/"), "\(outcome.errors)")
                    }
                    if code == "backup.none" { #expect(outcome.errors.contains("looked in \(store[1])")) }
                    for secret in ["hunter2", "wrong", Self.password] {
                        #expect(!outcome.errors.replacing("wrong ", with: "").contains(secret), "\(arguments)")
                    }
                }
                #expect(program.files(below: "backups") == [])
            }
        }

        /// What a list of processes, a log or a stored file shows to others.
        @Test func secretsAreInNoArgumentAndInNoOutput() async throws {
            try await Self.withShop(.mysql) { shop in
                let program = shop.program
                let file = try program.write(Self.password + "\n", to: "db.password")
                let running = try program.start(
                    ["backup", "create", "--store", "dir:\(program.folder.path)/backups", "--password-file", file]
                        + shop.source)
                let line = try Data(contentsOf: URL(filePath: "/proc/\(running.process.processIdentifier)/cmdline"))
                #expect(!String(decoding: line, as: UTF8.self).contains(Self.password))
                let outcome = try await running.outcome()
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(!(outcome.output + outcome.errors).contains(Self.password))
                for name in program.files(below: "backups") {
                    let data = try Data(contentsOf: program.folder.appending(path: "backups/\(name)"))
                    #expect(
                        data.range(of: Data(Self.password.utf8)) == nil && data.range(of: Data("Hoodie".utf8)) == nil)
                }
            }
        }

        @Test(.timeLimit(.minutes(3)), arguments: LoopbackDatabase.Flavour.allCases)
        func interruptedItLeavesNothing(_ flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withShop(flavour) { shop in
                try await shop.grow()
                let program = shop.program
                let running = try program.start(
                    ["backup", "create", "--json", "--store", "dir:\(program.folder.path)/backups"] + shop.source,
                    shop.environment)
                let pid = running.process.processIdentifier
                // Rows are on their way when a file of theirs is there.
                while !program.files(below: "backups").contains(where: { $0.contains("2-rows") }) {
                    try #require(running.process.isRunning)
                    try await Task.sleep(for: .milliseconds(5))
                }
                kill(pid, SIGINT)
                let outcome = try await running.outcome()
                #expect(outcome.status == 130, "\(outcome.errors)")
                #expect(try outcome.code() == "interrupted")
                #expect(program.files(below: "backups") == [])
                #expect(try await Self.sessions(of: "shopkeeper", on: shop.server) == 0)
            }
        }

        /// A killed process cannot tidy up: its objects are no backup, and go when they are old.
        @Test(.timeLimit(.minutes(3))) func whatAKilledProcessLeavesIsPrunedLater() async throws {
            try await Self.withShop(.mariadb) { shop in
                try await shop.grow()
                let program = shop.program
                let store = ["--store", "dir:\(program.folder.path)/backups", "--json"]
                let running = try program.start(["backup", "create"] + shop.source + store, shop.environment)
                while !program.files(below: "backups").contains(where: { $0.contains("2-rows") }) {
                    try #require(running.process.isRunning)
                    try await Task.sleep(for: .milliseconds(5))
                }
                running.kill(SIGKILL)
                try await running.ended()
                let left = program.files(below: "backups")
                #expect(left.contains { $0.contains("1-tables") } && !left.contains { $0.contains("manifest") })
                let list = try await program.run(["backup", "list"] + store).document()
                #expect((list["backups"] as? [Any])?.isEmpty == true)
                #expect((list["unfinished"] as? [Any])?.count == 1)
                let show = try await program.run(["backup", "show"] + store)
                #expect(try show.code() == "backup.none")

                // Somebody's file is none of ours, however old.
                try FileManager.default.createDirectory(
                    at: program.folder.appending(path: "backups/notes"), withIntermediateDirectories: false)
                _ = try program.write("", to: "backups/notes/mine")
                let prune = ["backup", "prune", "--apply"] + store
                let young = try await program.run(prune)
                #expect(young.status == 0, "\(young.errors)")
                #expect(program.files(below: "backups").count == left.count + 1)
                try Self.age(program.folder.appending(path: "backups"), of: shop.name)
                let old = try await program.run(prune)
                #expect(old.status == 0, "\(old.errors)")
                #expect(program.files(below: "backups") == ["notes/mine"])
            }
        }

        /// Makes everything in the store as old as if it had been written years ago.
        private static func age(_ store: URL, of database: String) throws {
            let files = FileManager.default
            let folder = store.appending(path: database)
            let name = try #require(try files.contentsOfDirectory(atPath: folder.path).first)
            let aged = folder.appending(path: "20200101T030000Z-0001")
            try files.moveItem(at: folder.appending(path: name), to: aged)
            let paths = files.enumerator(at: store, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
            for path in paths {
                try files.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1_577_836_800)], ofItemAtPath: path.path)
            }
        }

        private static func sessions(of user: String, on server: LoopbackDatabase) async throws -> Int {
            let deadline = ContinuousClock.now + .seconds(20)
            var count = -1
            repeat {
                count = try await MySQLConnection.with(server.settings()) { root in
                    let sessions = try await root.query(
                        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '\(user)'")
                    return Int(sessions.text() ?? "") ?? -1
                }
                if count == 0 { break }
                try await Task.sleep(for: .milliseconds(50))
            } while ContinuousClock.now < deadline
            return count
        }
    }
}
