internal import RecoveryCore

/// Modes under which a program was written and which the target does not have: it would refuse all of them together.
///
/// Sources: "Server SQL Modes" in the manuals of MySQL 8.0, whose "What Is New" lists what it removed, and of MariaDB.
struct SQLModeMap: Sendable {
    private let unknown: Set<String>

    init(_ server: DatabaseServer) {
        unknown =
            switch server.family {
            case .mariadb: Self.ofMySQL
            case .mysql where server.version >= .init(8, 0): Self.ofMariaDB.union(Self.removed)
            case .mysql: Self.ofMariaDB.union(Self.ofMySQL)
            }
    }

    private static let ofMySQL: Set = ["TIME_TRUNCATE_FRACTIONAL"]
    private static let ofMariaDB: Set = [
        "IGNORE_BAD_TABLE_OPTIONS", "EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT", "TIME_ROUND_FRACTIONAL",
    ]
    /// By MySQL 8.0; MariaDB still has them.
    private static let removed = silent.union([
        "ORACLE", "MSSQL", "DB2", "MAXDB", "POSTGRESQL", "MYSQL323", "MYSQL40",
    ])
    /// No program does anything else without them: the first is what MySQL 8.0 always does, the others are about
    /// `SHOW CREATE`.
    private static let silent: Set = [
        "NO_AUTO_CREATE_USER", "NO_FIELD_OPTIONS", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS",
    ]

    /// A `SET` of a backup without what the server does not know, and what of it is worth a word.
    func mapped(_ setting: String) -> (text: String, lost: [String]) {
        let tokens = Array(SQLTokens(setting))
        guard let name = tokens.firstIndex(where: { $0.kind == .word("SQL_MODE") }), name + 2 < tokens.count,
            tokens[name + 1].kind == .symbol("="), tokens[name + 2].kind == .text
        else { return (setting, []) }
        let quoted = tokens[name + 2].range
        let inner = (quoted.lowerBound + 1)..<max(quoted.lowerBound + 1, quoted.upperBound - 1)
        let modes = setting[bytes: inner].split(separator: ",")
        let dropped = modes.map { $0.uppercased() }.filter(unknown.contains)
        guard !dropped.isEmpty else { return (setting, []) }
        let kept = modes.filter { !unknown.contains($0.uppercased()) }.joined(separator: ",")
        let text = setting[bytes: 0..<inner.lowerBound] + kept + setting[bytes: inner.upperBound..<setting.utf8.count]
        return (text, dropped.filter { !Self.silent.contains($0) })
    }
}
