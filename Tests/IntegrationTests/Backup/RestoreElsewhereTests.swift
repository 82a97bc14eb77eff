import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests.Restores {
    /// Onto servers that differ from the one that was backed up.
    @Suite struct Elsewhere {
        private typealias Restores = BackupTests.Restores

        private static let shop = [
            "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL, facts JSON, seen TIMESTAMP"
                + " NOT NULL, KEY by_name (name), FULLTEXT KEY words (name)) DEFAULT CHARACTER SET utf8mb4",
            "INSERT INTO people (name, facts, seen) VALUES ('Zoë', '{\"a\": 1}', '2026-01-02 03:04:05'), ('Ærø', NULL,"
                + " '2026-01-02 03:04:05')",
            "CREATE TABLE orders (id INT PRIMARY KEY, who INT, total DECIMAL(10,2), CONSTRAINT of_whom FOREIGN KEY (who)"
                + " REFERENCES people (id))",
            "INSERT INTO orders VALUES (1, 1, 9.99)", "CREATE VIEW totals AS SELECT SUM(total) AS t FROM orders",
            "CREATE PROCEDURE hello() SELECT 'é' AS greeting",
        ]

        /// A database on one server, and the settings of one that is not there yet on the other.
        private static func withShop(
            _ flavour: LoopbackDatabase.Flavour, and more: [String] = [],
            _ body: (StoreFolder, BackupManifest, _ target: MySQLSettings) async throws -> Void
        ) async throws {
            let other = try #require(LoopbackDatabase.Flavour.allCases.first { $0 != flavour })
            let name = "t\(UInt32.random(in: 0 ... .max))"
            let target = try Databases.server(other)
            try await Databases.server(flavour).withDatabase { connection, source in
                let collation = flavour == .mysql ? "utf8mb4_0900_ai_ci" : "utf8mb4_uca1400_ai_ci"
                _ = try await connection.query(
                    "ALTER DATABASE \(try #require(source.address.database)) CHARACTER SET utf8mb4 COLLATE \(collation)"
                )
                for statement in shop + more { _ = try await connection.query(statement) }
                let folder = StoreFolder("shop", in: MemoryStore())
                let manifest = try await BackupTests.dump(source, to: folder)
                try await body(folder, manifest, target.settings(database: name))
            }
            try await target.run("DROP DATABASE IF EXISTS \(name)")
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func theOtherFamilyGetsEqualRows(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withShop(flavour) { folder, manifest, target in
                let outcome = try await Restore(target, manifest: manifest, source: folder, options: Restores.options())
                    .run()
                #expect(outcome.comparedTables == 2)
                #expect(outcome.warnings.contains { $0.contains("collation") }, "\(outcome.warnings)")
                try await MySQLConnection.with(target) { copy in
                    let total = try await copy.query("SELECT t FROM totals").text()
                    #expect(total == "9.99")
                    let greeting = try await copy.query("CALL hello()").text()
                    #expect(greeting == "é")
                    let name = try await copy.query("SELECT name FROM people WHERE name = 'zoe'").text()
                    #expect(name == "Zoë")
                    let made = try await copy.query("SHOW CREATE TABLE orders").text(0, 1)
                    #expect(made?.contains("of_whom") == true)
                }
            }
        }

        @Test func whatTheOtherFamilyRefusesIsNamed() async throws {
            let index = "CREATE TABLE modern (a INT, UNIQUE KEY ((a + 1)))"
            try await Self.withShop(.mysql, and: [index]) { folder, manifest, target in
                let error = try await Restores.refusal {
                    try await Restore(target, manifest: manifest, source: folder, options: Restores.options()).run()
                }
                #expect(error.code == "restore.statement" && !error.isRefusal)
                #expect(error.description.contains("`modern`") && error.description.contains("1-tables"))
                #expect(error.hint?.contains("--tables") == true)
                // The others come all the same, over what that attempt has left.
                let outcome = try await Restore(
                    target, manifest: manifest, source: folder,
                    options: Restores.options { options in
                        options.tables = ["people", "orders"]
                        options.overwrite = true
                    }
                ).run()
                #expect(outcome.comparedTables == 2)
            }
        }

        /// There is one version of each family here; a manifest can be of any.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func anOlderServerIsWarnedOf(flavour: LoopbackDatabase.Flavour) async throws {
            try await Restores.withBackup(flavour) { server, backup, _, target in
                var backup = backup
                let version = flavour == .mysql ? "99.1.0" : "99.1.0-MariaDB"
                backup.manifest.source.version = version
                let outcome = try await backup.restore(to: target)
                #expect(outcome.warnings.contains { $0.contains("older") && $0.contains("99.1.0") })
                try await server.run("DROP DATABASE \(try #require(target.address.database))")
                backup.manifest.source.version = flavour == .mysql ? "5.7.44" : "10.4.1-MariaDB"
                let newer = try await backup.restore(to: target)
                #expect(!newer.warnings.contains { $0.contains("older") })
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func theBinaryLogIsLeftOutUnlessReplicasReadIt(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try LoopbackDatabase(flavour, options: ["--log-bin=log", "--server-id=7"])
            try await Restores.withBackup(flavour) { _, backup, _, _ in
                let target = server.settings(database: "copy")
                func position() async throws -> [String?] {
                    try await MySQLConnection.with(server.settings()) { root in
                        let status = try await root.query(
                            flavour == .mysql ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS")
                        return [status.text(0, 0), status.text(0, 1)]
                    }
                }
                let before = try await position()
                _ = try await backup.restore(to: target, Restores.options { $0.skipBinlog = true })
                let after = try await position()
                #expect(after == before)

                // What a replica does: it asks for the log and waits for more.
                let folder = FileManager.default.temporaryDirectory
                    .appending(path: "bw-log-\(UUID().uuidString.prefix(8))")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                defer { try? FileManager.default.removeItem(at: folder) }
                let reader = flavour == .mysql ? "\(LoopbackDatabase.mysqlPrograms)/mysqlbinlog" : "mariadb-binlog"
                let replica = try ServerProcess(
                    [
                        reader, "--no-defaults", "--read-from-remote-server", "--stop-never", "--raw",
                        "--result-file=\(folder.path)/", "--host=\(server.place.address)",
                        "--port=\(server.place.port)", "--user=root", try #require(before[0]),
                    ], log: folder.appending(path: "log"))
                defer { replica.stop() }
                try await eventually("the replica to read") {
                    try await MySQLConnection.with(server.settings()) { root in
                        let commands = try await root.query("SHOW PROCESSLIST").texts("Command")
                        return commands.contains { $0?.hasPrefix("Binlog Dump") == true }
                    }
                }
                let error = try await Restores.refusal {
                    try await backup.restore(
                        to: server.settings(database: "other"), Restores.options { $0.skipBinlog = true })
                }
                #expect(error.code == "restore.replicas" && error.isRefusal)
                let databases = try await MySQLConnection.with(server.settings()) { root in
                    try await root.query("SHOW DATABASES").texts("Database")
                }
                #expect(databases.contains("copy") && !databases.contains("other"))
            }
        }
    }
}
