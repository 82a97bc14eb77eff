/// What `SHOW CREATE TABLE` says, taken apart: what must be there before the rows are, and what is built faster, or can
/// only be built, afterwards.
struct TableDefinition: Equatable {
    /// `CREATE TABLE …` without what follows.
    var table: String
    /// Each is what follows `ADD` in an `ALTER TABLE`.
    var indexes: [String] = []
    /// A FULLTEXT index is built alone: servers refuse two in one statement.
    var fullTextIndexes: [String] = []
    /// Tables may refer to each other, so that these come after all tables are there.
    var foreignKeys: [String] = []

    /// Stays in one piece when it cannot be taken apart, which costs time at a restore and nothing else.
    ///
    /// - Parameters:
    ///   - text: As the server wrote it.
    ///   - defersIndexes: Whether indexes may come later. Foreign keys always do.
    init(showCreate text: String, defersIndexes: Bool) {
        table = text
        guard let parts = Self.parts(of: text) else { return }
        let hasPrimaryKey = parts.items.contains { $0.tokens.first == .word("PRIMARY") }
        let autoIncrement = parts.items.lazy.compactMap(\.autoIncrementColumn).first
        var kept: [String] = []
        for item in parts.items {
            switch item.part {
            case .foreignKey: foreignKeys.append(item.text)
            case .fullText where defersIndexes: fullTextIndexes.append(item.text)
            // AUTO_INCREMENT must be in a key from the beginning.
            case .index(let isUnique)
            where defersIndexes && !(autoIncrement.map { item.tokens.contains(.name($0)) } ?? false)
                // InnoDB keeps the rows in the first unique key when there is no primary one.
                && !(isUnique && !hasPrimaryKey):
                indexes.append(item.text)
            default: kept.append(item.text)
            }
        }
        table =
            text[bytes: 0..<parts.body.lowerBound] + "\n  " + kept.joined(separator: ",\n  ") + "\n"
            + text[bytes: parts.body.upperBound..<text.utf8.count]
    }

    private enum Part {
        case index(isUnique: Bool), fullText, foreignKey, other
    }

    private struct Item {
        var text: String
        var tokens: [SQLTokens.Kind]

        var part: Part {
            switch tokens.first {
            case .word("KEY"), .word("INDEX"), .word("SPATIAL"): .index(isUnique: false)
            case .word("UNIQUE"): .index(isUnique: true)
            case .word("FULLTEXT"): .fullText
            case .word("FOREIGN"): .foreignKey
            case .word("CONSTRAINT"): tokens.dropFirst(2).first == .word("FOREIGN") ? .foreignKey : .other
            default: .other
            }
        }

        var autoIncrementColumn: String? {
            guard case .name(let name) = tokens.first, tokens.contains(.word("AUTO_INCREMENT")) else { return nil }
            return name
        }
    }

    /// The range between the parentheses, and what stands there between the commas.
    private static func parts(of text: String) -> (body: Range<Int>, items: [Item])? {
        var depth = 0
        var start: Int?
        var itemStart = 0
        var tokens: [SQLTokens.Kind] = []
        var items: [Item] = []
        func item(to end: Int) -> Item {
            let words = text[bytes: itemStart..<end]
            return Item(text: words.trimmingASCIIWhitespace, tokens: tokens)
        }
        for token in SQLTokens(text) {
            switch token.kind {
            case .symbol("("):
                depth += 1
                if depth == 1 {
                    start = token.range.upperBound
                    itemStart = token.range.upperBound
                    continue
                }
            case .symbol(")"):
                depth -= 1
                if depth == 0, let start {
                    items.append(item(to: token.range.lowerBound))
                    return (start..<token.range.lowerBound, items)
                }
            case .symbol(",") where depth == 1:
                items.append(item(to: token.range.lowerBound))
                itemStart = token.range.upperBound
                tokens = []
                continue
            default: break
            }
            if depth > 0 { tokens.append(token.kind) }
        }
        return nil
    }

    /// Without the counter, which moves with every row that is written: what remains changes only with the table.
    static func withoutCounter(_ text: String) -> String {
        guard let parts = parts(of: text) else { return text }
        var tokens = SQLTokens(text, from: parts.body.upperBound)
        while let token = tokens.next() {
            guard token.kind == .word("AUTO_INCREMENT"), tokens.next()?.kind == .symbol("="), let number = tokens.next()
            else { continue }
            return text[bytes: 0..<token.range.lowerBound] + text[bytes: number.range.upperBound..<text.utf8.count]
        }
        return text
    }
}

extension String {
    fileprivate var trimmingASCIIWhitespace: String {
        var rest = Substring(self).unicodeScalars
        func isSpace(_ scalar: Unicode.Scalar?) -> Bool {
            scalar.map { " \n\r\t".unicodeScalars.contains($0) } ?? false
        }
        while isSpace(rest.first) { rest.removeFirst() }
        while isSpace(rest.last) { rest.removeLast() }
        return String(rest)
    }
}
