import LoopbackServers
import MySQLClient
import RecoveryCore
import Synchronization
import Testing
import Topology

/// A shop in miniature, and customers who keep what must hold over several tables: money that moves between accounts
/// stays the same, each order has its items, and what was sold is gone from the stock.
enum InvariantShop {
    static let products = 20
    static let stock = 1_000_000

    static let schema = [
        "CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL)",
        "CREATE TABLE stock (product INT PRIMARY KEY, left_over INT NOT NULL)",
        """
        CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, items INT NOT NULL, note VARBINARY(400), KEY (items))
        """,
        """
        CREATE TABLE order_items (id BIGINT AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, product INT NOT NULL,
        KEY (order_id), CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id))
        """,
        "INSERT INTO accounts WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i, 0 FROM n",
        "INSERT INTO stock WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 20) SELECT i, \(stock) FROM n",
        // What does not compress, so that objects come in several parts.
        """
        INSERT INTO orders (items, note) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900)
        SELECT 0, RANDOM_BYTES(300) FROM n
        """,
        "ANALYZE TABLE orders",
        "CREATE VIEW sold AS SELECT product, COUNT(*) AS pieces FROM order_items GROUP BY product",
    ]

    final class Count: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.add(1, ordering: .relaxed) }
    }

    /// Buys and pays until it is cancelled, or the connection is lost.
    static func buy(_ settings: MySQLSettings, counting orders: Count) async throws {
        try await MySQLConnection.with(settings) { shop in
            while !Task.isCancelled {
                let products = Set((0..<3).map { _ in Int.random(in: 1...Self.products) }).sorted()
                var statements = [
                    "START TRANSACTION",
                    "UPDATE accounts SET balance = balance - 5 WHERE id = \(Int.random(in: 1...100))",
                    "INSERT INTO orders (items, note) VALUES (\(products.count), RANDOM_BYTES(100))",
                    "SET @o = LAST_INSERT_ID()",
                ]
                for product in products {
                    statements.append("UPDATE stock SET left_over = left_over - 1 WHERE product = \(product)")
                    statements.append("INSERT INTO order_items (order_id, product) VALUES (@o, \(product))")
                }
                statements.append("UPDATE accounts SET balance = balance + 5 WHERE id = \(Int.random(in: 101...200))")
                statements.append("COMMIT")
                do {
                    for statement in statements { _ = try await shop.query(statement) }
                } catch is CancellationError {
                    return
                } catch let error as MySQLError where error.kind == .deadlock || error.kind == .lockWaitTimedOut {
                    _ = try await shop.query("ROLLBACK")
                    continue
                }
                orders.add()
            }
        }
    }

    /// What holds in every state that a transaction may see, and in no mixture of two.
    static func check(_ copy: MySQLConnection) async throws {
        for (what, query) in [
            ("money", "SELECT SUM(balance) FROM accounts"),
            (
                "orders",
                """
                SELECT COUNT(*) FROM orders o
                WHERE items <> (SELECT COUNT(*) FROM order_items i WHERE i.order_id = o.id)
                """
            ),
            (
                "items of no order",
                "SELECT COUNT(*) FROM order_items i LEFT JOIN orders o ON o.id = i.order_id WHERE o.id IS NULL"
            ),
            (
                "stock",
                """
                SELECT COUNT(*) FROM stock s
                WHERE left_over + (SELECT COUNT(*) FROM order_items i WHERE i.product = s.product) <> \(stock)
                """
            ),
        ] {
            #expect(try await copy.query(query).text() == "0", "\(what)")
        }
    }

    /// Runs `body` with the settings of a shop and of an empty database beside it; both are gone afterwards.
    static func with<Result: Sendable>(
        _ server: LoopbackDatabase, _ body: (_ shop: MySQLSettings, _ copy: MySQLSettings) async throws -> Result
    ) async throws -> Result {
        let number = UInt32.random(in: 0 ... .max)
        let (shop, copy) = ("shop\(number)", "copy\(number)")
        for name in [shop, copy] { try await server.run("CREATE DATABASE \(name) CHARACTER SET utf8mb4") }
        do {
            try await MySQLConnection.with(server.settings(database: shop)) { connection in
                for statement in schema { _ = try await connection.query(statement) }
            }
            let result = try await body(server.settings(database: shop), server.settings(database: copy))
            for name in [shop, copy] { try await server.run("DROP DATABASE IF EXISTS \(name)") }
            return result
        } catch {
            for name in [shop, copy] { try? await server.run("DROP DATABASE IF EXISTS \(name)") }
            throw error
        }
    }
}
