import RecoveryCore
import Testing

@testable import BackupEngine

@Suite struct DefinitionTests {
    @Test func aTableIsTakenApart() {
        let text = """
            CREATE TABLE `a ``b.c` (
              `id` int unsigned NOT NULL AUTO_INCREMENT,
              `x.y` varchar(20) DEFAULT 'a,(b' COMMENT 'k, `z` (''q'')\\n, KEY',
              `g` int GENERATED ALWAYS AS ((`u` + 1)) VIRTUAL,
              `u` int DEFAULT NULL /*!80023 INVISIBLE */,
              PRIMARY KEY (`id`),
              UNIQUE KEY `u` (`u`),
              UNIQUE KEY `with_id` (`id`,`u`),
              KEY `kk` (`x.y`(3)) USING BTREE COMMENT 'a, b',
              FULLTEXT KEY `ft` (`x.y`),
              FULLTEXT KEY `ft2` (`x.y`),
              CONSTRAINT `fk,1` FOREIGN KEY (`u`) REFERENCES `o` (`id`) ON DELETE CASCADE,
              CONSTRAINT `c` CHECK ((`u` > 0))
            ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=9'
            /*!50100 PARTITION BY HASH (`id`)
            PARTITIONS 3 */
            """
        let definition = TableDefinition(showCreate: text, defersIndexes: true)
        #expect(definition.indexes == ["UNIQUE KEY `u` (`u`)", "KEY `kk` (`x.y`(3)) USING BTREE COMMENT 'a, b'"])
        #expect(definition.fullTextIndexes == ["FULLTEXT KEY `ft` (`x.y`)", "FULLTEXT KEY `ft2` (`x.y`)"])
        #expect(
            definition.foreignKeys == ["CONSTRAINT `fk,1` FOREIGN KEY (`u`) REFERENCES `o` (`id`) ON DELETE CASCADE"])
        #expect(
            definition.table == """
                CREATE TABLE `a ``b.c` (
                  `id` int unsigned NOT NULL AUTO_INCREMENT,
                  `x.y` varchar(20) DEFAULT 'a,(b' COMMENT 'k, `z` (''q'')\\n, KEY',
                  `g` int GENERATED ALWAYS AS ((`u` + 1)) VIRTUAL,
                  `u` int DEFAULT NULL /*!80023 INVISIBLE */,
                  PRIMARY KEY (`id`),
                  UNIQUE KEY `with_id` (`id`,`u`),
                  CONSTRAINT `c` CHECK ((`u` > 0))
                ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=9'
                /*!50100 PARTITION BY HASH (`id`)
                PARTITIONS 3 */
                """)
        #expect(TableDefinition.withoutCounter(text) == text.replacing("AUTO_INCREMENT=7 ", with: " "))
    }

    @Test func withoutAPrimaryKeyUniqueKeysStay() {
        let text = "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  UNIQUE KEY `u` (`a`),\n  KEY `k` (`a`)\n) ENGINE=InnoDB"
        let definition = TableDefinition(showCreate: text, defersIndexes: true)
        #expect(definition.indexes == ["KEY `k` (`a`)"] && definition.table.contains("UNIQUE KEY `u`"))
        let whole = TableDefinition(showCreate: text, defersIndexes: false)
        #expect(whole == TableDefinition(showCreate: text, defersIndexes: false) && whole.table == text)
    }

    @Test func whatCannotBeTakenApartStaysWhole() {
        for text in ["", "CREATE TABLE `t`", "CREATE TABLE `t (", "CREATE TABLE `t` (a, (b", "'", "/*", "`", "\\"] {
            #expect(TableDefinition(showCreate: text, defersIndexes: true).table == text)
            #expect(TableDefinition.withoutCounter(text) == text)
        }
    }

    @Test func viewsComeAfterThoseTheyRead() {
        let definitions: [ExactName: String] = [
            "a": "select `shop`.`z`.`i` AS `i` from `shop`.`z`",
            "z": "select 1 AS `a` from (`shop`.`m` join `other`.`a`)",
            "m": "select '`shop`.`a`' AS `x` /* `shop`.`a` */ from `shop`.`t`",
        ]
        #expect(ViewOrder.sorted(definitions, in: "shop") == ["m", "z", "a"])
        let circle: [ExactName: String] = ["a": "`shop`.`b`", "b": "`shop`.`a`"]
        #expect(ViewOrder.sorted(circle, in: "shop").sorted() == ["a", "b"])
    }

    @Test func triggersLoseTheirDatabase() {
        #expect(
            TriggerText.unqualified(
                "CREATE DEFINER=`trigger`@`%` TRIGGER IF NOT EXISTS shop.`t``1` AFTER  UPDATE ON `shop`.child FOR EACH"
                    + " ROW UPDATE shop.x SET on_for = 'FOR'", name: "t`1", table: "child")
                == "CREATE DEFINER=`trigger`@`%` TRIGGER `t``1` AFTER  UPDATE ON `child` FOR EACH"
                + " ROW UPDATE shop.x SET on_for = 'FOR'")
        #expect(TriggerText.unqualified("nonsense", name: "t", table: "c") == "nonsense")
    }

    @Test func eventsAreDisabled() {
        let text =
            "CREATE DEFINER=`r`@`%` EVENT `PRESERVE ENABLE` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE %"
            + " COMMENT 'PRESERVE ENABLE' DO SELECT 1 /* ON COMPLETION PRESERVE ENABLE */"
        #expect(
            EventText.disabled(text.replacing("%", with: "ENABLE", maxReplacements: 2)).contains("NOT PRESERVE DISABLE")
        )
        let done = text.replacing("PRESERVE %", with: "PRESERVE DISABLE")
        #expect(EventText.disabled(done) == done)
    }

    @Test func aDelimiterIsNotInTheBody() {
        #expect(SchemaText.delimiter(absentFrom: "SELECT 1; SELECT 2") == ";;")
        #expect(SchemaText.delimiter(absentFrom: "SELECT ';;$$1$$'") == "$$2$$")
    }

    @Test(arguments: [
        ("select `shop`.`t`.`c` AS `shop` from `t`", "select `t`.`c` AS `shop` from `t`"),
        ("select `shop`.`f`(1),`f`.`shop`.`c`", "select `f`(1),`f`.`shop`.`c`"),
        // An alias that is called as the database is.
        ("select `shop`.`c` from `t` `shop`", "select `shop`.`c` from `t` `shop`"),
        ("select '`shop`.`f`(' /* `shop`.`f`( */", "select '`shop`.`f`(' /* `shop`.`f`( */"),
        ("`id` int DEFAULT nextval(`shop`.`s`), `x` int", "`id` int DEFAULT nextval(`s`), `x` int"),
        ("(`shop`.`s`)", "(`shop`.`s`)"), ("`shop`.", "`shop`."), ("`shop`", "`shop`"), ("", ""),
    ])
    func aDatabaseDoesNotNameItself(text: String, expected: String) {
        #expect(OwnDatabase.removed("shop", from: text) == expected)
        #expect(OwnDatabase.removed("other", from: text) == text)
    }

    @Test func anAuthorsTextThatNamesTheDatabaseIsFound() {
        for text in ["INSERT INTO shop.t VALUES (1)", "DELETE FROM `shop` . `t`"] {
            #expect(OwnDatabase.isNamed("shop", in: text))
        }
        for text in ["SELECT 'shop.t'", "SELECT t.shop", "SELECT shop", "-- shop.t\nSELECT 1"] {
            #expect(!OwnDatabase.isNamed("shop", in: text))
        }
        #expect(!OwnDatabase.isNamed("\u{e9}", in: "`e\u{301}`.`t`"))
    }

    @Test func whatAForeignKeyRefersTo() {
        let target = ForeignKeyTarget(
            "CONSTRAINT `REFERENCES` FOREIGN KEY (`a`) REFERENCES `t``x` (`b`, `c`) ON DELETE CASCADE")
        #expect(target?.table == "t`x" && target?.columns == ["b", "c"])
        #expect(ForeignKeyTarget("FOREIGN KEY (`a`) REFERENCES `other`.`t` (`b`)") == nil)
        #expect(ForeignKeyTarget("FOREIGN KEY (`a`)") == nil)
    }
}
