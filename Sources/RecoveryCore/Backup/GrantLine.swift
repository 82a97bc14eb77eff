/// One line of `SHOW GRANTS`.
///
/// <https://dev.mysql.com/doc/refman/8.4/en/show-grants.html>, <https://mariadb.com/kb/en/show-grants/>
enum GrantLine: Equatable {
    enum Object: Sendable, Equatable {
        /// `*.*`
        case global
        /// `` `pattern`.* ``
        case database(String)
        case table(database: String, name: String)
        /// A routine, a proxy user.
        case other
    }

    case grant(Set<String>, Object)
    /// A partial revoke.
    case revoke(Set<String>, Object)
    /// ``GRANT `role`@`%` TO …``
    case roles([String])

    init?(_ line: String) {
        let tokens = GrantToken.tokens(of: line)
        guard let verb = tokens.first, verb == .word("GRANT") || verb == .word("REVOKE") else { return nil }
        let rest = tokens.dropFirst()
        if let on = rest.firstIndex(of: .word("ON")) {
            let privileges = Self.privileges(rest[..<on])
            let object = Self.object(rest[(on + 1)...])
            self = verb == .word("GRANT") ? .grant(privileges, object) : .revoke(privileges, object)
        } else if verb == .word("GRANT"), let to = rest.firstIndex(of: .word("TO")) {
            self = .roles(Self.roles(rest[..<to]))
        } else {
            return nil
        }
    }

    /// `SELECT, LOCK TABLES, INSERT (a, b)`: a privilege on some columns is none on the table.
    private static func privileges(_ tokens: ArraySlice<GrantToken>) -> Set<String> {
        var result: Set<String> = []
        for part in split(tokens) where !part.contains(.symbol("(")) {
            let words = part.compactMap { token in if case .word(let word) = token { word } else { nil } }
            if words.count == part.count, !words.isEmpty { result.insert(words.joined(separator: " ")) }
        }
        return result
    }

    private static func roles(_ tokens: ArraySlice<GrantToken>) -> [String] {
        split(tokens).compactMap { part in
            switch part.first {
            case .name(let name): name
            case .word(let word): word
            default: nil
            }
        }
    }

    private static func object(_ tokens: ArraySlice<GrantToken>) -> Object {
        var tokens = tokens
        if tokens.first == .word("TABLE") { tokens.removeFirst() }
        let parts = tokens.prefix(3)
        guard parts.count == 3, parts.dropFirst().first == .symbol("."), let database = parts.first,
            let table = parts.last
        else { return .other }
        switch (database, table) {
        case (.symbol("*"), .symbol("*")): return .global
        case (.name(let name), .symbol("*")): return .database(name)
        case (.name(let name), .name(let table)): return .table(database: name, name: table)
        default: return .other
        }
    }

    /// At the commas outside of parentheses.
    private static func split(_ tokens: ArraySlice<GrantToken>) -> [[GrantToken]] {
        var parts: [[GrantToken]] = [[]]
        var depth = 0
        for token in tokens {
            if token == .symbol("(") { depth += 1 }
            if token == .symbol(")") { depth -= 1 }
            if token == .symbol(","), depth == 0 { parts.append([]) } else { parts[parts.count - 1].append(token) }
        }
        return parts
    }
}

/// What a line of `SHOW GRANTS` is made of.
enum GrantToken: Equatable {
    /// A keyword, in upper case.
    case word(String)
    /// Something quoted, with doubled quotes undone.
    case name(String)
    case symbol(Character)

    static func tokens(of line: String) -> [GrantToken] {
        var tokens: [GrantToken] = []
        var rest = line[...]
        while let character = rest.first {
            if character == "`" || character == "'" || character == "\"" {
                rest.removeFirst()
                tokens.append(.name(quoted(&rest, by: character)))
            } else if character.isWhitespace {
                rest.removeFirst()
            } else if character.isLetter || character.isNumber || character == "_" {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
                rest = rest[word.endIndex...]
                tokens.append(.word(word.uppercased()))
            } else {
                rest.removeFirst()
                tokens.append(.symbol(character))
            }
        }
        return tokens
    }

    private static func quoted(_ rest: inout Substring, by quote: Character) -> String {
        var name = ""
        while let character = rest.popFirst() {
            if character == quote {
                guard rest.first == quote else { break }
                rest.removeFirst()
            }
            name.append(character)
        }
        return name
    }
}
