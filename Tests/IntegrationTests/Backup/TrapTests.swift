import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import RecoveryCore
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
