import MySQLClient
import RecoveryCore
import Testing

struct ServerTests {
    @Test(arguments: [
        ("10.11.6-MariaDB-0+deb12u1", DatabaseServer.Family.mariadb, DatabaseServer.Version(10, 11, 6)),
        ("5.5.5-10.4.34-MariaDB-log", .mariadb, .init(10, 4, 34)),
        ("11.8.2-MariaDB-ubu2404", .mariadb, .init(11, 8, 2)),
        ("8.0.35", .mysql, .init(8, 0, 35)),
        ("9.7.0-2", .mysql, .init(9, 7, 0)),
        ("9.7.4.0-2", .mysql, .init(9, 7, 4)),
        ("8.4.5-azure", .mysql, .init(8, 4, 5)),
    ])
    func greeting(text: String, family: DatabaseServer.Family, version: DatabaseServer.Version) {
        let server = DatabaseServer(versionText: text)
        #expect(server?.family == family)
        #expect(server?.version == version)
    }

    @Test(arguments: ["", "MariaDB", "8", "8.0", "8..1", "99999999999999999999.0.0", "x8.0.35"])
    func noVersion(text: String) {
        #expect(DatabaseServer(versionText: text) == nil)
    }

    @Test func capabilities() throws {
        let mariadb = try #require(DatabaseServer(versionText: "10.11.6-MariaDB"))
        let mysql = try #require(DatabaseServer(versionText: "8.0.26"))
        let newest = try #require(DatabaseServer(versionText: "9.7.0"))
        #expect(mariadb.hasBackupStages && !mariadb.hasInstanceBackupLock && mariadb.hasSequences)
        #expect(!mysql.hasBackupStages && mysql.hasInstanceBackupLock && !mysql.hasSequences)
        #expect(!mysql.hasDDLBufferSize && newest.hasDDLBufferSize)
        #expect(!mysql.restrictsForeignKeys && newest.restrictsForeignKeys)
    }

    @Test func sessions() throws {
        let mariadb = try #require(DatabaseServer(versionText: "10.11.6-MariaDB"))
        let mysql = try #require(DatabaseServer(versionText: "9.7.0"))
        #expect(SessionSettings.dump.statements(for: mysql).contains("SET SESSION max_execution_time = 0"))
        #expect(SessionSettings.dump.statements(for: mariadb).contains("SET SESSION max_statement_time = 0"))
        #expect(!SessionSettings.dump.statements(for: mysql).joined().contains("foreign_key_checks"))
        #expect(SessionSettings.load.statements(for: mysql).joined().contains("NO_AUTO_VALUE_ON_ZERO"))
    }

    private static let kinds: [(UInt32, MySQLError.Kind)] = [
        (1045, .accessDenied), (1205, .lockWaitTimedOut), (1213, .deadlock), (1317, .interrupted),
        (1412, .tableDefinitionChanged), (2013, .connectionLost), (2002, .cannotConnect), (2026, .tlsFailed),
        (1153, .packetTooLarge), (2020, .packetTooLarge), (1146, .unknownTable), (3024, .statementTimedOut),
        (1969, .statementTimedOut), (1227, .privilegeMissing), (1927, .connectionLost), (9999, .other),
    ]

    @Test(arguments: kinds)
    func errorClass(code: UInt32, kind: MySQLError.Kind) {
        #expect(MySQLError.Kind(code: code) == kind)
    }
}
