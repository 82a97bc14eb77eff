import Testing

@testable import BackupEngine

struct AccountTests {
    private static let shop = AccountName("shop", at: "%")

    @Test(
        arguments: [
            ("GRANT SELECT, INSERT ON `shop`.* TO `shop`@`%`", "GRANT SELECT, INSERT ON * TO `shop`@`%`"),
            ("GRANT ALL PRIVILEGES ON `sh\\_p`.* TO `shop`@`%` WITH GRANT OPTION", nil),
            (
                "GRANT ALL PRIVILEGES ON `sh%`.* TO `shop`@`%` WITH GRANT OPTION",
                "GRANT ALL PRIVILEGES ON * TO `shop`@`%` WITH GRANT OPTION"
            ),
            (
                "GRANT SELECT (`TO`, `a``b`) ON `shop`.`wp.posts` TO `shop`@`%`",
                "GRANT SELECT (`TO`, `a``b`) ON `wp.posts` TO `shop`@`%`"
            ),
            (
                "GRANT EXECUTE ON FUNCTION `shop`.`twice` TO `shop`@`%`",
                "GRANT EXECUTE ON FUNCTION `twice` TO `shop`@`%`"
            ),
            ("GRANT EXECUTE ON PACKAGE BODY `shop`.`p` TO `r`", "GRANT EXECUTE ON PACKAGE BODY `p` TO `r`"),
            ("GRANT SELECT ON `shop`.* TO `r`", "GRANT SELECT ON * TO `r`"),
            ("GRANT SELECT ON *.* TO `shop`@`%`", nil),
            ("GRANT SELECT ON `shop2`.`wp_posts` TO `shop`@`%`", nil),
            ("GRANT PROXY ON ``@`` TO `shop`@`%`", nil),
            ("GRANT `r`@`%` TO `shop`@`%`", nil),
            ("REVOKE INSERT ON `shop`.* FROM `shop`@`%`", nil),
            ("", nil), ("GRANT", nil), ("GRANT ON TO", nil), ("GRANT SELECT ON TO `a`@`b`", nil),
        ] as [(String, String?)])
    func grantsAreRewrittenForTheDatabaseTheyAreRunIn(line: String, rewritten: String?) {
        #expect(GrantStatement(line)?.rewritten(for: "shop") == rewritten)
    }

    @Test func definitionsAreMadeRepeatable() throws {
        let shown =
            "CREATE USER `shop`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 DEFAULT ROLE `r`@`%`,`s`@`h`"
            + " REQUIRE NONE PASSWORD EXPIRE DEFAULT"
        let definition = try #require(AccountDefinition(Self.shop, showCreate: shown))
        #expect(
            definition.create
                == "CREATE USER IF NOT EXISTS `shop`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 REQUIRE NONE"
                + " PASSWORD EXPIRE DEFAULT")
        #expect(definition.defaultRole == "SET DEFAULT ROLE `r`@`%`, `s`@`h` TO `shop`@`%`")
        #expect(AccountDefinition(Self.shop, showCreate: "ALTER USER x") == nil)
    }

    private static func shown(
        _ user: String, _ host: String? = "%", _ grants: String..., isRole: Bool = false
    ) -> AccountText.Shown {
        let account = AccountName(user, at: host)
        return AccountText.Shown(
            account: account, isRole: isRole, definition: isRole ? nil : "CREATE USER \(account) IDENTIFIED BY 'x'",
            grants: grants)
    }

    @Test func whoeverMayDoSomethingIsTakenAlong() {
        let text = AccountText(
            [
                Self.shown("shop", "%", "GRANT PROCESS ON *.* TO `shop`@`%`", "GRANT ALL ON `shop`.* TO `shop`@`%`"),
                Self.shown("other", "%", "GRANT ALL ON `other`.* TO `other`@`%`"),
                Self.shown("root", "localhost", "GRANT ALL ON `shop`.* TO `root`@`localhost`"),
                Self.shown("mysql.sys", "localhost", "GRANT TRIGGER ON `shop`.* TO `mysql.sys`@`localhost`"),
                Self.shown("reader", nil, "GRANT SELECT ON `shop`.* TO `reader`", isRole: true),
                Self.shown(
                    "eve", "10.%", "GRANT USAGE ON *.* TO `eve`@`10.%`", "GRANT `reader` TO `eve`@`10.%`",
                    "GRANT `nothing` TO `eve`@`10.%`", "SET DEFAULT ROLE `reader` FOR `eve`@`10.%`"),
            ], database: "shop", isMariaDB: true)
        #expect(
            text.statements == [
                "CREATE USER IF NOT EXISTS `eve`@`10.%` IDENTIFIED BY 'x'", "CREATE ROLE IF NOT EXISTS `reader`",
                "CREATE USER IF NOT EXISTS `shop`@`%` IDENTIFIED BY 'x'", "GRANT `reader` TO `eve`@`10.%`",
                "GRANT SELECT ON * TO `reader`", "GRANT ALL ON * TO `shop`@`%`",
                "SET DEFAULT ROLE `reader` FOR `eve`@`10.%`",
            ])
        #expect(text.leftOut.map(\.what) == ["account `eve`@`10.%`", "account `shop`@`%`"])
        #expect(text.statements.allSatisfy { AccountStatement($0) != nil })
    }

    /// What a backup could say that no dump writes.
    @Test(arguments: [
        "GRANT ALL ON *.* TO `shop`@`%`", "GRANT ALL ON `mysql`.* TO `shop`@`%`", "GRANT ALL ON mysql.* TO `shop`@`%`",
        "GRANT SELECT ON `mysql`.`user` TO `shop`@`%`", "ALTER USER `shop`@`%` IDENTIFIED BY 'x'",
        "DROP USER `shop`@`%`", "CREATE USER `shop`@`%`", "CREATE USER IF NOT EXISTS `a`@`b`, `c`@`d`",
        "CREATE USER IF NOT EXISTS `a`@`b` DEFAULT ROLE `root`@`localhost`", "SET PASSWORD FOR `a`@`b` = 'x'",
        "GRANT PROXY ON `root`@`localhost` TO `shop`@`%`", "DROP DATABASE shop", "",
        "SET DEFAULT ROLE `r` TO `a`@`b`, `c`@`d`",
    ])
    func onlyKnownStatementsAreRun(statement: String) {
        #expect(AccountStatement(statement) == nil)
        var plan = AccountPlan(own: "admin@%")
        let step = plan.take(statement)
        #expect(step == nil && statement.hasPrefix("SET P") || step?.refusal != nil)
    }

    @Test func nobodyGetsMoreThanTheBackupsOwn() {
        var plan = AccountPlan(own: "admin@%")
        func refusal(_ statement: String) -> String? { plan.take(statement)?.refusal }
        #expect(plan.take("SET NAMES utf8mb4") == nil)
        #expect(refusal("CREATE USER IF NOT EXISTS `shop`@`%` IDENTIFIED BY 'x'") == nil)
        #expect(refusal("CREATE USER IF NOT EXISTS `root`@`localhost` IDENTIFIED BY 'x'") != nil)
        #expect(refusal("CREATE USER IF NOT EXISTS `admin`@`%` IDENTIFIED BY 'x'") == "it is the restoring user")
        #expect(refusal("GRANT SELECT ON * TO `shop`@`%`") == nil)
        #expect(refusal("GRANT SELECT ON * TO `admin`@`%`") != nil)
        #expect(refusal("GRANT SELECT ON * TO `stranger`@`%`") == "the account was not made")
        #expect(refusal("GRANT `root`@`localhost` TO `shop`@`%`")?.contains("none of the backup") == true)
        // A MariaDB would make it now, without a password.
        if let step = plan.take("CREATE USER IF NOT EXISTS `eve`@`%` IDENTIFIED BY 'x'") { plan.fail(step) }
        #expect(refusal("GRANT SELECT ON * TO `eve`@`%`") == "the account was not made")
    }
}
