internal import RecoveryCore

/// A line of `SHOW GRANTS`, or a statement of a backup that was made of one: what is granted, on what, to whom.
///
/// It is rewritten so that it holds for the database it is run in, whatever that is called.
struct GrantStatement: Equatable {
    enum Target: Equatable {
        /// `*.*`
        case global
        /// A pattern, as in `LIKE`; nil for the database that the session is in (`ON *`).
        case database(String?)
        /// A database's name, or nil for the session's.
        case table(database: String?, String)
        /// `FUNCTION`, `PROCEDURE`, `PACKAGE`, `PACKAGE BODY`.
        case routine(kind: String, database: String?, String)
        case roles([AccountName])
    }

    var target: Target
    var grantee: AccountName
    /// `USAGE` alone: nothing.
    var isEmpty: Bool
    /// What stands before and behind the target, as it is.
    private var privileges: String
    private(set) var rest: String

    /// - Returns: nil for what is no `GRANT` of a known form, such as a partial revoke or a proxy.
    init?(_ text: String) {
        let tokens = Array(SQLTokens(text))
        let kinds = tokens.map(\.kind)
        guard kinds.first == .word("GRANT"), let to = kinds.lastIndex(of: .word("TO")),
            let (grantee, _) = AccountName.read(kinds, at: to + 1)
        else { return nil }
        self.grantee = grantee
        rest = text[bytes: tokens[to].range.lowerBound..<text.utf8.count]
        isEmpty = false
        guard let on = kinds.firstIndex(of: .word("ON")), on < to else {
            let (roles, end) = AccountName.list(kinds, at: 1)
            guard !roles.isEmpty, end == to else { return nil }
            target = .roles(roles)
            privileges = ""
            return
        }
        guard kinds[1..<on].first != .word("PROXY"), let target = Self.target(Array(kinds[(on + 1)..<to])) else {
            return nil
        }
        self.target = target
        isEmpty = Array(kinds[1..<on]) == [.word("USAGE")]
        privileges = text[bytes: 0..<tokens[on].range.upperBound]
    }

    private static func target(_ kinds: [SQLTokens.Kind]) -> Target? {
        var kinds = kinds
        var words: [String] = []
        while case .word(let word) = kinds.first {
            words.append(word)
            kinds.removeFirst()
        }
        let (database, object): (String?, SQLTokens.Kind)
        switch (kinds.count, kinds.first, kinds.last) {
        case (1, let only?, _): (database, object) = (nil, only)
        case (3, .name(let name), let last?) where kinds[1] == .symbol("."): (database, object) = (name, last)
        case (3, .symbol("*"), .symbol("*")) where kinds[1] == .symbol("."): return words.isEmpty ? .global : nil
        default: return nil
        }
        switch (object, words) {
        case (.symbol("*"), []): return .database(database)
        case (.name(let name), []), (.name(let name), ["TABLE"]): return .table(database: database, name)
        case (.name(let name), ["FUNCTION"]), (.name(let name), ["PROCEDURE"]), (.name(let name), ["PACKAGE"]),
            (.name(let name), ["PACKAGE", "BODY"]):
            return .routine(kind: words.joined(separator: " "), database: database, name)
        default: return nil
        }
    }

    /// The statement for a session that is in the database; nil when this is about something else.
    func rewritten(for database: String) -> String? {
        switch target {
        case .database(let pattern?) where likeMatches(pattern, database): "\(privileges) * \(rest)"
        case .table(let name?, let table) where name == database: "\(privileges) \(table.sqlIdentifier) \(rest)"
        case .routine(let kind, let name?, let routine) where name == database:
            "\(privileges) \(kind) \(routine.sqlIdentifier) \(rest)"
        default: nil
        }
    }
}
