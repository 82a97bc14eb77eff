import Testing

@testable import BackupEngine

@Suite struct StatementTextTests {
    private static let texts = StatementText(database: "shop", target: "co`py", others: ["other", "mysql"])

    private static func judge(_ text: String, home: String = "shop", mode: UInt64 = 0) -> String {
        switch texts.judge(Array(text.utf8), home: home, mode: mode) {
        case .run(let bytes, let isDefinition):
            "\(isDefinition ? "define" : "run"): \(String(decoding: bytes, as: UTF8.self))"
        case .skip: "skip"
        case .skipAccount: "account"
        case .unsafe: "unsafe"
        }
    }

    @Test(arguments: [
        ("INSERT INTO posts VALUES ('shop.x')", "run: INSERT INTO posts VALUES ('shop.x')"),
        ("INSERT INTO shop.posts VALUES (1)", "run: INSERT INTO `co``py`.posts VALUES (1)"),
        ("UPDATE `shop`.`p` SET p.v = 1", "run: UPDATE `co``py`.`p` SET p.v = 1"),
        ("DELETE /* shop.x */ FROM p", "run: DELETE /* shop.x */ FROM p"),
        ("DROP TABLE IF EXISTS `shop`.`a`,`shop`.`b`", "define: DROP TABLE IF EXISTS `co``py`.`a`,`co``py`.`b`"),
        ("CREATE TEMPORARY TABLE t (id INT)", "run: CREATE TEMPORARY TABLE t (id INT)"),
        ("CREATE TABLE t (temporary INT)", "define: CREATE TABLE t (temporary INT)"),
        ("SAVEPOINT `s`", "run: SAVEPOINT `s`"),
        // Aliases are no databases.
        ("DELETE a FROM posts a WHERE a.id = 1", "run: DELETE a FROM posts a WHERE a.id = 1"),
        ("INSERT INTO posts SELECT * FROM other.posts", "unsafe"), ("DROP TABLE other.posts", "unsafe"),
        ("CREATE VIEW v AS SELECT * FROM other.t", "define: CREATE VIEW v AS SELECT * FROM other.t"),
        ("GRANT ALL ON shop.* TO u", "account"), ("CREATE OR REPLACE USER u", "account"), ("FLUSH TABLES", "account"),
        ("SET PASSWORD FOR u = 'x'", "account"), ("ANALYZE TABLE posts", "skip"),
        ("DROP DATABASE shop", "unsafe"), ("DROP DATABASE other", "skip"), ("CREATE DATABASE x", "skip"),
        ("ALTER DATABASE shop COLLATE utf8mb4_bin", "define: ALTER DATABASE `co``py` COLLATE utf8mb4_bin"),
        ("ALTER DATABASE COLLATE utf8mb4_bin", "define: ALTER DATABASE COLLATE utf8mb4_bin"),
        (
            "CREATE DEFINER=`a`@`b` EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'ENABLE' DO DELETE FROM t",
            "define: CREATE DEFINER=`a`@`b` EVENT e ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'ENABLE' DO DELETE FROM t"
        ),
        ("ALTER EVENT e ENABLE", "define: ALTER EVENT e DISABLE"),
        ("CREATE TABLE event (id INT)", "define: CREATE TABLE event (id INT)"),
    ]) func atHome(text: String, verdict: String) {
        #expect(Self.judge(text) == verdict)
    }

    @Test(arguments: [
        ("INSERT INTO posts VALUES (1)", "other", "skip"), ("INSERT INTO posts VALUES ('shop.posts')", "other", "skip"),
        ("DROP TABLE shop.a", "other", "define: DROP TABLE `co``py`.a"),
        ("DROP TABLE shop.a, b", "other", "unsafe"), ("TRUNCATE shop.a", "other", "define: TRUNCATE `co``py`.a"),
        ("RENAME TABLE shop.a TO other.a", "other", "unsafe"),
        ("RENAME TABLE shop.a TO shop.b", "", "define: RENAME TABLE `co``py`.a TO `co``py`.b"),
        ("INSERT INTO shop.a SELECT * FROM b", "other", "unsafe"),
        ("CREATE TABLE shop.a LIKE b", "other", "unsafe"),
        ("ALTER TABLE shop.a ADD COLUMN b INT", "other", "define: ALTER TABLE `co``py`.a ADD COLUMN b INT"),
        ("INSERT INTO shop.a VALUES (1)", "", "run: INSERT INTO `co``py`.a VALUES (1)"),
    ]) func elsewhere(text: String, home: String, verdict: String) {
        #expect(Self.judge(text, home: home) == verdict)
    }

    @Test func quotesAreThoseOfTheSession() {
        let text = "INSERT INTO \"shop\".\"p\" VALUES ('\\', ' shop.p')"
        #expect(Self.judge(text, mode: 4 | 0x10_0000) == "run: INSERT INTO `co``py`.\"p\" VALUES ('\\', ' shop.p')")
    }
}

@Suite struct BinaryDecimalTests {
    /// As `decimal2bin` has them: 1234567890.1234 with 14 digits, four of them behind the point.
    @Test(
        arguments: [
            ([14, 4, 0x81, 0x0D, 0xFB, 0x38, 0xD2, 0x04, 0xD2], "1234567890.1234"),
            ([14, 4, 0x7E, 0xF2, 0x04, 0xC7, 0x2D, 0xFB, 0x2D], "-1234567890.1234"),
            ([3, 1, 0x8C, 0x05], "12.5"), ([1, 0, 0x80], "0"), ([2, 2, 0x85], "0.05"),
        ] as [([UInt8], String)]) func texts(bytes: [UInt8], text: String) throws
    {
        #expect(try BinaryDecimal.text(bytes) == text)
    }
}
