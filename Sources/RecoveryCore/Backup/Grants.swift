/// What a user may do, read from what `SHOW GRANTS` answered: MySQL 8 and 9, MariaDB 10.11.
///
/// A line that is not understood grants nothing, so that a plan is at worst too careful.
package struct Grants: Sendable, Equatable {
    /// What an object of a grant is.
    package enum Scope: Sendable, Hashable {
        case global
        /// All tables of a database.
        case database(String)
        case table(database: String, name: String)
    }

    /// Privileges by the names that `SHOW GRANTS` prints; the rest of the server's many is of no interest here.
    package enum Privilege: String, Sendable, CaseIterable {
        case select = "SELECT"
        case lockTables = "LOCK TABLES"
        case showView = "SHOW VIEW"
        case trigger = "TRIGGER"
        case event = "EVENT"
        case reload = "RELOAD"
        case process = "PROCESS"
        case replicationClient = "REPLICATION CLIENT"
        /// MariaDB's name for it, from 10.5 on.
        case binlogMonitor = "BINLOG MONITOR"
        case superuser = "SUPER"
        case flushTables = "FLUSH_TABLES"
        case backupAdmin = "BACKUP_ADMIN"
        case showRoutine = "SHOW_ROUTINE"
        /// MariaDB, from 11.3 on.
        case showCreateRoutine = "SHOW CREATE ROUTINE"
    }

    struct Entry: Sendable, Equatable {
        /// As in the grant: of a database it is a pattern.
        var object: GrantLine.Object
        /// Upper case.
        var privileges: Set<String>
    }

    var granted: [Entry] = []
    /// Partial revokes (MySQL): what a global grant does not reach.
    var revoked: [Entry] = []
    /// Roles whose own grants were not read. What they allow shows only there (`SHOW GRANTS FOR role`).
    package private(set) var roles: [String] = []
    private var rolesRead: Set<String> = []

    package init(_ lines: [String]) {
        read(lines)
    }

    /// Takes the grants of a role as the user's own, and with them the roles that it has in turn.
    package mutating func read(_ lines: [String], ofRole role: String) {
        // Roles may have each other.
        rolesRead.insert(role)
        read(lines)
        roles.removeAll { $0 == role }
    }

    private mutating func read(_ lines: [String]) {
        for line in lines {
            switch GrantLine(line) {
            case .grant(let privileges, let object): granted.append(Entry(object: object, privileges: privileges))
            case .revoke(let privileges, let object): revoked.append(Entry(object: object, privileges: privileges))
            case .roles(let names): roles += names.filter { !roles.contains($0) && !rolesRead.contains($0) }
            case nil: continue
            }
        }
    }

    package func allows(_ privilege: Privilege, on scope: Scope) -> Bool {
        granted.contains { entry in
            entry.has(privilege) && entry.object.covers(scope)
                && !(entry.object == .global && isRevoked(privilege, scope))
        }
    }

    private func isRevoked(_ privilege: Privilege, _ scope: Scope) -> Bool {
        scope != .global && revoked.contains { $0.has(privilege) && $0.object.covers(scope) }
    }
}

extension Grants.Entry {
    func has(_ privilege: Grants.Privilege) -> Bool {
        privileges.contains(privilege.rawValue) || privileges.contains("ALL PRIVILEGES") || privileges.contains("ALL")
    }
}

extension GrantLine.Object {
    /// A grant on something larger reaches what is in it.
    func covers(_ scope: Grants.Scope) -> Bool {
        switch (self, scope) {
        case (.global, _): true
        case (.database(let pattern), .database(let name)): likeMatches(pattern, name)
        case (.database(let pattern), .table(let database, _)): likeMatches(pattern, database)
        case (.table(let database, let name), .table(let other, let table)): database == other && name == table
        case (.database, .global), (.table, .global), (.table, .database), (.other, _): false
        }
    }
}

/// `LIKE` as grants use it for names of databases: `_`, `%`, and `\` before a character that stands for itself.
package func likeMatches(_ pattern: String, _ name: String) -> Bool {
    var tokens: [(scalar: Unicode.Scalar, isWild: Bool)] = []
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
        if !isEscaped, scalar == "\\" {
            isEscaped = true
        } else {
            tokens.append((scalar, !isEscaped && (scalar == "%" || scalar == "_")))
            isEscaped = false
        }
    }
    // Reachable ends of the pattern after each character of the name.
    let name = Array(name.unicodeScalars)
    var reached = Array(repeating: false, count: tokens.count + 1)
    reached[0] = true
    func skipPercents(_ reached: inout [Bool]) {
        for index in tokens.indices where reached[index] && tokens[index].isWild && tokens[index].scalar == "%" {
            reached[index + 1] = true
        }
    }
    skipPercents(&reached)
    for scalar in name {
        var next = Array(repeating: false, count: tokens.count + 1)
        for (index, token) in tokens.enumerated() where reached[index] {
            if token.isWild, token.scalar == "%" {
                next[index] = true
            } else if token.isWild || token.scalar == scalar {
                next[index + 1] = true
            }
        }
        skipPercents(&next)
        reached = next
    }
    return reached[tokens.count]
}
