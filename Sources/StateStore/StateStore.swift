internal import Foundation
internal import GRDB

/// What an agent remembers on its own machine: its runs, the open alerts, since when it follows a schedule.
///
/// SQLite in WAL mode with `synchronous = FULL`: what a call has returned for survives SIGKILL and a power cut. All of
/// it is for people and for this node alone; nodes agree by what is in the bucket.
package struct StateStore: Sendable {
    private let database: DatabaseQueue

    /// Opens the file, makes it if need be, and brings its tables to this version's form.
    /// - Throws: `StateStoreError`; of a file from a newer version too, which is left alone.
    package init(path: String) throws {
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL")
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            database = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Self.migrator
            if try database.read(migrator.hasBeenSuperseded) {
                throw StateStoreError(path: path, reason: "it was written by a newer version of Breakwater")
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError {
            throw StateStoreError(path: path, reason: "\(error)")
        }
    }

    /// One step for each change of the tables; a step that has been released is never edited.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 runs, alerts, schedules") { database in
            try database.create(table: "run") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("job", .text).notNull()
                table.column("due", .datetime).notNull()
                table.column("number", .integer).notNull()
                table.column("node", .text).notNull()
                table.column("started_at", .datetime).notNull()
                // Null while it runs, and for ever when the agent was killed meanwhile.
                table.column("finished_at", .datetime)
                table.column("outcome", .text)
                table.column("exit_code", .integer)
                table.column("detail", .text).notNull().defaults(to: "")
            }
            try database.create(index: "run_of_job", on: "run", columns: ["job", "started_at"])
            try database.create(table: "alert") { table in
                table.primaryKey("key", .text)
                table.column("text", .text).notNull()
                table.column("since", .datetime).notNull()
                table.column("told_at", .datetime)
            }
            try database.create(table: "schedule") { table in
                table.primaryKey("job", .text)
                table.column("text", .text).notNull()
                table.column("since", .datetime).notNull()
            }
        }
        return migrator
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value { try database.write(body) }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value { try database.read(body) }
}

package struct StateStoreError: Error, Equatable, Sendable, CustomStringConvertible {
    package var path: String
    package var reason: String

    package var description: String { "\(path) cannot be used: \(reason)" }
}
