import Age
import BackupEngine
import Binlog
import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Testing

/// The shipped log as people look into it.
@Suite struct LogReadingTests {
    /// Statements as somebody wrote them, and rows by their tables, whatever the server does to make its log smaller.
    @Test(arguments: [
        (LoopbackDatabase.Flavour.mariadb, ["--binlog-format=ROW"]),
        (.mariadb, ["--binlog-format=ROW", "--log-bin-compress=ON", "--log-bin-compress-min-len=10"]),
        (.mysql, []), (.mysql, ["--binlog-transaction-compression=ON"]),
    ])
    func aDroppedTableIsFound(flavour: LoopbackDatabase.Flavour, options: [String]) async throws {
        let shop = try LoggedShop(flavour, options: options)
        try await shop.server.run("CREATE DATABASE shop CHARACTER SET utf8mb4")
        try await shop.run([
            "CREATE TABLE orders (id INT PRIMARY KEY, note TEXT)",
            "INSERT INTO orders VALUES (1, REPEAT('a', 500)), (2, REPEAT('b', 500))",
            "UPDATE orders SET note = REPEAT('c', 900) WHERE id = 2", "DELETE FROM orders WHERE id = 1",
            "DROP TABLE orders", "CREATE TABLE later (id INT PRIMARY KEY)",
        ])
        let written = try await shop.ship(transactions: 3)
        let log = try await ShippedLog(of: LoggedShop.name, in: [shop.store])
        #expect(log.segments.count > 1 && log.unreadable.isEmpty)
        var read: [LoggedTransaction] = []
        for segment in log.segments {
            read += try await log.transactions(of: segment, key: .identities([BackupTests.identity]))
        }
        #expect(read.map(\.gtid) == written.map(\.gtid))

        let drops = read.filter { $0.mentions("drop table") }
        #expect(drops.count == 1)
        let drop = try #require(drops.first)
        #expect(drop.statements.first?.text.uppercased().hasPrefix("DROP TABLE") == true)
        #expect(drop.databases == ["shop"] && drop.changes.isEmpty)
        let changes = read.flatMap(\.changes).filter { $0.table == "orders" }
        #expect(changes.map(\.kind) == ["insert", "update", "delete"])
        #expect(changes.allSatisfy { $0.database == "shop" })
        // What was found is what `restore --before-gtid` takes.
        let index = try #require(read.firstIndex(of: drop))
        #expect(read[index + 1].mentions("LATER") && !read[index + 1].mentions("orders"))
    }

    @Test func anotherKeyOpensNothing() async throws {
        let shop = try LoggedShop(.mariadb)
        try await shop.server.run("CREATE DATABASE shop")
        try await shop.ship()
        let log = try await ShippedLog(of: LoggedShop.name, in: [shop.store])
        let segment = try #require(log.segments.first)
        await #expect(throws: ReplayError.self) {
            try await log.transactions(of: segment, key: .identities([X25519Identity()]))
        }
    }
}
