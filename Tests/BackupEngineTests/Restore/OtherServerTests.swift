import RecoveryCore
import Testing

@testable import BackupEngine

/// What statements of a backup become on servers that lack something of the one it is of.
@Suite struct OtherServerTests {
    private static let mysql = DatabaseServer(.mysql, .init(9, 7))
    private static let mariadb = DatabaseServer(.mariadb, .init(10, 11, 6))

    @Test(
        arguments: [
            (mysql, "STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER,ANSI_QUOTES", "STRICT_TRANS_TABLES,ANSI_QUOTES", []),
            (mysql, "NO_AUTO_CREATE_USER", "", []),
            (mysql, "empty_string_is_null,PIPES_AS_CONCAT", "PIPES_AS_CONCAT", ["EMPTY_STRING_IS_NULL"]),
            (mysql, "ORACLE,NO_KEY_OPTIONS", "", ["ORACLE"]), (mysql, "", "", []),
            (mysql, "TIME_TRUNCATE_FRACTIONAL", "TIME_TRUNCATE_FRACTIONAL", []),
            (mariadb, "STRICT_ALL_TABLES,TIME_TRUNCATE_FRACTIONAL", "STRICT_ALL_TABLES", ["TIME_TRUNCATE_FRACTIONAL"]),
            (mariadb, "ORACLE,NO_AUTO_CREATE_USER", "ORACLE,NO_AUTO_CREATE_USER", []),
            (DatabaseServer(.mysql, .init(5, 7, 44)), "NO_AUTO_CREATE_USER", "NO_AUTO_CREATE_USER", []),
        ] as [(DatabaseServer, String, String, [String])])
    func modes(of server: DatabaseServer, modes: String, kept: String, lost: [String]) {
        let mapped = SQLModeMap(server).mapped(
            "SET SESSION collation_connection = 'utf8mb4_general_ci', sql_mode = '\(modes)', time_zone = 'SYSTEM'")
        #expect(
            mapped.text
                == "SET SESSION collation_connection = 'utf8mb4_general_ci', sql_mode = '\(kept)', time_zone = 'SYSTEM'"
        )
        #expect(mapped.lost == lost)
    }

    @Test(arguments: ["SET NAMES utf8mb4", "SET SESSION sql_mode", "SET sql_mode = @old", "SET SESSION sql_mode = "])
    func whatSetsNoModesIsLeft(_ text: String) {
        let mapped = SQLModeMap(Self.mysql).mapped(text)
        #expect(mapped.text == text && mapped.lost == [])
    }

    @Test(
        arguments: [
            (mysql, mysql, nil), (DatabaseServer(.mysql, .init(9, 7, 2)), mysql, nil),
            (DatabaseServer(.mysql, .init(8, 0, 35)), mysql, nil),
            (
                mysql, DatabaseServer(.mysql, .init(8, 0, 35)),
                "the server, MySQL 8.0.35, is older than that of the backup, MySQL 9.7.0"
            ),
            (mysql, mariadb, "the server is MariaDB 10.11.6, and the backup is of MySQL 9.7.0"),
        ] as [(DatabaseServer, DatabaseServer, String?)])
    func serversThatDifferAreWarnedOf(source: DatabaseServer, target: DatabaseServer, warning: String?) {
        let source = BackupManifest.Source(
            family: source.family, version: source.text, database: "shop", characterSet: "utf8mb4", collation: "x")
        #expect(target.warning(of: source) == warning)
    }
}
