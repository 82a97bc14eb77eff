import LoopbackServers

/// A small database with much of what makes dumps lose something.
enum TortureSchema {
    /// How many accounts the writer moves money between.
    static let accounts = 200

    static func statements(for flavour: LoopbackDatabase.Flavour) -> [String] {
        common + (flavour == .mariadb ? mariadb : mysql) + looseKey + programs
    }

    private static let common = [
        "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0",
        "CREATE TABLE digits (n INT PRIMARY KEY)",
        "INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
        // The writer keeps: no money is made, and each balance is the sum of its ledger.
        "CREATE TABLE accounts (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, balance BIGINT NOT NULL)",
        "INSERT INTO accounts (balance) SELECT 0 FROM digits a, digits b, digits c LIMIT 200",
        """
        CREATE TABLE ledger (id BIGINT AUTO_INCREMENT PRIMARY KEY, account BIGINT UNSIGNED NOT NULL, amount BIGINT,
        filler VARCHAR(200) DEFAULT 'x', KEY by_account (account), KEY by_filler (filler),
        CONSTRAINT of_account FOREIGN KEY (account) REFERENCES accounts (id))
        """,
        "INSERT INTO ledger (account, amount, filler) SELECT 1 + a.n, 0, REPEAT('y', 100)"
            + " FROM digits a, digits b, digits c, digits d",
        // How large a table is, servers notice only later.
        "ANALYZE TABLE ledger",
        """
        CREATE TABLE `we``ird na.me-schema` (`a b.``c` INT PRIMARY KEY COMMENT 'it''s, (`k`)',
        `x-schema` VARCHAR(40) CHARACTER SET latin1 DEFAULT 'a,(b', UNIQUE KEY `u k.` (`x-schema`), FULLTEXT KEY f (`x-schema`))
        """,
        "INSERT INTO `we``ird na.me-schema` VALUES (-2147483648, 'ä'), (0, ''), (2147483647, 'it''s \\\\ \\n;;\\0 \\Z')",
        """
        CREATE TABLE kinds (id BIGINT UNSIGNED PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(30, 10), b BIT(9),
        bin BINARY(4), vb VARBINARY(20), bl LONGBLOB, t LONGTEXT CHARACTER SET utf8mb4, e ENUM('a', 'b,''c'), s SET('x', 'y'),
        dt DATETIME(6), ts TIMESTAMP NULL, zero DATE NOT NULL DEFAULT '0000-00-00', y YEAR, ti TIME(3), j JSON,
        g GEOMETRY, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, twice BIGINT UNSIGNED GENERATED ALWAYS AS (id DIV 2) STORED,
        hidden INT INVISIBLE DEFAULT 7, KEY (twice))
        """,
        """
        INSERT INTO kinds (id, f, d, n, b, bin, vb, bl, t, e, s, dt, ts, zero, y, ti, j, g, made, hidden) VALUES
        (0, 16777216, -0e0, -12345678901234567890.0123456789, b'100000001', 0x00FF0A27, '', 0x00270A5C1A, '', 'a', 'x,y',
         '0000-00-00 00:00:00', '2038-01-19 03:14:07', '0000-00-00', 1901, '-838:59:59', '{"a": [1, "é\\\\n"]}',
         ST_GeomFromText('POINT(1 -2)'), '2001-02-03 04:05:06', 1),
        (9223372036854775808, 0.1, 1.7976931348623157e308, 0, b'0', 0x20202000, 0xC328, NULL, '😀 \\r\\n\\t''"`', 'b,''c', '',
         '9999-12-31 23:59:59.999999', NULL, '2024-02-29', 2155, '00:00:00.001', 'null',
         ST_GeomFromText('POLYGON((0 0, 1 0, 1 1, 0 0))'), '2001-02-03 04:05:06', NULL),
        (18446744073709551615, 1.1754944e-38, 5e-324, NULL, NULL, NULL, NULL, REPEAT(0xFF, 3000000), REPEAT('é', 100000), NULL, NULL,
         NULL, NULL, '2024-01-00', NULL, NULL, NULL, NULL, NULL, 2)
        """,
        "CREATE TABLE keyless (a INT, b VARCHAR(10), UNIQUE KEY (a))",
        "INSERT INTO keyless VALUES (NULL, 'p'), (NULL, 'p'), (1, NULL)",
        "CREATE TABLE words (w VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT) CHARACTER SET utf8mb4",
        "INSERT INTO words VALUES ('a', 1), ('B', 2), ('ß', 3), ('é', 4), ('_', 5), ('', 6)",
        "CREATE TABLE gaps (id BIGINT PRIMARY KEY, v CHAR(100))",
        "INSERT INTO gaps SELECT -9223372036854775808 + a.n, 'low' FROM digits a",
        "INSERT INTO gaps SELECT a.n + 10 * b.n + 100 * c.n, REPEAT('m', 100) FROM digits a, digits b, digits c",
        "INSERT INTO gaps VALUES (9223372036854775807, 'high')",
        "CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY, v INT) AUTO_INCREMENT = 5000",
        "INSERT INTO zero VALUES (0, 1), (3, 2)",
        """
        CREATE TABLE parts (a INT, b VARCHAR(100)) PARTITION BY RANGE (a)
        (PARTITION low VALUES LESS THAN (5), PARTITION `mid``dle` VALUES LESS THAN (8), PARTITION high VALUES LESS THAN MAXVALUE)
        """,
        "INSERT INTO parts SELECT n, REPEAT('p', n) FROM digits",
        "CREATE TABLE hen (id INT PRIMARY KEY, egg INT)",
        "CREATE TABLE egg (id INT PRIMARY KEY, hen INT, CONSTRAINT of_hen FOREIGN KEY (hen) REFERENCES hen (id))",
        "ALTER TABLE hen ADD CONSTRAINT of_egg FOREIGN KEY (egg) REFERENCES egg (id)",
        "INSERT INTO egg VALUES (1, 2)", "INSERT INTO hen VALUES (2, 1)",
        "CREATE TABLE nothing (id INT PRIMARY KEY)",
        "CREATE TABLE sessions (id INT PRIMARY KEY)", "INSERT INTO sessions VALUES (1), (2)",
        "CREATE TABLE old (a INT) ENGINE = MyISAM", "INSERT INTO old VALUES (1), (1)",
        // Two tables to a server, one text to Unicode; and two that differ in case alone.
        "CREATE TABLE `\u{e9}` (`\u{e9}` INT PRIMARY KEY, `e\u{301}` INT)",
        "INSERT INTO `\u{e9}` VALUES (1, 2), (3, 4)",
        "CREATE TABLE `e\u{301}` (a INT) PARTITION BY LIST (a)"
            + " (PARTITION `\u{e9}` VALUES IN (1), PARTITION `e\u{301}` VALUES IN (2))",
        "INSERT INTO `e\u{301}` VALUES (1), (2), (2)",
        "CREATE TABLE Words (w INT)", "INSERT INTO Words VALUES (7)",
        "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
        """
        CREATE TABLE dates (id INT PRIMARY KEY, a DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
        b DATE DEFAULT '2026-02-31', c DATE DEFAULT '2026-00-00')
        """,
        "INSERT INTO dates (id) VALUES (1)",
        "INSERT INTO dates VALUES (2, '2026-02-30 01:02:03', '0000-00-00', '2026-04-31')",
        "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        """
        CREATE TABLE full_texts (id INT, FTS_DOC_ID BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, t TEXT, u TEXT,
        UNIQUE KEY FTS_DOC_ID_INDEX (FTS_DOC_ID), FULLTEXT KEY (t), FULLTEXT KEY (u), FULLTEXT KEY (t, u))
        """,
        "INSERT INTO full_texts (id, t, u) VALUES (1, 'one two', 'three'), (1, 'one two', 'three')",
        "CREATE TABLE places (id INT PRIMARY KEY, p POINT NOT NULL, SPATIAL KEY (p))",
        "INSERT INTO places VALUES (1, POINT(1, 2)), (2, POINT(-3, 4))",
        // A secondary index that has all columns tempts MySQL to read chunks through it.
        "CREATE TABLE narrow (id INT PRIMARY KEY, a INT, KEY (a))",
        "INSERT INTO narrow SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n, a.n FROM digits a, digits b, digits c, digits d",
        "ANALYZE TABLE narrow",
        "CREATE TABLE loose (id INT PRIMARY KEY, a INT, KEY (a))",
    ]

    /// A foreign key to what is not unique; MySQL 8.4 wants to be told that this is meant.
    private static let looseKey = [
        "CREATE TABLE loosely (id INT PRIMARY KEY, a INT, CONSTRAINT loosely_a FOREIGN KEY (a) REFERENCES loose (a))",
        "INSERT INTO loose VALUES (1, 5), (2, 5)", "INSERT INTO loosely VALUES (1, 5)",
    ]

    private static let mariadb = [
        "CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 5", "SELECT NEXTVAL(numbers)",
        "CREATE TABLE versions (a INT PRIMARY KEY, b INT) WITH SYSTEM VERSIONING",
        "INSERT INTO versions VALUES (1, 1)", "UPDATE versions SET b = 2",
        "CREATE TABLE long_keys (t TEXT NOT NULL, UNIQUE KEY (t))",
        "INSERT INTO long_keys VALUES ('a'), (REPEAT('b', 5000))",
        "CREATE SEQUENCE down START WITH -5 INCREMENT BY -3 MINVALUE -1000 MAXVALUE -5 CACHE 5 CYCLE",
        "SELECT NEXTVAL(down)",
        "CREATE TABLE numbered (id BIGINT DEFAULT NEXTVAL(down) PRIMARY KEY, n INT DEFAULT (NEXT VALUE FOR numbers))",
        "INSERT INTO numbered VALUES (), ()",
        """
        CREATE TABLE periods (id INT PRIMARY KEY, a TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
        b TIMESTAMP(6) GENERATED ALWAYS AS ROW END, x INT WITHOUT SYSTEM VERSIONING, PERIOD FOR SYSTEM_TIME (a, b))
        WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION old HISTORY, PARTITION now CURRENT)
        """,
        "INSERT INTO periods (id, x) VALUES (1, 1), (2, 2)", "DELETE FROM periods WHERE id = 2",
        """
        CREATE TABLE bookings (id INT, s DATE, e DATE, PERIOD FOR stay (s, e), UNIQUE KEY (id, stay WITHOUT OVERLAPS))
        """,
        "INSERT INTO bookings VALUES (1, '2026-01-01', '2026-01-05'), (1, '2026-01-05', '2026-01-06')",
        "CREATE TABLE unchecked (a INT, CHECK (a > 5))",
        "SET SESSION check_constraint_checks = 0", "INSERT INTO unchecked VALUES (1)",
        "SET SESSION check_constraint_checks = 1",
    ]

    private static let mysql = [
        "CREATE TABLE expressions (a INT DEFAULT (1 + 1), b INT NOT NULL UNIQUE INVISIBLE, UNIQUE KEY ((a + 1)))",
        "INSERT INTO expressions (a, b) VALUES (1, 1), (2, 2)",
        "SET SESSION sql_generate_invisible_primary_key = ON", "CREATE TABLE hidden_key (a INT)",
        "INSERT INTO hidden_key VALUES (5), (5)", "SET SESSION sql_generate_invisible_primary_key = OFF",
        "CREATE TABLE many (id INT PRIMARY KEY, j JSON, KEY tags ((CAST(j->'$.tags' AS UNSIGNED ARRAY))))",
        """
        INSERT INTO many VALUES (1, '{"tags": [1, 2, 3]}'), (2, '{"tags": []}')
        """,
        "CREATE TABLE unchecked (a INT, CHECK (a > 5) NOT ENFORCED)", "INSERT INTO unchecked VALUES (1)",
        "CREATE TABLE mapped (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL KEY (p))",
        "INSERT INTO mapped VALUES (1, ST_SRID(POINT(10, 20), 4326))",
        "SET SESSION restrict_fk_on_non_standard_key = OFF",
    ]

    private static let programs = [
        "CREATE VIEW z_base AS SELECT w, v FROM words WHERE v > 0",
        "CREATE VIEW a_top AS SELECT w, v, 'é' AS e FROM z_base WHERE v < 6 WITH CASCADED CHECK OPTION",
        "CREATE TABLE gone (a INT)", "CREATE VIEW broken AS SELECT a FROM gone", "DROP TABLE gone",
        "CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2",
        "CREATE PROCEDURE `pro c`(IN a VARCHAR(10)) BEGIN SELECT 'x;;y', a, \"q\"; END",
        "CREATE TRIGGER second BEFORE INSERT ON hen FOR EACH ROW SET NEW.egg = NEW.egg * 2",
        "CREATE TRIGGER first BEFORE INSERT ON hen FOR EACH ROW PRECEDES second SET NEW.egg = NEW.egg + 1",
        "CREATE DEFINER = ghost@nowhere VIEW of_nobody AS SELECT d.w, twice(d.v) AS t FROM words d JOIN Words o ON o.w = 7",
        "CREATE DEFINER = ghost@nowhere FUNCTION by_nobody() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE DEFINER = ghost@nowhere TRIGGER of_nobody AFTER INSERT ON nothing FOR EACH ROW SET @x = 1",
        "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
        "CREATE PROCEDURE other_mode() SELECT 'a' || '\\' AS \"x\"", "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "CREATE VIEW `\u{e9}v` AS SELECT 1 AS x", "CREATE VIEW `e\u{301}v` AS SELECT x + 1 AS x FROM `\u{e9}v`",
        "CREATE EVENT daily ON SCHEDULE EVERY 1 DAY COMMENT 'ENABLE' DO DELETE FROM sessions",
    ]
}
