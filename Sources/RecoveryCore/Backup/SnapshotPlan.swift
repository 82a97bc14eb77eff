/// How a consistent snapshot of a database is taken with what a user may do, and why so.
///
/// Every method opens the snapshots of all workers while nothing can be committed to the tables, so that they show one
/// state, and the position read in that moment belongs to it. They differ in what they stop, and for how long:
/// milliseconds in each case, for the rows are read afterwards.
package struct SnapshotPlan: Sendable, Equatable {
    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// MariaDB's `BACKUP STAGE START`, `BLOCK_DDL`, `BLOCK_COMMIT`, `END`: reads and open transactions go on.
        case backupStages = "backup_stages"
        /// `FLUSH TABLES WITH READ LOCK`: waits for statements that run, and holds all writes.
        case globalReadLock = "global_read_lock"
        /// `LOCK TABLES … READ` on every table, in sessions of their own, for `START TRANSACTION` would release them.
        case tableLocks = "table_locks"
        /// One connection with one snapshot, which is consistent by itself; nothing is locked.
        case singleConnection = "single_connection"
    }

    package enum PositionSource: String, Sendable, Hashable {
        /// From MySQL 8.2 on.
        case showBinaryLogStatus = "SHOW BINARY LOG STATUS"
        /// MySQL up to 8.3, and MariaDB.
        case showMasterStatus = "SHOW MASTER STATUS"
    }

    /// What may be used, the first one first: a managed server may refuse what its grants allow.
    package var methods: [Method]
    /// `LOCK INSTANCE FOR BACKUP` (MySQL): DDL waits for the end of the backup instead of failing it.
    package var locksInstance: Bool
    /// `nil`: there is no position that belongs to the snapshot.
    package var position: PositionSource?
    /// For people: one sentence for each decision.
    package var reasons: [String]
    /// What the backup will lack or cannot promise; they belong into its manifest.
    package var warnings: [String]

    /// The method that is tried first.
    package var method: Method { methods.first ?? .singleConnection }
}

/// Privileges without which part of the database would be left out, and nobody would notice.
package struct SnapshotRefusal: Error, Equatable {
    package struct Missing: Sendable, Hashable {
        package var privilege: Grants.Privilege
        /// What it is for.
        package var purpose: String
        /// Empty: on the whole database.
        package var tables: [String]
    }

    package var missing: [Missing]
    package var database: String

    /// What would allow the backup: privileges to grant on the database.
    package var hint: String {
        let names = missing.map(\.privilege.rawValue)
        return "GRANT \(names.joined(separator: ", ")) ON `\(database.replacing("`", with: "``"))`.* TO the user"
    }
}

extension SnapshotRefusal: CustomStringConvertible {
    package var description: String {
        missing.map { missing in
            let tables = missing.tables.isEmpty ? "" : " on \(missing.tables.prefix(5).joined(separator: ", "))"
            return "\(missing.privilege.rawValue)\(tables) is missing, \(missing.purpose)"
        }.joined(separator: "; ")
    }
}

extension SnapshotPlan {
    /// What is to be backed up, and on what.
    package struct Subject: Sendable, Hashable {
        package var server: DatabaseServer
        package var database: String
        package var tables: [TableFacts]
        /// Whether the server writes a binary log.
        package var hasBinaryLog: Bool

        package init(server: DatabaseServer, database: String, tables: [TableFacts] = [], hasBinaryLog: Bool = true) {
            self.server = server
            self.database = database
            self.tables = tables
            self.hasBinaryLog = hasBinaryLog
        }
    }

    /// - Throws: What is missing to see all that a backup holds. A missing *lock* refuses nothing: there is always a
    ///   plan that reads a consistent state, at worst a slower one.
    package init(for subject: Subject, grants: Grants) throws(SnapshotRefusal) {
        let missing = Self.missing(for: subject, grants: grants)
        guard missing.isEmpty else { throw SnapshotRefusal(missing: missing, database: subject.database) }
        let server = subject.server
        methods = []
        reasons = []
        warnings = []
        locksInstance = false
        position = nil

        decideMethods(subject, grants)
        if server.family == .mysql {
            locksInstance = server.isAtLeast(.mysql, 8, 0) && grants.allows(.backupAdmin, on: .global)
            reasons.append(
                locksInstance
                    ? "BACKUP_ADMIN is granted: changes of tables wait until the backup is done"
                    : "without BACKUP_ADMIN a change of a table fails the backup, which says so")
        }
        decidePosition(subject, grants)
        warn(subject, grants)
    }

    /// What would be left out unseen: triggers and events without their privilege are not even listed.
    private static func missing(for subject: Subject, grants: Grants) -> [SnapshotRefusal.Missing] {
        func isAllowed(_ privilege: Grants.Privilege, _ table: TableFacts) -> Bool {
            grants.allows(privilege, on: .table(database: subject.database, name: table.name))
        }
        var missing: [SnapshotRefusal.Missing] = []
        let whole = Grants.Scope.database(subject.database)
        for (privilege, purpose) in [
            (Grants.Privilege.select, "to read rows"), (.showView, "to see how views are made"),
            (.trigger, "without which triggers are not listed"), (.event, "without which events are not listed"),
        ] where !grants.allows(privilege, on: whole) {
            // Grants on single tables will do for tables, if every one has them; a new table would still be missed.
            let tables = subject.tables.filter { !isAllowed(privilege, $0) }.map(\.name)
            missing.append(.init(privilege: privilege, purpose: purpose, tables: privilege == .event ? [] : tables))
        }
        return missing
    }

    private mutating func decideMethods(_ subject: Subject, _ grants: Grants) {
        let server = subject.server
        let mayReload = grants.allows(.reload, on: .global)
        let mayFlush = mayReload || server.isAtLeast(.mysql, 8, 0, 23) && grants.allows(.flushTables, on: .global)
        if server.isAtLeast(.mariadb, 10, 5), mayReload { methods.append(.backupStages) }
        if mayFlush { methods.append(.globalReadLock) }
        if grants.allows(.lockTables, on: .database(subject.database)) { methods.append(.tableLocks) }
        methods.append(.singleConnection)
        let meanwhile =
            switch method {
            case .backupStages: "with RELOAD: backup stages block commits while the snapshots are opened"
            case .globalReadLock:
                "with \(mayReload ? "RELOAD" : "FLUSH_TABLES"): a global read lock while the snapshots are opened"
            case .tableLocks:
                "without RELOAD, with LOCK TABLES: all tables are locked for reading while the snapshots are opened"
            case .singleConnection:
                "without RELOAD and LOCK TABLES: one connection reads everything in one snapshot"
            }
        reasons.append("\(server) \(meanwhile)")
    }

    private mutating func decidePosition(_ subject: Subject, _ grants: Grants) {
        guard subject.hasBinaryLog else {
            warnings.append("the server writes no binary log: no restore to a point in time after this backup")
            return
        }
        let server = subject.server
        guard
            [.replicationClient, .superuser].contains(where: { grants.allows($0, on: .global) })
                || server.family == .mariadb && grants.allows(.binlogMonitor, on: .global)
        else {
            let name = server.isAtLeast(.mariadb, 10, 5) ? "BINLOG MONITOR" : "REPLICATION CLIENT"
            warnings.append("without \(name) the position in the binary log cannot be read")
            return
        }
        guard method != .singleConnection else {
            warnings.append("without a lock no position in the binary log belongs to the snapshot")
            return
        }
        position = server.isAtLeast(.mysql, 8, 2) ? .showBinaryLogStatus : .showMasterStatus
    }

    private mutating func warn(_ subject: Subject, _ grants: Grants) {
        let outside = subject.tables.filter { !$0.isTransactional }.map { "\($0.name) (\($0.engine))" }
        if !outside.isEmpty {
            warnings.append(
                "tables without transactions are read while they may be written: \(outside.joined(separator: ", "))")
        }
        let routines: [Grants.Privilege] =
            subject.server.family == .mysql ? [.showRoutine, .select] : [.showCreateRoutine, .select]
        if !routines.contains(where: { grants.allows($0, on: .global) }),
            !(subject.server.family == .mariadb && grants.allows(.select, on: .table(database: "mysql", name: "proc")))
        {
            warnings.append("routines of other definers cannot be read, and are left out if there are any")
        }
        if !grants.roles.isEmpty {
            warnings.append("what the roles \(grants.roles.joined(separator: ", ")) allow was not considered")
        }
    }
}

extension TableFacts {
    /// Whether its rows belong to the snapshot of a transaction.
    package var isTransactional: Bool {
        ["innodb", "rocksdb", "tokudb", "xtradb", "ndbcluster"].contains(engine.lowercased())
    }
}
