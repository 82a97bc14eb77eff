/// Whom a server knows: a user at a host, or a role, which on MariaDB has no host.
struct AccountName: Sendable, Hashable, Comparable, CustomStringConvertible {
    var user: String
    /// Nil for a role of MariaDB.
    var host: String?

    init(_ user: String, at host: String?) {
        self.user = user
        self.host = host
    }

    /// In SQL.
    var description: String { user.sqlIdentifier + (host.map { "@\($0.sqlIdentifier)" } ?? "") }

    static func < (lhs: Self, rhs: Self) -> Bool { (lhs.user, lhs.host ?? "") < (rhs.user, rhs.host ?? "") }

    /// Accounts that every server has of its own, or that rule it: neither taken along nor ever changed.
    ///
    /// `root` and the anonymous user of an installation, the servers' own (`mysql.sys`, `mariadb.sys`, `mysql.session`),
    /// Debian's, MariaDB's role of everybody, and the administrators of managed servers.
    var isReserved: Bool {
        let name = user.lowercased()
        return name.hasPrefix("mysql.") || name.hasPrefix("mariadb.")
            || ["", "root", "mysql", "public", "debian-sys-maint", "doadmin", "rdsadmin", "azure_superuser"].contains(
                name)
    }

    /// Reads a name from tokens, from this index on: a name in backticks, and a host behind an `@`.
    /// - Returns: nil when none is there; else the name, and the index behind it.
    static func read(_ tokens: [SQLTokens.Kind], at index: Int) -> (name: AccountName, end: Int)? {
        guard tokens.indices.contains(index), case .name(let user) = tokens[index] else { return nil }
        guard tokens.indices.contains(index + 2), tokens[index + 1] == .symbol("@"),
            case .name(let host) = tokens[index + 2]
        else { return (AccountName(user, at: nil), index + 1) }
        return (AccountName(user, at: host), index + 3)
    }

    /// Names with commas between them.
    static func list(_ tokens: [SQLTokens.Kind], at start: Int) -> (names: [AccountName], end: Int) {
        var names: [AccountName] = []
        var index = start
        while let (name, end) = read(tokens, at: index) {
            names.append(name)
            guard tokens.indices.contains(end), tokens[end] == .symbol(",") else { return (names, end) }
            index = end + 1
        }
        return (names, index)
    }
}
