/// A statement of an object without rows, and what it makes: a restore has to know that to leave it out, to make it once
/// only, and to change who owns it.
struct SchemaStatement: Equatable {
    enum Subject: Equatable {
        case table(String)
        /// `CREATE SEQUENCE`, and what sets its state, which may be set again.
        case sequence(String)
        case sequenceState(String)
        /// All in one `ALTER TABLE`.
        case indexes(of: String, names: [String], isFullText: Bool)
        case foreignKeys(of: String, [ForeignKey])
        case program(StoredProgram.Kind, String)
        /// Of the session.
        case setting
        /// What no dump writes.
        case unknown
    }

    struct ForeignKey: Equatable {
        var name: String
        /// What follows `ADD`.
        var text: String
        /// The table, behind its database if that is another one.
        var references: [String]
    }

    /// An account, as a definer.
    struct Account: Hashable, CustomStringConvertible {
        var user: String
        /// Empty for a role.
        var host: String

        var description: String { host.isEmpty ? user : "\(user)@\(host)" }
    }

    let text: String
    let subject: Subject
    private let definerRange: Range<Int>?
    let definer: Account?

    init(_ text: String) {
        self.text = text
        let tokens = Array(SQLTokens(text))
        var definer: (account: Account, range: Range<Int>)?
        switch tokens.first?.kind {
        case .word("SET"): subject = .setting
        case .word("DO"): subject = tokens.lazy.compactMap(\.name).first.map(Subject.sequenceState) ?? .unknown
        case .word("ALTER"): subject = Self.alteration(text, tokens)
        case .word("CREATE"): (subject, definer) = Self.creation(text, tokens)
        default: subject = .unknown
        }
        self.definer = definer?.account
        definerRange = definer?.range
    }

    var isFullText: Bool { if case .indexes(_, _, let isFullText) = subject { isFullText } else { false } }

    /// The same for another owner; `user` and `host` as SQL has them.
    func owned(by owner: Account) -> String {
        guard let definerRange else { return text }
        let account = "\(owner.user.sqlIdentifier)@\(owner.host.sqlIdentifier)"
        return text[bytes: 0..<definerRange.lowerBound] + account
            + text[bytes: definerRange.upperBound..<text.utf8.count]
    }

    private static func creation(
        _ text: String, _ tokens: [SQLTokens.Token]
    ) -> (Subject, (Account, Range<Int>)?) {
        var definer: (Account, Range<Int>)?
        for (index, token) in tokens.enumerated().dropFirst() {
            guard case .word(let word) = token.kind else { continue }
            if word == "DEFINER", definer == nil { definer = account(tokens.dropFirst(index + 1)) }
            let isBody = tokens[safe: index + 1]?.kind == .word("BODY")
            let name = tokens[safe: index + (isBody ? 2 : 1)]?.words(in: text)
            guard let name else { continue }
            switch word {
            case "TABLE": return (.table(name), nil)
            case "SEQUENCE": return (.sequence(name), nil)
            case "PACKAGE": return (.program(isBody ? .packageBody : .package, name), definer)
            case "VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT":
                guard let kind = StoredProgram.Kind(rawValue: word.lowercased()) else { continue }
                return (.program(kind, name), definer)
            default: continue
            }
        }
        return (.unknown, nil)
    }

    /// Behind the word DEFINER: `` = `root`@`localhost` ``.
    private static func account(_ tokens: ArraySlice<SQLTokens.Token>) -> (Account, Range<Int>)? {
        let tokens = Array(tokens.prefix(4))
        guard tokens.first?.kind == .symbol("="), let user = tokens[safe: 1]?.name else { return nil }
        guard tokens[safe: 2]?.kind == .symbol("@"), let host = tokens[safe: 3]?.name else {
            return (Account(user: user, host: ""), tokens[1].range)
        }
        return (Account(user: user, host: host), tokens[1].range.lowerBound..<tokens[3].range.upperBound)
    }

    private static func alteration(_ text: String, _ tokens: [SQLTokens.Token]) -> Subject {
        guard tokens.count > 4, tokens[1].kind == .word("TABLE"), let table = tokens[2].name else { return .unknown }
        var keys: [ForeignKey] = []
        var names: [String] = []
        var isFullText = false
        for item in items(tokens.dropFirst(3)) {
            guard item.first?.kind == .word("ADD"), item.count > 2, let last = item.last else { return .unknown }
            let isForeign = item.contains { $0.kind == .word("FOREIGN") }
            guard let name = item.lazy.compactMap(\.name).first else { return .unknown }
            if isForeign {
                guard let found = item.firstIndex(where: { $0.kind == .word("REFERENCES") }) else { return .unknown }
                let behind = item.dropFirst(found + 1).prefix { $0.name != nil || $0.kind == .symbol(".") }
                let words = text[bytes: item[1].range.lowerBound..<last.range.upperBound]
                keys.append(ForeignKey(name: name, text: words, references: behind.compactMap(\.name)))
            } else {
                isFullText = isFullText || item[1].kind == .word("FULLTEXT")
                names.append(name)
            }
        }
        guard keys.isEmpty != names.isEmpty else { return .unknown }
        return keys.isEmpty
            ? .indexes(of: table, names: names, isFullText: isFullText) : .foreignKeys(of: table, keys)
    }

    /// What stands between the commas that are in no parentheses.
    private static func items(_ tokens: ArraySlice<SQLTokens.Token>) -> [[SQLTokens.Token]] {
        var depth = 0
        var items: [[SQLTokens.Token]] = [[]]
        for token in tokens {
            switch token.kind {
            case .symbol("("): depth += 1
            case .symbol(")"): depth -= 1
            case .symbol(",") where depth == 0:
                items.append([])
                continue
            default: break
            }
            items[items.count - 1].append(token)
        }
        return items
    }
}

extension SQLTokens.Token {
    /// What stands in backticks.
    fileprivate var name: String? { if case .name(let name) = kind { name } else { nil } }

    /// A name in backticks, or in the double quotes of MariaDB's `sql_mode` ORACLE, or in none.
    fileprivate func words(in text: String) -> String? {
        switch kind {
        case .name(let name): return name
        case .text:
            let quoted = text[bytes: range]
            return String(quoted.dropFirst().dropLast()).replacing("\"\"", with: "\"")
        case .word: return text[bytes: range]
        case .symbol: return nil
        }
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
