/// `CREATE EVENT` and `ALTER EVENT` as somebody wrote them: an event must not run at the target before somebody has seen
/// to it that it should.
enum EventStatement {
    /// The same, with `DISABLE` in the place of the grammar where it stands; nil for any other statement.
    static func disabled(_ text: [UInt8], _ tokens: [SQLTokens.Token]) -> [UInt8]? {
        guard let first = tokens.first?.kind, [.word("CREATE"), .word("ALTER")].contains(first),
            let event = tokens.prefix(16).firstIndex(where: { $0.kind == .word("EVENT") }),
            isPrelude(tokens[1..<event])
        else { return nil }
        // What follows DO is the body.
        let end = tokens[event...].firstIndex { $0.kind == .word("DO") } ?? tokens.endIndex
        let clauses = tokens[event..<end]
        if let enable = clauses.first(where: { $0.kind == .word("ENABLE") }) {
            return Array(text[..<enable.range.lowerBound]) + Array("DISABLE".utf8)
                + Array(text[enable.range.upperBound...])
        }
        guard first == .word("CREATE"), !clauses.contains(where: { $0.kind == .word("DISABLE") }) else { return text }
        let comment = clauses.first { $0.kind == .word("COMMENT") }
        guard let place = comment ?? (end < tokens.endIndex ? tokens[end] : nil) else { return text }
        return Array(text[..<place.range.lowerBound]) + Array("DISABLE ".utf8) + Array(text[place.range.lowerBound...])
    }

    /// `OR REPLACE`, `DEFINER = user`: nothing that is the subject itself.
    private static func isPrelude(_ tokens: ArraySlice<SQLTokens.Token>) -> Bool {
        guard let first = tokens.first else { return true }
        return first.kind == .word("OR") || first.kind == .word("DEFINER")
    }
}
