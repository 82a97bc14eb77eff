internal import Crypto
internal import MySQLClient
internal import RecoveryCore

/// The database that a restore goes into: what is there, what of it is in the way, and how far an earlier attempt got.
struct RestoreTarget {
    /// Its default database is the target.
    let admin: MySQLConnection
    let database: String
    let server: DatabaseServer

    /// `table`, `view`, `sequence`, `procedure`, `function`, `package`, `event`, `trigger`.
    struct Thing: Sendable, Hashable, CustomStringConvertible {
        var kind: String
        var name: String

        var description: String { "\(kind) \(name)" }
        var statement: String { "DROP \(kind.uppercased()) IF EXISTS \(name.sqlIdentifier)" }
    }

    /// Makes the database if it is not there, and keeps other restores out of it as long as `admin` is connected.
    /// - Throws: `RestoreError.busy`, `MySQLError`.
    static func open(
        _ database: String, like source: BackupManifest.Source, _ collations: CollationMap, over admin: MySQLConnection,
        _ board: RestoreBoard
    ) async throws -> Self {
        // Names of locks have 64 characters. Some clusters have no locks; the journal keeps rows apart all the same.
        let digest = SHA256.hash(data: Array(database.utf8)).prefix(16).map { String($0, radix: 16) }.joined(
            separator: ".")
        let lock = try? await admin.query("SELECT GET_LOCK('breakwater \(digest)', 15)").text()
        guard lock != "0" else { throw RestoreError.busy(database: database) }
        if let warning = await admin.server.warning(of: source) { board.warn(warning) }
        let collation = collations.mapped(source.collation)
        if collation != source.collation {
            board.warn("the server does not know the collation \(source.collation): \(collation) took its place")
        }
        do {
            _ = try await admin.query("USE \(database.sqlIdentifier)")
            let found = try await admin.query("SELECT @@collation_database").text() ?? ""
            if found != collation {
                board.warn("the database's collation is \(found), and was \(collation) when it was backed up")
            }
        } catch let error as MySQLError where error.kind == .unknownDatabase {
            _ = try await admin.query(
                "CREATE DATABASE \(database.sqlIdentifier) CHARACTER SET \(source.characterSet) COLLATE \(collation)")
            _ = try await admin.query("USE \(database.sqlIdentifier)")
        }
        return Self(admin: admin, database: database, server: await admin.server)
    }

    /// All but the journal.
    func things() async throws -> [Thing] {
        var things: [Thing] = []
        let tables = try await admin.query("SHOW FULL TABLES", limit: 1 << 30)
        for row in tables.rows.indices {
            guard let name = tables.text(row, 0), name != RestoreJournal.table else { continue }
            let kind =
                switch tables.text(row, 1) {
                case "VIEW": "view"
                case "SEQUENCE": "sequence"
                default: "table"
                }
            things.append(Thing(kind: kind, name: name))
        }
        for (column, table) in [("ROUTINE", "ROUTINES"), ("EVENT", "EVENTS"), ("TRIGGER", "TRIGGERS")] {
            let type = column == "ROUTINE" ? "ROUTINE_TYPE" : "'\(column)'"
            let listed = try await admin.query(
                "SELECT \(column)_NAME, \(type) FROM information_schema.\(table)"
                    + " WHERE \(column)_SCHEMA = DATABASE()", limit: 1 << 30)
            for row in listed.rows.indices {
                // The body of a package goes with it.
                guard let name = listed.text(row, 0), let kind = listed.text(row, 1), kind != "PACKAGE BODY" else {
                    continue
                }
                things.append(Thing(kind: kind.lowercased(), name: name))
            }
        }
        return things
    }

    /// What has the name of something that comes. Tables, views and sequences share their names.
    func inTheWay(of content: RestoreContent, among things: [Thing]) async throws -> [Thing] {
        // On servers that keep names in lower case they come in lower case.
        let folds = try await admin.query("SELECT @@lower_case_table_names").text() != "0"
        func key(_ name: String) -> [UInt8] { Array((folds ? name.lowercased() : name).utf8) }
        let relations = Set(content.relationNames.map(key))
        // Names of programs know no case.
        let programs = Set(content.programNames.map { "\($0.kind.rawValue) \($0.name.lowercased())" })
        return things.filter { thing in
            switch thing.kind {
            case "table", "view", "sequence": relations.contains(key(thing.name))
            default: programs.contains("\(thing.kind) \(thing.name.lowercased())")
            }
        }
    }

    /// Goes on from an earlier attempt, or begins one in a database that is empty or may be overwritten.
    /// - Returns: What an earlier attempt has done, and what was dropped.
    /// - Throws: `RestoreError.notEmpty`, `RestoreError.otherRestore`, `MySQLError`.
    func begin(
        _ content: RestoreContent, overwrite: Bool, replays: Bool
    ) async throws -> Restore.Beginning {
        let title = content.selection.title
        let hasJournal = try await !admin.query("SHOW TABLES LIKE '\\_\\_breakwater\\_restore'").rows.isEmpty
        let journal = hasJournal ? try await RestoreJournal.read(over: admin) : nil
        if let journal, journal.isEmptied {
            // Onto what a log was replayed on nothing else may be built.
            if journal.title == title, replays || !journal.isReplaying { return .init(journal) }
            guard overwrite else {
                throw RestoreError.otherRestore(database: database, backup: journal.backup)
            }
        }
        let things = try await things()
        let inTheWay = try await inTheWay(of: content, among: things)
        guard things.isEmpty || overwrite else {
            throw RestoreError.notEmpty(
                database: database, found: things.map(\.description), inTheWay: inTheWay.map(\.description))
        }
        try await RestoreJournal.begin(title, over: admin)
        for thing in inTheWay { _ = try await admin.query(thing.statement) }
        try await RestoreJournal.noteEmptied(over: admin)
        return .init(dropped: inTheWay.map(\.description))
    }
}

extension DatabaseServer {
    /// What to expect when a backup of another server comes here; nil of one that is like this, or older.
    func warning(of source: BackupManifest.Source) -> String? {
        guard let other = DatabaseServer(versionText: source.version) else { return nil }
        guard source.family == family else { return "the server is \(self), and the backup is of \(other)" }
        // Patches change nothing that is stored.
        guard (version.major, version.minor) < (other.version.major, other.version.minor) else { return nil }
        return "the server, \(self), is older than that of the backup, \(other)"
    }
}
