internal import Binlog
internal import MySQLClient
internal import RecoveryCore

/// How far a log was replayed, in the journal of the restore. It is written in the transaction that what was replayed
/// is in, so that nothing is done twice.
extension RestoreJournal {
    struct Replayed: Sendable, Equatable {
        /// The last transaction that was done, in the order of the log.
        var last: String
        var committedAt: LogTime
        var transactions = 0
        var events = 0
        var skippedAccounts = 0

        fileprivate var note: String { "\(last) \(committedAt) \(transactions) \(events) \(skippedAccounts)" }

        init(last: String, committedAt: LogTime) {
            self.last = last
            self.committedAt = committedAt
        }

        fileprivate init?(_ note: String) {
            let fields = note.split(separator: " ")
            guard fields.count == 5, let time = LogTime(String(fields[1])), let transactions = Int(fields[2]),
                let events = Int(fields[3]), let skipped = Int(fields[4])
            else { return nil }
            self.init(last: String(fields[0]), committedAt: time)
            (self.transactions, self.events, skippedAccounts) = (transactions, events, skipped)
        }
    }

    /// A statement that commits by itself, noted before it runs.
    struct Definition: Sendable, Equatable {
        var gtid: String
        /// Which of the transaction's steps.
        var step: Int
        /// Of the database's definitions before it.
        var fingerprint: String
    }

    struct ReplayState: Sendable, Equatable {
        var replayed: Replayed?
        var definition: Definition?
        /// The target was reached; what follows changes the database.
        var isDone = false
    }

    static let replayStep = "replay"
    private static let definitionStep = "replay definition"
    private static let doneStep = "replay done"
    static let replaySteps: Set<String> = [replayStep, definitionStep, doneStep]

    static func readReplay(over connection: MySQLConnection) async throws -> ReplayState {
        let result = try await connection.query(
            "SELECT step, note FROM \(table.sqlIdentifier) WHERE step LIKE '\(replayStep)%'")
        var state = ReplayState()
        for row in result.rows.indices {
            let note = result.text(row, 1) ?? ""
            switch result.text(row, 0) {
            case replayStep: state.replayed = Replayed(note)
            case definitionStep:
                let fields = note.split(separator: " ")
                guard fields.count == 3, let step = Int(fields[1]) else { continue }
                state.definition = Definition(gtid: String(fields[0]), step: step, fingerprint: String(fields[2]))
            case doneStep: state.isDone = true
            default: continue
            }
        }
        return state
    }

    /// Within the transaction of what was replayed.
    static func note(_ replayed: Replayed, over connection: MySQLConnection) async throws {
        try await replace(replayStep, replayed.note, over: connection)
    }

    static func note(_ definition: Definition, over connection: MySQLConnection) async throws {
        try await replace(
            definitionStep, "\(definition.gtid) \(definition.step) \(definition.fingerprint)", over: connection)
    }

    static func forgetDefinition(over connection: MySQLConnection) async throws {
        _ = try await connection.query("DELETE FROM \(table.sqlIdentifier) WHERE step = '\(definitionStep)'")
    }

    static func noteReplayDone(over connection: MySQLConnection) async throws {
        try await replace(doneStep, "", over: connection)
    }

    /// Notes are plain: GTIDs, times, numbers, hexadecimal digits.
    private static func replace(_ step: String, _ note: String, over connection: MySQLConnection) async throws {
        _ = try await connection.query(
            "REPLACE INTO \(table.sqlIdentifier) (step, note) VALUES ('\(step)', '\(note)')")
    }
}
