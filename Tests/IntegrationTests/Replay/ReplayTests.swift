import BackupEngine
import Binlog
import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Testing

/// Restores to points in time, on real servers with binary logs.
@Suite(.serialized) struct ReplayTests {
    typealias Flavour = LoopbackDatabase.Flavour

    /// Rows of all types are inserted, changed and deleted after the backup; tables come, change and go.
    @Test(arguments: [(Flavour.mariadb, "ROW"), (.mariadb, "MIXED"), (.mariadb, "STATEMENT"), (.mysql, "ROW")])
    func everythingThatFollowedTheBackup(flavour: Flavour, format: String) async throws {
        let shop = try LoggedShop(flavour, options: ["--binlog-format=\(format)"])
        try await shop.server.run("CREATE DATABASE shop CHARACTER SET utf8mb4", "CREATE DATABASE other")
        try await shop.run(Self.before)
        try await shop.run(["CREATE TABLE o (id INT PRIMARY KEY)"], in: "other")
        let manifest = try await shop.backup()
        try await shop.run(Self.after(flavour))
        try await shop.run(["INSERT INTO o VALUES (1)", "DROP TABLE o"], in: "other")
        // Sequences are no matter of statements.
        try await shop.run(
            TortureSchema.statements(for: flavour).filter {
                format != "STATEMENT" || !$0.contains("NEXTVAL(") && !$0.contains("INTO numbered")
            })
        try await shop.ship()
        let outcome = try await shop.restore([manifest], to: .latest, into: "copy")
        #expect(outcome.transactions > 20)
        #expect(outcome.stoppedBefore == nil)
        let (source, copy) = (try await shop.digests(of: "shop"), try await shop.digests(of: "copy"))
        #expect(copy == source)
    }

    private static let before = [
        "CREATE TABLE posts (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title TEXT, at DATETIME(6)) CHARACTER SET utf8mb4",
        "INSERT INTO posts (title) VALUES ('Hoodie'), ('Cap'), ('Élan 🛒')",
        "CREATE TABLE doomed (id INT PRIMARY KEY)", "INSERT INTO doomed VALUES (1)",
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)",
        "INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (1, 1), (2, 2)",
    ]

    private static func after(_ flavour: Flavour) -> [String] {
        [
            "INSERT INTO posts (title, at) VALUES (CONCAT('new ', CONNECTION_ID() > 0), NOW(6))",
            "SET @x = 'it''s ü', @n = 12.5, @r = 1e3, @i = -7",
            "INSERT INTO posts (title) VALUES (CONCAT(@x, @n, @r, @i))",
            "UPDATE posts SET title = REPEAT(title, 3) WHERE id = 2", "DELETE FROM posts WHERE id = 1",
            "INSERT INTO posts (title) SELECT title FROM posts",
            "INSERT INTO posts (title) VALUES (LAST_INSERT_ID()), (RAND())",
            "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+05:00'",
            "INSERT INTO posts (title, at) VALUES ('a\\', NOW())",
            "INSERT INTO \"shop\".\"posts\" (title) VALUES ('shop.posts')",
            "SET SESSION sql_mode = DEFAULT, time_zone = DEFAULT, auto_increment_increment = 10",
            "INSERT INTO posts (title) VALUES ('ten'), ('twenty')",
            "SET SESSION auto_increment_increment = 1",
            "SET NAMES latin1", "INSERT INTO posts (title) VALUES ('\u{e9}')", "SET NAMES utf8mb4",
            "START TRANSACTION", "INSERT INTO posts (title) VALUES ('no')", "ROLLBACK",
            "START TRANSACTION", "INSERT INTO posts (title) VALUES ('one')", "SAVEPOINT s",
            "INSERT INTO posts (title) VALUES ('two')", "ROLLBACK TO s", "DELETE FROM parent WHERE id = 1", "COMMIT",
            "CREATE TABLE shop.made (id INT PRIMARY KEY, v VARCHAR(20) DEFAULT 'x', KEY (v))",
            "INSERT INTO shop.made (id) VALUES (1), (2)",
            "ALTER TABLE made ADD COLUMN w INT NOT NULL DEFAULT 5, ADD INDEX by_w (w)",
            "CREATE TABLE copied AS SELECT * FROM made", "RENAME TABLE made TO shop.renamed",
            "DROP TABLE shop.doomed", "TRUNCATE TABLE copied", "INSERT INTO copied SELECT * FROM renamed",
            "CREATE TRIGGER tr BEFORE INSERT ON renamed FOR EACH ROW SET NEW.w = 11",
            "INSERT INTO renamed (id) VALUES (3)",
            "CREATE FUNCTION four() RETURNS INT DETERMINISTIC RETURN 4",
            "CREATE USER u@localhost IDENTIFIED BY 'pw'", "GRANT SELECT ON shop.* TO u@localhost",
            "DROP USER u@localhost",
            "CREATE TEMPORARY TABLE tmp (id INT)", "INSERT INTO tmp VALUES (21)",
            "INSERT INTO renamed (id) SELECT id FROM tmp", "DROP TEMPORARY TABLE tmp",
            "ALTER DATABASE shop COLLATE utf8mb4_bin", "CREATE TABLE binary_one (v VARCHAR(3) PRIMARY KEY)",
            "INSERT INTO binary_one VALUES ('a'), ('A')",
        ]
    }
}
