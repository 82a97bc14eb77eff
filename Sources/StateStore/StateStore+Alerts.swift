package import Foundation
internal import GRDB
package import RecoveryCore

extension StateStore {
    package func alerts() throws -> [AlertBook.Entry] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM alert ORDER BY key").map { row in
                AlertBook.Entry(key: row["key"], text: row["text"], since: row["since"], toldAt: row["told_at"])
            }
        }
    }

    /// Puts these in the place of all that were there.
    package func replaceAlerts(_ entries: [AlertBook.Entry]) throws {
        try write { database in
            try database.execute(sql: "DELETE FROM alert")
            for entry in entries {
                try database.execute(
                    sql: "INSERT INTO alert (key, text, since, told_at) VALUES (?, ?, ?, ?)",
                    arguments: [entry.key, entry.text, entry.since, entry.toldAt])
            }
        }
    }

    /// Since when a job's schedule is followed; a schedule of another text begins anew.
    package func following(_ job: String, schedule text: String, now: Date) throws -> Date {
        try write { database in
            let row = try Row.fetchOne(database, sql: "SELECT * FROM schedule WHERE job = ?", arguments: [job])
            if let row, row["text"] == text { return row["since"] }
            try database.execute(
                sql: "INSERT OR REPLACE INTO schedule (job, text, since) VALUES (?, ?, ?)",
                arguments: [job, text, now])
            return now
        }
    }
}
