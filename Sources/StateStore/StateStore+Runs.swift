package import Foundation
internal import GRDB
package import RecoveryCore

extension StateStore {
    /// Notes that a run begins.
    /// - Returns: Its number in this file.
    package func begin(job: String, due: Date, number: Int, node: String, at now: Date) throws -> Int64 {
        try write { database in
            try database.execute(
                sql: "INSERT INTO run (job, due, number, node, started_at) VALUES (?, ?, ?, ?, ?)",
                arguments: [job, due, number, node, now])
            return database.lastInsertedRowID
        }
    }

    package func finish(_ id: Int64, _ run: JobRun) throws {
        try write { database in
            try database.execute(
                sql: "UPDATE run SET finished_at = ?, outcome = ?, exit_code = ?, detail = ? WHERE id = ?",
                arguments: [run.finishedAt, run.outcome.rawValue, run.exitCode, run.detail, id])
        }
    }

    /// Ends the runs that an agent which was killed left open.
    /// - Returns: How many there were.
    package func closeInterrupted(at now: Date) throws -> Int {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE run SET finished_at = ?, outcome = ?, detail = 'the agent was killed' \
                    WHERE finished_at IS NULL
                    """,
                arguments: [now, JobRun.Outcome.interrupted.rawValue])
            return database.changesCount
        }
    }

    /// The newest runs that have ended, the last one first.
    package func runs(of job: String? = nil, limit: Int = 20) throws -> [JobRun] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM run WHERE finished_at IS NOT NULL AND (?1 IS NULL OR job = ?1)
                    ORDER BY started_at DESC, id DESC LIMIT ?2
                    """,
                arguments: [job, limit])
            return rows.map { row in
                JobRun(
                    job: row["job"], due: row["due"], number: row["number"], node: row["node"],
                    startedAt: row["started_at"], finishedAt: row["finished_at"],
                    outcome: (row["outcome"] as String?).flatMap(JobRun.Outcome.init) ?? .interrupted,
                    exitCode: row["exit_code"], detail: row["detail"])
            }
        }
    }

    /// How many runs ended how, by job and outcome.
    package func counts() throws -> [(job: String, outcome: String, count: Int)] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT job, outcome, COUNT(*) AS count FROM run WHERE outcome IS NOT NULL
                    GROUP BY job, outcome ORDER BY job, outcome
                    """
            ).map { ($0["job"], $0["outcome"], $0["count"]) }
        }
    }
}
