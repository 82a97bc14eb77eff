import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import RecoveryCore
import Synchronization
import Testing
import Topology

extension BackupTests {
    /// Traps that need a server of their own, or are in no torture schema.
    @Suite struct Traps {
        /// A database `shop` on a server that may be spoiled, made of these statements, and an empty store.
        private static func withServer(
            _ flavour: LoopbackDatabase.Flavour, options: [String] = [], _ statements: [String],
            _ body: (LoopbackDatabase, MySQLSettings, StoreFolder) async throws -> Void
        ) async throws {
            let server = try await onThread { try LoopbackDatabase(flavour, options: options) }
            try await server.run("CREATE DATABASE shop")
            let shop = server.settings(database: "shop")
            try await MySQLConnection.with(shop) { connection in
                for statement in statements { _ = try await connection.query(statement) }
            }
            try await body(server, shop, StoreFolder("shop", in: MemoryStore()))
        }

        private static let key = RestoreOptions.Key.identities([BackupTests.identity])

        /// A folder of this machine in a definition: of the server that is backed up, and of no other.
        @Test(.timeLimit(.minutes(2)), arguments: LoopbackDatabase.Flavour.allCases)
        func foldersInDefinitionsAreOfTheOldServer(flavour: LoopbackDatabase.Flavour) async throws {
            let outside = try ScratchServerTests.Folder()
            let disk = outside.path + "/disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
            func files() -> [String] {
                (FileManager.default.enumerator(atPath: disk)?.compactMap { $0 as? String } ?? []).sorted()
            }
            let options = flavour == .mysql ? ["--innodb-directories=\(disk)"] : []
            let statements = [
                "CREATE TABLE far (id INT PRIMARY KEY, v INT, KEY (v)) DATA DIRECTORY = '\(disk)'",
                "INSERT INTO far VALUES (1, 2), (3, 4)",
                "CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY HASH (id)"
                    + " (PARTITION a DATA DIRECTORY = '\(disk)', PARTITION b)", "INSERT INTO parts VALUES (1), (2)",
            ]
            try await Self.withServer(flavour, options: options, statements) { server, shop, folder in
                let manifest = try await BackupTests.dump(shop, to: folder)
                let before = files()
                #expect(before.contains { $0.contains("far") } && before.contains { $0.contains("parts") })
                // A scratch server writes nowhere else.
                let record = try await Verification(
                    manifest, source: folder, key: Self.key, in: .scratch(outside.options), records: folder
                ).run()
                #expect(record.failures == [], "\(record)")
                #expect(files() == before)
                // Where it is taken, it stays.
                let copy = server.settings(database: "copy")
                let outcome = try await Restore(
                    copy, manifest: manifest, source: folder, options: RestoreOptions(key: Self.key)
                ).run()
                #expect(!outcome.warnings.contains { $0.contains("DIRECTORY") })
                #expect(files().contains { $0.contains("copy") })
                // Where it is not, it is left out, and that is said.
                try await server.run("DROP DATABASE copy", "DROP DATABASE shop")
                try FileManager.default.removeItem(atPath: disk)
                try Data().write(to: URL(filePath: disk))
                let without = try await Restore(
                    copy, manifest: manifest, source: folder, options: RestoreOptions(key: Self.key)
                ).run()
                for table in ["far", "parts"] {
                    #expect(
                        without.warnings.contains { $0.hasPrefix("table \(table): without DATA DIRECTORY") },
                        "\(without.warnings)")
                }
                #expect(without.comparedTables == 2 && without.rows == 4)
            }
        }

        @Test func aStatementThatTheServerWouldRefuseIsSaidBefore() async throws {
            let statements = [
                "CREATE TABLE big (id INT PRIMARY KEY, b LONGBLOB)", "INSERT INTO big VALUES (1, REPEAT('x', 3000000))",
            ]
            try await Self.withServer(.mariadb, statements) { server, shop, folder in
                let manifest = try await BackupTests.dump(shop, to: folder)
                try await server.run("SET GLOBAL max_allowed_packet = 2097152")
                let error = try await BackupTests.Restores.refusal {
                    try await Restore(
                        server.settings(database: "copy"), manifest: manifest, source: folder,
                        options: RestoreOptions(key: Self.key)
                    ).run()
                }
                #expect(error.code == "restore.packet_limit" && error.isRefusal)
                #expect(error.description.contains("big") && error.hint?.contains("max_allowed_packet") == true)
                let missing = try await mysqlError { try await server.run("USE copy") }
                #expect(missing.kind == .unknownDatabase, "nothing was changed")
            }
        }

        /// MERGE shows the rows of other tables, which would come twice; BLACKHOLE has none.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func rowsOfOtherTablesAreNotTakenTwice(flavour: LoopbackDatabase.Flavour) async throws {
            let statements = [
                "CREATE TABLE one (a INT, KEY (a)) ENGINE = MyISAM", "INSERT INTO one VALUES (1), (2)",
                "CREATE TABLE all_of_them (a INT, KEY (a)) ENGINE = MRG_MyISAM UNION = (one) INSERT_METHOD = LAST",
            ]
            try await Self.withServer(flavour, statements) { server, shop, folder in
                let manifest = try await BackupTests.dump(shop, to: folder)
                #expect(manifest.rows == 2)
                #expect(manifest.leftOut.contains { $0.what == "rows of all_of_them" && $0.why.contains("engine") })
                let copy = server.settings(database: "copy")
                _ = try await Restore(
                    copy, manifest: manifest, source: folder, options: RestoreOptions(key: Self.key)
                ).run()
                try await MySQLConnection.with(copy) { copy in
                    for table in ["one", "all_of_them"] {
                        let count = try await copy.query("SELECT COUNT(*) FROM \(table)").text()
                        #expect(count == "2", "\(table)")
                    }
                }
            }
        }

        /// A long statement fails the backup; the shop, which waits behind the lock that is asked for, goes on in between.
        @Test(.timeLimit(.minutes(2))) func aLockThatIsNotGrantedIsGivenUp() async throws {
            let tables = ["CREATE TABLE busy (a INT)", "CREATE TABLE free (a INT)"]
            try await Self.withServer(.mysql, tables) { _, shop, folder in
                try await MySQLConnection.with(shop) { busy in
                    _ = try await busy.query("LOCK TABLES busy WRITE")
                    let written = InvariantShop.Count()
                    let error = await withThrowingTaskGroup(of: DumpError?.self) { group in
                        group.addTask {
                            try await MySQLConnection.with(shop) { writer in
                                while !Task.isCancelled {
                                    _ = try await writer.query("INSERT INTO free VALUES (1)")
                                    written.add()
                                    try await Task.sleep(for: .milliseconds(200))
                                }
                            }
                            return nil
                        }
                        let error = await #expect(throws: DumpError.self) {
                            try await BackupTests.dump(shop, to: folder)
                        }
                        group.cancelAll()
                        return error
                    }
                    guard case .lockTimedOut? = error else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                    #expect(error?.hint?.contains("PROCESSLIST") == true)
                    #expect(written.value > 5, "nothing but the lock's turns")
                }
            }
        }

        /// There is a backup from the moment on that its manifest is where it must be. Who is interrupted after that is
        /// told so, and not that there is none.
        @Test(.timeLimit(.minutes(2))) func anInterruptionThatComesTooLateIsNone() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                let server = try await onThread { try ObjectServer() }
                defer { server.stop() }
                let bucket = try await Bucket(on: server, "copies")
                let victim = Atomic<Int32>(0)
                let proxy = try FaultyProxy(before: server.place) { request in
                    guard request.method == "PUT", request.target.contains("manifest") else { return nil }
                    kill(victim.load(ordering: .relaxed), SIGTERM)
                    return .late(milliseconds: 500)
                }
                defer { proxy.stop() }
                let place = "dir:\(shop.program.folder.path)/required"
                let file = try shop.program.write(
                    """
                    version: 1
                    store: shop
                    provider: local
                    mysql:
                      endpoint: \(shop.server.place.address):\(shop.server.place.port)
                      database: \(shop.name)
                      user: shopkeeper
                    backup:
                      to: ["\(place)"]
                      replicate_to: ["\(bucket.url(at: proxy.place))"]
                      recipients: [\(shop.recipient)]

                    """, to: "late.yaml")
                let running = try shop.program.start(
                    ["backup", "create", "-f", file, "--json"],
                    shop.environment.merging(bucket.environment) { $1 })
                victim.store(running.process.processIdentifier, ordering: .relaxed)
                let outcome = try await running.outcome()
                #expect(outcome.status == 4, "\(outcome.errors)")
                let list = try await shop.program.run(["backup", "list", "--store", place, "--json"]).document()
                let listed = (list["backups"] as? [[String: Any]])?.map { $0["id"] as? String }
                let made = try outcome.document()["id"] as? String
                #expect(made != nil && listed == [made])
            }
        }

        /// `mariadb-dump` writes a first line that other clients take for an error: ours are plain SQL from the first
        /// byte to the last.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func noObjectHasALineForOneClientAlone(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { _, source, _ in
                let destination = MemoryDestination()
                _ = try await BackupTests.dump(source, to: destination)
                let folder = try ScratchServerTests.Folder()
                let key = folder.path + "/key"
                try Data(BackupTests.identity.encoded().utf8).write(to: URL(filePath: key))
                for (name, bytes) in destination.objects where name.hasSuffix(".age") {
                    let file = folder.path + "/object"
                    try Data(bytes.readableBytesView).write(to: URL(filePath: file))
                    let text = try output(of: [
                        "sh", "-c", "age -d -i \"$1\" \"$2\" | zstd -d | tr -d '\\000'", "text", key, file,
                    ])
                    let words = ["SET ", "CREATE ", "START ", "/*!"]
                    #expect(words.contains { text.hasPrefix($0) }, "\(name): \(text.prefix(80))")
                    #expect(!text.contains("/*M!999999") && !text.contains("\ndelimiter "), "\(name)")
                }
            }
        }
    }
}
