package import RecoveryCore

/// What a database is made of, apart from its rows: what a dump needs to know and to carry.
package struct DatabaseSchema: Sendable, Equatable {
    /// As the server spells it.
    package var name: String
    package var characterSet: String
    package var collation: String
    package var tables: [TableSchema]
    /// MariaDB.
    package var sequences: [Sequence]
    /// Each after those that it reads.
    package var views: [StoredProgram]
    package var routines: [StoredProgram]
    /// Several of one table and moment are in the order in which they run.
    package var triggers: [StoredProgram]
    package var events: [StoredProgram]
    /// What is there and cannot be carried, with the reason.
    package var leftOut: [Omission]

    package struct Sequence: Sendable, Equatable {
        package var name: String
        package var create: String
    }

    package struct Omission: Sendable, Hashable {
        package var what: String
        package var why: String

        init(_ what: String, why: String) {
            self.what = what
            self.why = why
        }
    }
}

package struct TableSchema: Sendable, Equatable {
    package struct Column: Sendable, Hashable {
        package var name: String
        /// Without length, in lower case: `varchar`.
        package var dataType: String
        /// As in a definition: `int(10) unsigned`.
        package var columnType: String
        /// `nil` for what holds no text.
        package var characterSet: String?
        package var collation: String?
        package var isNullable: Bool
        /// Computed by the server, which accepts no values for it.
        package var isGenerated: Bool
        /// Not part of `SELECT *`.
        package var isInvisible: Bool
    }

    /// What plans go by.
    package var facts: TableFacts
    /// In order.
    package var columns: [Column]
    /// `SHOW CREATE TABLE`.
    package var create: String
    package var autoIncrement: UInt64?
    /// MariaDB keeps old versions of the rows.
    package var isSystemVersioned: Bool
    /// As the server says it; a TRUNCATE changes it, too.
    package var createdAt: String?

    package var name: String { facts.name }
    package var storedColumns: [Column] { columns.filter { !$0.isGenerated } }
    /// Only InnoDB builds indexes faster afterwards; tables with versions refuse to be altered once they have rows.
    var definition: TableDefinition {
        TableDefinition(
            showCreate: create, defersIndexes: facts.engine.lowercased() == "innodb" && !isSystemVersioned)
    }
}

/// SQL that the server keeps: a view, a routine, a trigger or an event.
package struct StoredProgram: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case view, function, procedure, package
        case packageBody = "package body"
        case trigger, event
    }

    package var kind: Kind
    package var name: String
    /// The statement that makes it, without the database's name before its own.
    package var create: String
    /// What it was made under, and what it runs under; nil for views, which do not depend on it.
    package var sqlMode: String?
    /// What literals without a character set are compared with.
    package var collationConnection: String
    /// The default of the database when it was made, which parameters without a character set have.
    package var databaseCollation: String?
    /// Only of events.
    package var timeZone: String?
    /// Only of events: whether it runs.
    package var isEnabled = false
    /// Only of views: why it could not be read at the source, though nothing is missing.
    package var doubt: String?
}

extension DatabaseSchema {
    /// What differs from an earlier reading; counters and estimates do not count. Empty: nobody has changed anything.
    package func changes(since earlier: DatabaseSchema) -> [String] {
        let now = definitions
        let before = earlier.definitions
        let changed = Set(now.keys).union(before.keys).filter { now[$0] != before[$0] }.sorted().map { what in
            what.text + Self.difference(before[what], now[what])
        }
        return changed
            + remade(since: earlier).filter { now[$0.exact] == before[$0.exact] }
            .map { "\($0) (it was dropped and made anew)" }
    }

    /// Tables of another age. MariaDB does not always say how old a table is: that says nothing.
    private func remade(since earlier: DatabaseSchema) -> [String] {
        let made = Dictionary(earlier.tables.map { ($0.name.exact, $0.createdAt) }) { first, _ in first }
        return tables.compactMap { table in
            guard let before = made[table.name.exact] ?? nil, let now = table.createdAt, before != now else {
                return nil
            }
            return "table \(table.name)"
        }
    }

    /// The first line that differs, for messages.
    private static func difference(_ before: [ExactName?]?, _ now: [ExactName?]?) -> String {
        guard let before else { return " is new" }
        guard let now else { return " is gone" }
        for (old, new) in zip(before, now) where old != new {
            let lines = [old, new].map { ($0?.text ?? "nothing").split(separator: "\n").map { String($0).exact } }
            let pair = zip(lines[0], lines[1]).first { $0 != $1 } ?? (lines[0].last ?? "", lines[1].last ?? "")
            let words = [pair.0, pair.1].map { String($0.text.prefix(80)) }
            return " (\(words[0]) became \(words[1]))"
        }
        return ""
    }

    private var definitions: [ExactName: [ExactName?]] {
        var all: [ExactName: [ExactName?]] = [:]
        func note(_ what: String, _ texts: String?...) { all[what.exact] = texts.map { $0?.exact } }
        note("the database", characterSet, collation)
        for table in tables { note("table \(table.name)", TableDefinition.withoutCounter(table.create)) }
        for sequence in sequences { note("sequence \(sequence.name)", sequence.create) }
        for program in views + routines + triggers + events {
            // Whether an event is enabled is changed by the event itself, when it has run for the last time.
            note(
                "\(program.kind.rawValue) \(program.name)", program.kind == .event ? nil : program.create,
                program.sqlMode, program.collationConnection, program.databaseCollation)
        }
        return all
    }
}
