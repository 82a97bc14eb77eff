import BackupEngine
import LoopbackServers
import MySQLClient

/// A small shop with a bit of everything that a restore does in several steps: some thousand rows in tables of one object
/// and of several, one object that is uploaded in parts, indexes and foreign keys that come later, a table without
/// transactions, and programs. Nobody writes to it.
enum TortureShop {
    static let schema =
        InvariantShop.schema + [
            "SET SESSION group_concat_max_len = 4194304",
            "CREATE TABLE digits (n INT PRIMARY KEY)",
            "INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
            "INSERT INTO order_items (order_id, product)"
                + " SELECT 1 + a.n + 10 * b.n + 100 * c.n, 1 + c.n FROM digits a, digits b, digits c WHERE c.n < 9",
            """
            CREATE TABLE parts (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), KEY (name))
            PARTITION BY HASH (id) PARTITIONS 4
            """,
            "INSERT INTO parts (name) SELECT CONCAT('part ', a.n, b.n, c.n, d.n) FROM digits a, digits b, digits c, digits d"
                + " WHERE a.n < 2",
            // More than one part of an upload, and nothing that a compressor could make of it.
            "CREATE TABLE pictures (id INT AUTO_INCREMENT PRIMARY KEY, picture LONGBLOB)",
        ]
        + Array(
            repeating: """
                INSERT INTO pictures (picture) SELECT GROUP_CONCAT(RANDOM_BYTES(1024) SEPARATOR '')
                FROM digits a, digits b, digits c
                """, count: 9) + [
            "CREATE TABLE texts (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(100), body TEXT, KEY (title), FULLTEXT KEY (body))",
            "INSERT INTO texts (title, body)"
                + " SELECT CONCAT('title ', a.n), CONCAT('words of ', a.n, ' and ', b.n) FROM digits a, digits b, digits c",
            "CREATE TABLE old (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE = MyISAM",
            "INSERT INTO old SELECT a.n + 10 * b.n, REPEAT('o', a.n) FROM digits a, digits b",
            "CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 5000",
            "CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what INT)",
            "CREATE TRIGGER noted AFTER INSERT ON orders FOR EACH ROW INSERT INTO log (what) VALUES (NEW.id)",
            "CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2",
            "CREATE PROCEDURE pieces() SELECT COUNT(*) FROM order_items",
            "CREATE EVENT tidied ON SCHEDULE EVERY 1 DAY DO DELETE FROM log",
            "CREATE VIEW doubled AS SELECT product, twice(pieces) AS pieces FROM sold",
            "FLUSH TABLES",
        ]

    static func fill(_ server: LoopbackDatabase, _ database: String) async throws {
        try await server.run("CREATE DATABASE \(database) CHARACTER SET utf8mb4")
        try await MySQLConnection.with(server.settings(database: database)) { shop in
            for statement in schema { _ = try await shop.query(statement) }
        }
    }

    /// What is there, said by the server: each table's digest, and each index, key and program.
    static func portrait(of database: String, on server: LoopbackDatabase) async throws -> [String] {
        try await MySQLConnection.with(server.settings(database: database)) { connection in
            var lines: [String] = []
            try await connection.apply(.dump)
            for table in try await SchemaReader(connection).read().tables {
                let codecs = try BackupTests.ServerFaults.codecs(table)
                let answer = try await connection.query(DigestQuery(table: table.name, columns: codecs).statement)
                let computed = DigestQuery.digest(from: (0..<6).map { answer.text(0, $0) })
                lines.append("\(table.name): \(computed.map { "\($0.rows) rows, \($0.digest)" } ?? "no digest")")
            }
            for question in questions {
                let answer = try await connection.query(question, limit: 1 << 30)
                lines += answer.rows.indices.map { row in
                    (0..<answer.columns.count).map { answer.text(row, $0) ?? "" }.joined(separator: " ")
                }
            }
            return lines.sorted()
        }
    }

    private static let questions = [
        """
        SELECT 'index', TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, INDEX_TYPE, NON_UNIQUE
        FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
        """,
        """
        SELECT 'foreign key', TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME
        FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()
        """,
        """
        SELECT 'table', TABLE_NAME, TABLE_TYPE, ENGINE
        FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
        """,
        "SELECT 'trigger', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
        "SELECT 'routine', ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
        // With the number that comes next.
        "SHOW CREATE TABLE numbered",
        "SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    ]
}
