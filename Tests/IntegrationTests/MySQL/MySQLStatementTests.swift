import Foundation
import LoopbackServers
import MySQLClient
import Testing
import Topology

extension MySQLTests {
    /// One statement after the other.
    @Suite struct Statements {
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func outcomes(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, _ in
                _ = try await connection.query(
                    "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9) UNIQUE)")
                let inserted = try await connection.query("INSERT INTO t (a) VALUES ('x'), (''), (NULL)")
                #expect(inserted.affectedRows == 3 && inserted.lastInsertID == 1 && inserted.columns.isEmpty)
                let read = try await connection.query("SELECT id, a FROM t ORDER BY id")
                #expect(read.rows == [[[0x31], [0x78]], [[0x32], []], [[0x33], nil]])
                #expect(read.texts("a") == ["x", "", nil] && read.texts("b") == [])
                #expect(read.text(2, 1) == nil && read.text(3, 0) == nil && read.text(0, 2) == nil)
                let none = try await connection.query("SELECT id FROM t WHERE id > 3")
                #expect(none.rows.isEmpty && none.columns.map(\.name) == ["id"])
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func warningsAreHeard(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, _ in
                _ = try await connection.query("CREATE TABLE t (a TINYINT)")
                _ = try await connection.query("SET sql_mode = ''")
                let result = try await connection.query("INSERT INTO t VALUES (300), (1), (-300)")
                #expect(result.warnings == 2)
                let warnings = try await connection.warnings()
                #expect(warnings.map(\.level) == ["Warning", "Warning"] && warnings.map(\.code) == [1264, 1264])
                #expect(warnings[0].description.hasPrefix("Warning 1264: Out of range value for column 'a'"))
                #expect(try await connection.query("SELECT * FROM t").warnings == 0)
                #expect(try await connection.warnings() == [])
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func refusalsHaveTheirKindAndLeaveTheConnectionUsable(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await server.withDatabase { connection, settings in
                for statement in [
                    "CREATE TABLE p (id INT PRIMARY KEY, u INT UNIQUE)", "INSERT INTO p VALUES (1, 1)",
                    "CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id))",
                    "CREATE USER guest@'%'", "GRANT SELECT ON \(settings.address.database ?? "").p TO guest@'%'",
                ] { _ = try await connection.query(statement) }
                let table: [(String, MySQLError.Kind, UInt32, String)] = [
                    ("SELEC 1", .syntax, 1064, "42000"), ("SELECT * FROM nowhere", .unknownTable, 1146, "42S02"),
                    ("INSERT INTO p VALUES (2, 1)", .duplicateKey, 1062, "23000"),
                    ("INSERT INTO c VALUES (7)", .foreignKeyViolated, 1452, "23000"),
                    ("USE nowhere", .unknownDatabase, 1049, "42000"),
                    // One statement at a time: what is injected behind a semicolon does not run.
                    ("SELECT 1; SELECT 2", .syntax, 1064, "42000"),
                ]
                for (statement, kind, code, state) in table {
                    let error = try await mysqlError { _ = try await connection.query(statement) }
                    #expect(error.kind == kind && error.code == code && error.sqlState == state, "\(error)")
                }
                #expect(try await connection.query("SELECT 1").text() == "1")
                var guest = settings
                guest.address.user = "guest"
                try await MySQLConnection.with(guest) { guest in
                    let error = try await mysqlError { _ = try await guest.query("DELETE FROM p") }
                    #expect(error.kind == .privilegeMissing && error.code == 1142, "\(error)")
                }
                _ = try await connection.query("DROP USER guest@'%'")
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func noFileOfThisMachineIsEverSent(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, _ in
                #expect(try await connection.query("SELECT @@local_infile").text() == "1")
                _ = try await connection.query("CREATE TABLE t (a TEXT)")
                _ = try await mysqlError {
                    _ = try await connection.query("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t")
                }
                #expect(try await connection.query("SELECT COUNT(*) FROM t").text() == "0")
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func resultsOfAProcedureAfterTheFirstAreReadAndDropped(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, _ in
                _ = try await connection.query(
                    "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2, 3; SELECT 4 FROM DUAL WHERE 1 = 0; END")
                #expect(try await connection.query("CALL p()").text() == "1")
                #expect(try await connection.query("SELECT 5").text() == "5")
                let streamed = try await connection.withRows(of: "CALL p()") { _, rows in
                    _ = try rows.read { _ in .proceed }
                    return rows.rowsRead
                }
                #expect(streamed == 1)
                #expect(try await connection.query("SELECT 6").text() == "6")
                let failing = "CREATE PROCEDURE q() BEGIN SELECT 1; SELECT * FROM nowhere; END"
                _ = try await connection.query(failing)
                #expect(try await mysqlError { _ = try await connection.query("CALL q()") }.kind == .unknownTable)
                #expect(try await connection.query("SELECT 7").text() == "7")
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func limitsOfTheServer(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, settings in
                _ = try await connection.query("CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB")
                _ = try await connection.query("INSERT INTO t VALUES (1)")
                _ = try await connection.query("BEGIN")
                _ = try await connection.query("DELETE FROM t")
                try await MySQLConnection.with(settings) { other in
                    _ = try await other.query("SET innodb_lock_wait_timeout = 1")
                    let waited = try await mysqlError { _ = try await other.query("DELETE FROM t") }
                    #expect(waited.kind == .lockWaitTimedOut, "\(waited)")
                    _ = try await other.query(
                        flavour == .mysql ? "SET max_execution_time = 50" : "SET max_statement_time = 0.05")
                    let slow = try await mysqlError {
                        _ = try await other.query(
                            "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b,"
                                + " information_schema.columns c WHERE a.column_name > b.column_name")
                    }
                    #expect(slow.kind == .statementTimedOut, "\(slow)")
                    #expect(try await other.query("SELECT 1").text() == "1")
                }
                _ = try await connection.query("ROLLBACK")
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func sessionSettings(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            let expected: [SessionSettings: [String: String]] = [
                .dump: [
                    "sql_mode": "", "time_zone": "+00:00", "net_write_timeout": "1800", "net_read_timeout": "1800",
                    "character_set_results": "utf8mb4", "transaction_isolation": "REPEATABLE-READ",
                    "max_execution_time": "0", "max_statement_time": "0.000000", "foreign_key_checks": "ON",
                ],
                .load: [
                    "sql_mode": "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES", "foreign_key_checks": "OFF",
                    "unique_checks": "OFF",
                    "time_zone": "+00:00", "character_set_client": "utf8mb4",
                ],
            ]
            for kind in SessionSettings.allCases {
                try await MySQLConnection.with(server.settings()) { connection in
                    try await connection.apply(kind)
                    let variables = try await connection.query("SHOW SESSION VARIABLES")
                    for (name, value) in try #require(expected[kind]) {
                        let row = variables.rows.indices.first {
                            variables.text($0, 0)
                                == (name == "transaction_isolation" && flavour == .mariadb ? "tx_isolation" : name)
                        }
                        // Each family lacks the other's limit of time.
                        guard let row else {
                            #expect(name.hasPrefix("max_"))
                            continue
                        }
                        #expect(variables.text(row, 1) == value, "\(kind) \(name)")
                    }
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func oneStatementAtATime(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await MySQLConnection.with(server.settings()) { connection in
                try await connection.withRows(of: "SELECT 1 UNION SELECT 2") { connection, rows in
                    let error = try await mysqlError { _ = try await connection.query("SELECT 3") }
                    #expect(error.kind == .busy)
                    _ = try rows.read { _ in .proceed }
                }
                #expect(try await connection.query("SELECT 4").text() == "4")
            }
        }

        /// Each connection blocks a thread of its own, none of those that Swift's concurrency has.
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func manyConnectionsWaitAtOnce(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await withThrowingTaskGroup { group in
                for _ in 0..<24 {
                    group.addTask {
                        try await MySQLConnection.with(server.settings()) {
                            _ = try await $0.query("SELECT /* crowd */ SLEEP(600)")
                        }
                    }
                }
                try await eventually("24 statements at once") { try await server.running("crowd") == 24 }
                group.cancelAll()
                while let result = await group.nextResult() {
                    #expect(throws: CancellationError.self) { try result.get() }
                }
            }
            try await eventually("none left at the server") { try await server.running("crowd") == 0 }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aForgottenConnectionIsClosed(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            func sessions() async throws -> String? {
                try await MySQLConnection.with(server.settings()) {
                    try await $0.query("SELECT COUNT(*) FROM information_schema.processlist WHERE db = 'forgotten'")
                        .text()
                }
            }
            try await server.run("CREATE DATABASE forgotten")
            var connection: MySQLConnection? = try await MySQLConnection.connect(
                server.settings(database: "forgotten"))
            #expect(try await sessions() == "1")
            #expect(await connection?.isOpen == true)
            connection = nil
            try await eventually("no session left") { try await sessions() == "0" }
            try await server.run("DROP DATABASE forgotten")
        }
    }
}
