import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Synchronization
import Testing
import Topology

extension BackupTests {
    /// What happens to the server during a dump.
    @Suite struct ServerFaults {
        private static func options() -> DumpOptions { BackupTests.options { $0.chunkBytes = 32 << 10 } }

        /// Somebody ends a connection that reads.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aConnectionThatIsKilledFailsTheDump(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await InvariantShop.with(server) { shop, _ in
                let isDone = Atomic(false)
                let destination = MemoryDestination { name in
                    guard name.hasPrefix("2-rows"), !isDone.exchange(true, ordering: .relaxed) else { return }
                    try await MySQLConnection.with(server.settings()) { root in
                        let threads = try await root.query(
                            "SELECT id FROM information_schema.PROCESSLIST WHERE db = '\(shop.address.database ?? "")'")
                        for id in threads.rows.indices.compactMap({ threads.text($0, 0) }) {
                            _ = try? await root.query("KILL \(id)")
                        }
                    }
                }
                let error = await #expect(throws: (any Error).self) {
                    try await BackupTests.dump(shop, to: destination, Self.options())
                }
                #expect(!(error is CancellationError))
                #expect(destination.objects.isEmpty)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aServerThatDiesFailsTheDump(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try await onThread { try LoopbackDatabase(flavour) }
            try await server.run("CREATE DATABASE shop")
            let shop = server.settings(database: "shop")
            try await MySQLConnection.with(shop) { connection in
                for statement in InvariantShop.schema { _ = try await connection.query(statement) }
            }
            let destination = MemoryDestination { name in
                if name.hasPrefix("2-rows") { server.process.signal(SIGKILL) }
            }
            let error = await #expect(throws: DumpError.self) {
                try await BackupTests.dump(shop, to: destination, Self.options())
            }
            #expect(error?.description.hasPrefix("table ") == true, "\(String(describing: error))")
            #expect(destination.objects.isEmpty)
        }

        /// How a snapshot is taken is a matter of what the user may do.
        struct Method: Sendable, CustomTestStringConvertible {
            var flavour: LoopbackDatabase.Flavour
            var method: SnapshotPlan.Method
            var privileges: String?
            var testDescription: String { "\(flavour) \(method.rawValue)" }

            private static let reading = "SELECT, SHOW VIEW, TRIGGER, EVENT"
            static let all: [Method] = LoopbackDatabase.Flavour.allCases.flatMap { flavour in
                [
                    Method(flavour: flavour, method: flavour == .mariadb ? .backupStages : .globalReadLock),
                    Method(flavour: flavour, method: .tableLocks, privileges: "\(reading), LOCK TABLES"),
                    Method(flavour: flavour, method: .singleConnection, privileges: reading),
                ]
            }
        }

        /// Three customers buy and pay all the time; what is restored is one moment of that.
        @Test(arguments: Method.all)
        func aBackupUnderWritersIsOneMoment(method: Method) async throws {
            let server = try Databases.server(method.flavour)
            try await InvariantShop.with(server) { shop, copy in
                let database = shop.address.database ?? ""
                var user = shop
                if let privileges = method.privileges {
                    try await server.run(
                        "CREATE USER moment@'%' IDENTIFIED BY 'x'", "GRANT \(privileges) ON \(database).* TO moment@'%'"
                    )
                    user = server.settings(user: "moment", password: "x", database: database, tls: .required)
                    user.address.ca = nil
                }
                let orders = InvariantShop.Count()
                let destination = MemoryDestination()
                let manifest = try await withThrowingTaskGroup { group in
                    for _ in 0..<3 { group.addTask { try await InvariantShop.buy(shop, counting: orders) } }
                    try await eventually("30 orders") { orders.value >= 30 }
                    let options = BackupTests.options {
                        $0.chunkBytes = 32 << 10
                        $0.threads = 3
                    }
                    let manifest = try await BackupTests.dump(user, to: destination, options)
                    let before = orders.value
                    try await eventually("more orders") { orders.value > before + 5 }
                    group.cancelAll()
                    return manifest
                }
                if method.privileges != nil { try await server.run("DROP USER moment@'%'") }
                #expect(manifest.snapshot.method == method.method)
                #expect(manifest.snapshot.consistent)
                try BackupTests.restore(destination.objects, into: try #require(copy.address.database), of: server)
                try await MySQLConnection.with(copy) { copy in
                    try await InvariantShop.check(copy)
                    #expect(try await copy.query("SELECT COUNT(*) > 900 FROM orders").text() == "1")
                    try await copy.apply(.dump)
                    for table in try await SchemaReader(copy).read().tables {
                        let wanted = manifest.tables.first { $0.name == table.name }
                        let answer = try await copy.query(
                            DigestQuery(table: table.name, columns: try Self.codecs(table)).statement)
                        let computed = DigestQuery.digest(from: (0..<6).map { answer.text(0, $0) })
                        #expect(computed?.digest == wanted?.digest && computed != nil, "\(table.name)")
                    }
                }
            }
        }

        static func codecs(_ table: TableSchema) throws -> [ColumnCodec] {
            try table.storedColumns.map {
                try ColumnCodec(
                    name: $0.name, dataType: $0.dataType, columnType: $0.columnType, characterSet: $0.characterSet)
            }
        }

        /// Rows as large as the server takes, of which digits would make statements that it refuses.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func rowsOfTwentyMegabytes(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try await onThread { try LoopbackDatabase(flavour, options: ["--max-allowed-packet=24M"]) }
            try await server.run("CREATE DATABASE shop", "CREATE DATABASE copy")
            let shop = server.settings(database: "shop")
            try await MySQLConnection.with(shop) { connection in
                for statement in [
                    "CREATE TABLE big (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT CHARACTER SET latin1)",
                    "INSERT INTO big VALUES (1, REPEAT(0x00FF27E4, 5000000), NULL), (2, NULL, REPEAT(_latin1 0xE45C, 5500000))",
                ] { _ = try await connection.query(statement) }
                // Longer than the server's functions may return now.
                _ = try await connection.query("UPDATE big SET t = CONCAT(t, t) WHERE id = 2")
                _ = try await connection.query("SET GLOBAL max_allowed_packet = 16777216")
            }
            let destination = MemoryDestination()
            let manifest = try await BackupTests.dump(shop, to: destination)
            #expect(manifest.tables[0].rows == 2)
            let largest = try #require(manifest.objects.map(\.largestStatementBytes).max())
            #expect(largest < 49 << 20, "\(largest)")
            try await server.run("SET GLOBAL max_allowed_packet = 67108864")
            try BackupTests.restore(destination.objects, into: "copy", of: server)
            try await MySQLConnection.with(server.settings()) { connection in
                let same = try await connection.query(
                    "SELECT COUNT(*) FROM shop.big a JOIN copy.big b ON a.id = b.id AND a.b <=> b.b AND a.t <=> b.t")
                #expect(same.text() == "2")
            }
        }
    }
}
