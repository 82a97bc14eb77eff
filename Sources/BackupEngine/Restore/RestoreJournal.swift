internal import MySQLClient
internal import RecoveryCore

/// What a restore has done, in a table at the target: it is what a restore that was ended goes on from.
///
/// An object's row is written first in the transaction that its rows are in. So nothing is loaded twice: not after a
/// kill, and not beside what a session of a killed restore still does, for the second one to write the row waits for
/// the first to end, and then finds it there or does it again.
struct RestoreJournal: Sendable {
    static let table = "__breakwater_restore"
    private static let name = table.sqlIdentifier
    private static let titleStep = "restore"
    private static let emptiedStep = "emptied"
    private static let comparedStep = "compared"

    /// What was read of one.
    struct State: Equatable {
        /// ``RestoreSelection/title`` of the restore that it is of.
        var title: String
        /// Whether what was in the way is gone.
        var isEmptied: Bool
        /// Whether all that was restored is known to be what was backed up. What follows changes it.
        var isCompared = false
        /// Whether a log is being replayed onto it.
        var isReplaying = false
        /// Names of objects.
        var done: Set<String>

        var backup: String { String(title.prefix { $0 != "\n" }) }
    }

    /// Nil when there is none, or one that nothing was done after.
    static func read(over connection: MySQLConnection) async throws -> State? {
        let result = try await connection.query("SELECT step, note FROM \(name)", limit: 1 << 30)
        var state = State(title: "", isEmptied: false, done: [])
        for row in result.rows.indices {
            switch result.text(row, 0) {
            case titleStep: state.title = result.text(row, 1) ?? ""
            case emptiedStep: state.isEmptied = true
            case comparedStep: state.isCompared = true
            case let step? where replaySteps.contains(step): state.isReplaying = true
            case let step: state.done.insert(step ?? "")
            }
        }
        return state.title.isEmpty ? nil : state
    }

    static func begin(_ title: String, over connection: MySQLConnection) async throws {
        _ = try await connection.query("DROP TABLE IF EXISTS \(name)")
        _ = try await connection.query(
            """
            CREATE TABLE \(name) (step VARBINARY(600) PRIMARY KEY, note LONGBLOB,
            at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)
            ENGINE = InnoDB COMMENT = 'a restore of Breakwater that is not finished'
            """)
        let digits = title.utf8.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        _ = try await connection.query(
            "INSERT INTO \(name) (step, note) VALUES ('\(titleStep)', 0x\(digits.joined()))")
    }

    static func noteEmptied(over connection: MySQLConnection) async throws {
        _ = try await connection.query("INSERT IGNORE INTO \(name) (step) VALUES ('\(emptiedStep)')")
    }

    static func noteCompared(over connection: MySQLConnection) async throws {
        _ = try await connection.query("INSERT IGNORE INTO \(name) (step) VALUES ('\(comparedStep)')")
    }

    /// Within the transaction of an object's rows.
    /// - Returns: false if the object is there already.
    static func note(_ object: BackupManifest.Object, over connection: MySQLConnection) async throws -> Bool {
        // Names of objects are plain: ``BackupLayout``.
        do {
            _ = try await connection.query("INSERT INTO \(name) (step) VALUES ('\(object.name)')")
            return true
        } catch let error as MySQLError where error.kind == .duplicateKey {
            return false
        }
    }

    static func end(over connection: MySQLConnection) async throws {
        _ = try await connection.query("DROP TABLE IF EXISTS \(name)")
    }
}
