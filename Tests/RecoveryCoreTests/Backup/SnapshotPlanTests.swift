import RecoveryCore
import Testing

struct GrantsTests {
    private let shop = Grants.Scope.database("shop")

    @Test func globalGrantsReachEverything() {
        let grants = Grants([
            "GRANT SELECT, INSERT, RELOAD, LOCK TABLES, SHOW VIEW ON *.* TO `backup`@`%` WITH GRANT OPTION",
            "GRANT BACKUP_ADMIN,FLUSH_TABLES ON *.* TO `backup`@`%`",
        ])
        #expect(grants.allows(.reload, on: .global))
        #expect(grants.allows(.lockTables, on: shop))
        #expect(grants.allows(.select, on: .table(database: "shop", name: "wp_posts")))
        #expect(grants.allows(.backupAdmin, on: .global))
        #expect(!grants.allows(.event, on: shop))
        #expect(!grants.allows(.showRoutine, on: .global))
    }

    @Test(arguments: [
        ("`shop`.*", true), ("`sh%`.*", true), ("`sho_`.*", true), ("`sho\\_`.*", false), ("`shop\\_x`.*", false),
        ("`SHOP`.*", false), ("`shop``x`.*", false), ("`shop`.`t`", false), ("*.*", true), ("`%`.*", true),
        ("'shop'.*", true), ("\"shop\".*", true), ("TABLE `shop`.`t`", false), ("PROCEDURE `shop`.`p`", false),
    ])
    func databases(_ object: String, _ isAllowed: Bool) {
        let grants = Grants(["GRANT SELECT ON \(object) TO `u`@`h`"])
        #expect(grants.allows(.select, on: shop) == isAllowed)
    }

    @Test func namesMayHoldAnything() {
        let grants = Grants([
            "GRANT SELECT ON `a``b ON *.* TO`.* TO `u`@`%`", "GRANT SELECT ON `x.y`.`t``1` TO 'u'@'%'",
        ])
        #expect(grants.allows(.select, on: .database("a`b ON *.* TO")))
        #expect(!grants.allows(.select, on: .global))
        #expect(grants.allows(.select, on: .table(database: "x.y", name: "t`1")))
        #expect(Grants(["GRANT ALL PRIVILEGES ON `shop\\_1`.* TO `u`@`%`"]).allows(.trigger, on: .database("shop_1")))
        #expect(!Grants(["GRANT ALL PRIVILEGES ON `shop\\_1`.* TO `u`@`%`"]).allows(.trigger, on: .database("shopX1")))
    }

    @Test func aPrivilegeOnColumnsIsNoneOnTheTable() {
        let grants = Grants(["GRANT SELECT (`a`, `b`), INSERT, TRIGGER ON `shop`.`t` TO `u`@`%`"])
        #expect(!grants.allows(.select, on: .table(database: "shop", name: "t")))
        #expect(grants.allows(.trigger, on: .table(database: "shop", name: "t")))
    }

    @Test func partialRevokesTakeBackWhatGlobalGrantsGive() {
        let grants = Grants([
            "GRANT SELECT, SHOW VIEW ON *.* TO `u`@`%`", "REVOKE SELECT ON `mysql`.* FROM `u`@`%`",
        ])
        #expect(grants.allows(.select, on: shop))
        #expect(!grants.allows(.select, on: .table(database: "mysql", name: "user")))
        #expect(grants.allows(.showView, on: .database("mysql")))
    }

    @Test func rolesAreReadOneAfterAnother() {
        var grants = Grants([
            "GRANT USAGE ON *.* TO `u`@`%`", "GRANT `reader`@`%`,`locker`@`%` TO `u`@`%`",
            "SET DEFAULT ROLE `reader` FOR `u`@`%`",
        ])
        #expect(grants.roles == ["reader", "locker"])
        grants.read(["GRANT SELECT ON `shop`.* TO `reader`@`%`"], ofRole: "reader")
        #expect(grants.allows(.select, on: shop))
        grants.read(["GRANT `reader`@`%` TO `locker`@`%`", "GRANT `more` TO `locker`"], ofRole: "locker")
        #expect(grants.roles == ["more"])
    }

    @Test(arguments: [
        "", "GRANT", "GRANT ON", "GRANT SELECT ON", "GRANT SELECT ON `shop", "GRANT SELECT ON `shop`", "GRANT `",
        "GRANT SELECT ON `shop`. TO", "grant select", "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
        "GRANT SELECT ( ON `shop`.* TO `u`", "REVOKE", ")))",
    ])
    func whatIsNoGrantGrantsNothing(_ line: String) {
        let grants = Grants([line])
        #expect(!grants.allows(.select, on: shop))
        #expect(grants.roles == [])
    }

    @Test func versions() {
        #expect(DatabaseServer(versionText: "8.0.35") == DatabaseServer(.mysql, .init(8, 0, 35)))
        #expect(DatabaseServer(versionText: "9.7.0-1")?.description == "MySQL 9.7.0")
        #expect(DatabaseServer(versionText: "10.11.6-MariaDB-0+deb12u1")?.description == "MariaDB 10.11.6")
        #expect(DatabaseServer(versionText: "5.5.5-10.11.6-MariaDB-log")?.version == .init(10, 11, 6))
        #expect(DatabaseServer(versionText: "5.7.44-log")?.description == "MySQL 5.7.44")
        for text in ["", "MySQL", "8", "99999999999999999999.1"] { #expect(DatabaseServer(versionText: text) == nil) }
    }
}

struct SnapshotPlanTests {
    private static let needed = "SELECT, SHOW VIEW, TRIGGER, EVENT"
    /// What administrators of managed databases have; some providers leave RELOAD out.
    private static let managed = """
        GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, \
        CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, \
        CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE ROLE, DROP ROLE ON *.* TO `doadmin`@`%` \
        WITH GRANT OPTION
        """

    private func plan(_ version: String, _ grants: [String], tables: [TableFacts] = [], log: Bool = true) throws
        -> SnapshotPlan
    {
        let server = try #require(DatabaseServer(versionText: version))
        return try SnapshotPlan(
            for: .init(server: server, database: "shop", tables: tables, hasBinaryLog: log), grants: Grants(grants))
    }

    @Test(arguments: [
        (
            "8.0.35", [managed], [SnapshotPlan.Method.globalReadLock, .tableLocks, .singleConnection], false,
            "SHOW MASTER STATUS"
        ),
        (
            "8.4.3", [managed, "GRANT BACKUP_ADMIN ON *.* TO `doadmin`@`%`"],
            [.globalReadLock, .tableLocks, .singleConnection], true, "SHOW BINARY LOG STATUS"
        ),
        (
            "8.0.35", [managed.replacing("RELOAD, ", with: "")], [.tableLocks, .singleConnection], false,
            "SHOW MASTER STATUS"
        ),
        (
            "9.7.0",
            [
                "GRANT \(needed), LOCK TABLES ON `shop`.* TO `u`@`%`", "GRANT FLUSH_TABLES ON *.* TO `u`@`%`",
                "GRANT REPLICATION CLIENT ON *.* TO `u`@`%`",
            ],
            [.globalReadLock, .tableLocks, .singleConnection], false, "SHOW BINARY LOG STATUS"
        ),
        ("9.7.0", ["GRANT \(needed) ON `shop`.* TO `u`@`%`"], [.singleConnection], false, nil),
        (
            "10.11.6-MariaDB",
            ["GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA unix_socket WITH GRANT OPTION"],
            [.backupStages, .globalReadLock, .tableLocks, .singleConnection], false, "SHOW MASTER STATUS"
        ),
        (
            "10.4.34-MariaDB", ["GRANT \(needed), RELOAD ON *.* TO `u`@`%`"], [.globalReadLock, .singleConnection],
            false, nil
        ),
        (
            "10.11.6-MariaDB", ["GRANT \(needed), LOCK TABLES, BINLOG MONITOR ON *.* TO `u`@`%`"],
            [.tableLocks, .singleConnection], false, "SHOW MASTER STATUS"
        ),
    ])
    func methods(
        _ version: String, _ grants: [String], _ methods: [SnapshotPlan.Method], _ locksInstance: Bool,
        _ position: String?
    ) throws {
        let plan = try plan(version, grants)
        #expect(plan.methods == methods)
        #expect(plan.locksInstance == locksInstance)
        #expect(plan.position?.rawValue == position)
        #expect(plan.reasons.first?.isEmpty == false)
        #expect((position == nil) == plan.warnings.contains { $0.contains("position") })
    }

    @Test func reasonsAreWords() throws {
        let plan = try plan("8.0.35", [Self.managed])
        #expect(
            plan.reasons == [
                "MySQL 8.0.35 with RELOAD: a global read lock while the snapshots are opened",
                "without BACKUP_ADMIN a change of a table fails the backup, which says so",
            ])
        #expect(plan.warnings == [])
    }

    @Test func withoutALogThereIsNoPosition() throws {
        let plan = try plan("8.0.35", [Self.managed], log: false)
        #expect(plan.position == nil)
        #expect(plan.warnings.count == 1)
    }

    @Test func tablesWithoutTransactionsAreNamed() throws {
        let tables = [
            TableFacts(name: "a"), TableFacts(name: "b", engine: "MyISAM"), TableFacts(name: "c", engine: "Aria"),
        ]
        let plan = try plan("8.0.35", [Self.managed], tables: tables)
        #expect(
            plan.warnings == ["tables without transactions are read while they may be written: b (MyISAM), c (Aria)"])
    }

    @Test func whatCannotBeSeenIsNotLeftOutInSilence() throws {
        let error = try #require(throws: SnapshotRefusal.self) {
            try plan("8.0.35", ["GRANT SELECT, LOCK TABLES, SHOW VIEW ON `shop`.* TO `u`@`%`"])
        }
        #expect(error.missing.map(\.privilege) == [.trigger, .event])
        #expect(error.hint == "GRANT TRIGGER, EVENT ON `shop`.* TO the user")
        #expect("\(error)".contains("TRIGGER is missing, without which triggers are not listed"))

        let onTables = try #require(throws: SnapshotRefusal.self) {
            try plan(
                "8.0.35", ["GRANT SELECT ON `shop`.`a` TO `u`@`%`"],
                tables: [TableFacts(name: "a"), TableFacts(name: "b")])
        }
        #expect(onTables.missing.first?.tables == ["b"])
    }

    @Test func rolesThatWereNotReadAreNamed() throws {
        let plan = try plan("8.0.35", [Self.managed, "GRANT `r`@`%` TO `doadmin`@`%`"])
        #expect(plan.warnings == ["what the roles r allow was not considered"])
    }

    @Test func routinesOfOthersAreNamed() throws {
        let grants = [
            "GRANT \(Self.needed), LOCK TABLES ON `shop`.* TO `u`@`%`",
            "GRANT REPLICATION CLIENT, RELOAD ON *.* TO `u`@`%`",
        ]
        #expect(
            try plan("9.7.0", grants).warnings == [
                "routines of other definers cannot be read, and are left out if there are any"
            ])
        #expect(try plan("9.7.0", grants + ["GRANT SHOW_ROUTINE ON *.* TO `u`@`%`"]).warnings == [])
        #expect(try plan("10.11.6-MariaDB", grants + ["GRANT SELECT ON `mysql`.`proc` TO `u`@`%`"]).warnings == [])
    }
}
