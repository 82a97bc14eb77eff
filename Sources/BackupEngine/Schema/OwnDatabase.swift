internal import RecoveryCore

/// The name of the database that a definition is in, where servers write it into the definition: a copy under another
/// name would reach into the original.
enum OwnDatabase {
    /// Without the name, where it cannot be anything else: in `` `db`.`table`.`column` `` (MariaDB writes columns so in a
    /// view whose definer is gone), `` `db`.`function`( `` and `` nextval(`db`.`sequence`) `` (MariaDB, in defaults). What
    /// has two parts elsewhere may be an alias and a column.
    static func removed(_ database: String, from text: String) -> String {
        let tokens = Array(SQLTokens(text))
        let sequences: Set<SQLTokens.Kind> = [.word("NEXTVAL"), .word("LASTVAL"), .word("SETVAL")]
        func kind(_ index: Int) -> SQLTokens.Kind? { tokens.indices.contains(index) ? tokens[index].kind : nil }
        var result = ""
        var taken = 0
        for index in tokens.indices {
            guard case .name(let name) = tokens[index].kind, name.exact == database.exact,
                kind(index - 1) != .symbol("."), kind(index + 1) == .symbol("."), case .name = kind(index + 2)
            else { continue }
            let isOfSequence =
                kind(index - 1) == .symbol("(") && kind(index - 2).map { sequences.contains($0) } ?? false
            guard kind(index + 3) == .symbol(".") || kind(index + 3) == .symbol("(") || isOfSequence else { continue }
            result += text[bytes: taken..<tokens[index].range.lowerBound]
            taken = tokens[index + 2].range.lowerBound
        }
        return result + text[bytes: taken..<text.utf8.count]
    }

    /// Whether an author's own text says the name before a dot.
    static func isNamed(_ database: String, in text: String) -> Bool {
        var last: SQLTokens.Kind?
        for token in SQLTokens(text) {
            if token.kind == .symbol(".") {
                switch last {
                case .name(let name) where name.exact == database.exact: return true
                case .word(let word) where word == database.uppercased(): return true
                default: break
                }
            }
            last = token.kind
        }
        return false
    }
}
