import RecoveryCore
import Testing

@testable import BackupEngine

@Suite struct SchemaStatementTests {
    @Test(
        arguments: [
            ("SET NAMES utf8mb4", .setting),
            ("CREATE TABLE `a``b` (`c` INT DEFAULT 'CREATE VIEW `x`')", .table("a`b")),
            ("CREATE SEQUENCE `s` start with 1", .sequence("s")),
            ("DO SETVAL(`s`, 100, 0)", .sequenceState("s")),
            (
                "ALTER TABLE `t`\n  ADD KEY `one` (`a`,`b`(10)),\n  ADD UNIQUE KEY `t,wo` (`c`) COMMENT 'x, ADD (y'",
                .indexes(of: "t", names: ["one", "t,wo"], isFullText: false)
            ),
            ("ALTER TABLE `t`\n  ADD FULLTEXT KEY `f` (`a`)", .indexes(of: "t", names: ["f"], isFullText: true)),
            (
                "ALTER TABLE `t`\n  ADD CONSTRAINT `k` FOREIGN KEY (`a`, `b`) REFERENCES `p` (`x`, `y`) ON DELETE CASCADE,\n"
                    + "  ADD CONSTRAINT `l` FOREIGN KEY (`a`) REFERENCES `d`.`p` (`x`)",
                .foreignKeys(
                    of: "t",
                    [
                        .init(
                            name: "k",
                            text: "CONSTRAINT `k` FOREIGN KEY (`a`, `b`) REFERENCES `p` (`x`, `y`) ON DELETE CASCADE",
                            references: ["p"]),
                        .init(
                            name: "l", text: "CONSTRAINT `l` FOREIGN KEY (`a`) REFERENCES `d`.`p` (`x`)",
                            references: ["d", "p"]),
                    ])
            ),
            (
                "CREATE ALGORITHM=UNDEFINED DEFINER=`r`@`%` SQL SECURITY DEFINER VIEW `v` AS SELECT 1",
                .program(.view, "v")
            ),
            ("CREATE DEFINER=`r`@`%` PROCEDURE `EVENT`() SELECT 'TABLE'", .program(.procedure, "EVENT")),
            ("CREATE DEFINER=`r`@`%` FUNCTION `f`() RETURNS INT RETURN 1", .program(.function, "f")),
            ("CREATE DEFINER=`r`@`%` TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET @x=1", .program(.trigger, "t")),
            (
                "CREATE DEFINER=`r`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t",
                .program(.event, "e")
            ),
            ("CREATE DEFINER=`r`@`%` PACKAGE BODY `p` AS END", .program(.packageBody, "p")),
            ("CREATE DEFINER=\"r\"@\"%\" PACKAGE \"p\" AS END", .program(.package, "p")),
            ("DROP TABLE `t`", .unknown), ("ALTER TABLE `t` DROP COLUMN `a`", .unknown),
            ("ALTER TABLE `t` ADD KEY `a` (`b`), DROP KEY `c`", .unknown), ("", .unknown), ("CREATE", .unknown),
            ("ALTER", .unknown), ("GRANT ALL ON *.* TO x", .unknown),
        ] as [(String, SchemaStatement.Subject)])
    func whatAStatementMakesIsKnown(text: String, subject: SchemaStatement.Subject) {
        #expect(SchemaStatement(text).subject == subject)
    }

    @Test(arguments: [
        (
            "CREATE ALGORITHM=UNDEFINED DEFINER=`o``ld`@`%` SQL SECURITY DEFINER VIEW `v` AS SELECT 'DEFINER=`a`@`b`'",
            "o`ld@%",
            "CREATE ALGORITHM=UNDEFINED DEFINER=`new`@`10.%` SQL SECURITY DEFINER VIEW `v` AS SELECT 'DEFINER=`a`@`b`'"
        ),
        (
            "CREATE DEFINER=`role` PROCEDURE `p`() SELECT 1", "role",
            "CREATE DEFINER=`new`@`10.%` PROCEDURE `p`() SELECT 1"
        ),
        ("CREATE PROCEDURE `p`() SELECT 1", nil, "CREATE PROCEDURE `p`() SELECT 1"),
        ("CREATE TABLE `t` (a INT)", nil, "CREATE TABLE `t` (a INT)"),
    ])
    func itGetsAnotherOwner(text: String, definer: String?, owned: String) {
        let statement = SchemaStatement(text)
        #expect(statement.definer?.description == definer)
        #expect(statement.owned(by: .init(user: "new", host: "10.%")) == owned)
    }

    @Test(arguments: [
        (RestoreOptions.Definers.keep, "gone", nil), (.mapMissing, "gone", "me"), (.mapMissing, "there", nil),
        (.currentUser, "there", "me"), (.currentUser, "me", nil), (.mapMissing, "me", nil),
    ])
    func definersFollowTheRule(rule: RestoreOptions.Definers, definer: String, owner: String?) {
        func account(_ user: String) -> SchemaStatement.Account { .init(user: user, host: "%") }
        let map = DefinerMap(rule: rule, current: account("me"), existing: [account("me"), account("there")])
        #expect(map.owner(insteadOf: account(definer)) == owner.map(account))
        let blind = DefinerMap(rule: rule, current: account("me"), existing: nil)
        #expect((blind.owner(insteadOf: account("there")) == nil) == (rule == .keep))
    }

    @Test func collationsAreMappedWhereTheyAreNames() {
        let mariadb = CollationMap(known: ["utf8mb4_general_ci", "utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_nopad_bin"])
        let mapped = mariadb.mapped(
            "CREATE TABLE `utf8mb4_0900_bin` (a TEXT COLLATE utf8mb4_0900_bin COMMENT 'utf8mb4_0900_ai_ci', b TEXT"
                + " COLLATE utf8mb4_0900_as_cs) COLLATE=utf8mb4_0900_ai_ci", isSetting: false)
        #expect(
            mapped.text
                == "CREATE TABLE `utf8mb4_0900_bin` (a TEXT COLLATE utf8mb4_nopad_bin COMMENT 'utf8mb4_0900_ai_ci',"
                + " b TEXT COLLATE utf8mb4_0900_as_cs) COLLATE=utf8mb4_uca1400_nopad_ai_ci")
        #expect(
            mapped.changes == [
                "utf8mb4_0900_bin": "utf8mb4_nopad_bin", "utf8mb4_0900_ai_ci": "utf8mb4_uca1400_nopad_ai_ci",
            ])
        let setting = "SET SESSION collation_connection = 'utf8mb4_0900_ai_ci', sql_mode = ''"
        #expect(
            mariadb.mapped(setting, isSetting: true).text
                == "SET SESSION collation_connection = 'utf8mb4_uca1400_nopad_ai_ci', sql_mode = ''")
        let known = CollationMap(known: ["utf8mb4_0900_ai_ci", "utf8mb4_0900_bin"])
        #expect(known.mapped("SET a = 'utf8mb4_0900_ai_ci'", isSetting: true).changes.isEmpty)
    }

    @Test(arguments: [
        (
            #"CREATE TABLE `t` (`a` INT COMMENT 'DATA DIRECTORY=\'/x\'') ENGINE=InnoDB DATA DIRECTORY='/mnt/a''b/' COMMENT='c'"#,
            #"CREATE TABLE `t` (`a` INT COMMENT 'DATA DIRECTORY=\'/x\'') ENGINE=InnoDB  COMMENT='c'"#,
            ["DATA DIRECTORY='/mnt/a''b/'"]
        ),
        (
            "CREATE TABLE `t` (`a` INT) ENGINE=MyISAM DATA DIRECTORY='/x/' INDEX DIRECTORY='/y/'",
            "CREATE TABLE `t` (`a` INT) ENGINE=MyISAM  ", ["DATA DIRECTORY='/x/'", "INDEX DIRECTORY='/y/'"]
        ),
        (
            "CREATE TABLE `t` (`a` INT)\n/*!50100 PARTITION BY HASH (`a`)\n(PARTITION p0 DATA DIRECTORY = '/x/' ENGINE = InnoDB) */",
            "CREATE TABLE `t` (`a` INT)\n/*!50100 PARTITION BY HASH (`a`)\n(PARTITION p0  ENGINE = InnoDB) */",
            ["DATA DIRECTORY = '/x/'"]
        ),
    ])
    func foldersOfAServerCanBeLeftOut(text: String, rest: String, directories: [String]) {
        let plain = SchemaStatement(text).withoutDirectories
        #expect(plain?.text == rest)
        #expect(plain?.directories == directories)
    }

    @Test(arguments: [
        "CREATE TABLE `DATA DIRECTORY` (`a` INT DEFAULT 'DATA DIRECTORY=''x''')", "CREATE TABLE `t` (`a` INT) DATA",
        "CREATE TABLE `t` (`a` INT) DATA DIRECTORY", "CREATE TABLE `t` (`a` INT) DATA DIRECTORY =",
        "CREATE VIEW `v` AS SELECT 1 DATA DIRECTORY = 'x'",
    ])
    func whatIsNoFolderStays(text: String) {
        #expect(SchemaStatement(text).withoutDirectories == nil)
    }
}
