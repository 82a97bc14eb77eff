internal import Binlog

/// What a statement of the log does, by its tokens: whose it is, and how it has to be changed to concern the target.
struct StatementText {
    /// What is done with it.
    enum Verdict: Equatable {
        case run([UInt8], isDefinition: Bool)
        /// It concerns accounts or the server.
        case skipAccount
        /// It concerns other databases, or changes nothing.
        case skip
        /// Why it is not run.
        case unsafe(String)
    }

    /// The database that was backed up, and where it is restored.
    let database: String
    let target: String
    /// Names of the other databases that a statement at the target could reach.
    let others: Set<String>

    private typealias Kind = SQLTokens.Kind

    /// Says what is done with a statement.
    ///
    /// - Parameters:
    ///   - text: The statement.
    ///   - home: Its default database; empty for none.
    ///   - mode: Its `sql_mode`, whose bits are the same in both families for what matters here.
    /// - Returns: Its verdict.
    func judge(_ text: [UInt8], home: String, mode: UInt64) -> Verdict {
        // MODE_ANSI_QUOTES, MODE_NO_BACKSLASH_ESCAPES.
        let tokens = Array(
            SQLTokens(text, quotesNames: mode & 4 != 0, hasEscapes: mode & 0x10_0000 == 0))
        let words = tokens.prefix(8).map { Self.word($0.kind) }
        let first = words.first ?? ""
        let second = words.count > 1 ? words[1] : ""
        if Self.isOfAccounts(words) { return .skipAccount }
        if Self.changesNothing.contains(first) { return .skip }
        if ["DATABASE", "SCHEMA"].contains(second), ["CREATE", "DROP", "ALTER"].contains(first) {
            return judgeDatabase(text, tokens, first, home)
        }
        let isHome = home == database
        let ours = Array(database.utf8)
        let mentions = qualifiers(in: text, tokens)
        let named = mentions.filter { $0.name == ours }
        guard isHome || !named.isEmpty else { return .skip }
        let foreign = mentions.first { mention in
            mention.name != ours && others.contains(String(decoding: mention.name, as: UTF8.self))
        }
        if !isHome {
            // Names without a database mean another one there, and would mean the target here.
            guard home.isEmpty || isAboutQualifiedTables(tokens, words) else {
                return .unsafe("it was run in the database \(home) and names \(database)")
            }
        }
        if let foreign, !Self.isProgram(words) {
            return .unsafe("it reaches into the database \(String(decoding: foreign.name, as: UTF8.self)) as well")
        }
        var result = text
        if target != database {
            let name = Array(target.sqlIdentifier.utf8)
            for mention in named.reversed() { result.replaceSubrange(mention.range, with: name) }
        }
        let changed = SQLTokens(result, quotesNames: mode & 4 != 0, hasEscapes: mode & 0x10_0000 == 0)
        result = EventStatement.disabled(result, Array(changed)) ?? result
        return .run(result, isDefinition: isDefinition(words))
    }

    /// Statements that only look, or rewrite what stays the same.
    private static let changesNothing: Set<String> = ["ANALYZE", "CHECK", "OPTIMIZE", "REPAIR", "CHECKSUM", "SHOW"]

    /// What a verb is about: behind `OR REPLACE`.
    private static func subject(_ words: [String]) -> String {
        guard words.count > 1 else { return "" }
        return words[1] == "OR" && words.count > 3 ? words[3] : words[1]
    }

    /// Views, routines, triggers, events: their bodies do not run now. Before the word stand their definers and more.
    private static func isProgram(_ words: [String]) -> Bool {
        let others: Set<String> = [
            "TABLE", "TEMPORARY", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "SEQUENCE", "ONLINE", "OFFLINE", "IGNORE",
        ]
        return ["CREATE", "ALTER"].contains(words.first ?? "") && !others.contains(subject(words))
    }

    private static func isOfAccounts(_ words: [String]) -> Bool {
        guard let first = words.first else { return false }
        switch first {
        case "GRANT", "REVOKE", "FLUSH", "INSTALL", "UNINSTALL", "RESET", "PURGE", "CLONE", "IMPORT": return true
        case "SET":
            return words.count > 1 && ["PASSWORD", "DEFAULT", "ROLE"].contains(words[1])
        case "CREATE", "ALTER", "DROP", "RENAME":
            let kinds: Set<String> = [
                "USER", "ROLE", "SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "INSTANCE",
            ]
            return kinds.contains(subject(words))
        default: return false
        }
    }

    private func isDefinition(_ words: [String]) -> Bool {
        switch words.first ?? "" {
        case "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "SELECT", "DO", "CALL", "SAVEPOINT", "RELEASE",
            "ROLLBACK", "SET", "LOAD", "VALUES", "(":
            return false
        // Temporary tables commit nothing.
        case "CREATE", "DROP", "ALTER": return Self.subject(words) != "TEMPORARY"
        default: return true
        }
    }

    private func judgeDatabase(
        _ text: [UInt8], _ tokens: [SQLTokens.Token], _ verb: String, _ home: String
    ) -> Verdict {
        var index = 2
        while tokens.indices.contains(index), ["IF", "NOT", "EXISTS"].contains(Self.word(tokens[index].kind)) {
            index += 1
        }
        guard tokens.indices.contains(index), let name = name(tokens[index], in: text) else { return .skip }
        // ALTER DATABASE without a name means the default one.
        let isNamed =
            !(verb == "ALTER"
            && ["CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "ENCRYPTION", "READ"]
                .contains(Self.word(tokens[index].kind)))
        guard isNamed ? name == Array(database.utf8) : home == database else { return .skip }
        switch verb {
        case "DROP": return .unsafe("it drops the database")
        case "ALTER":
            guard isNamed else { return .run(text, isDefinition: true) }
            var result = text
            result.replaceSubrange(tokens[index].range, with: Array(target.sqlIdentifier.utf8))
            return .run(result, isDefinition: true)
        default: return .skip
        }
    }

    private struct Mention {
        var name: [UInt8]
        var range: Range<Int>
    }

    /// Names before a dot, and not behind one.
    private func qualifiers(in text: [UInt8], _ tokens: [SQLTokens.Token]) -> [Mention] {
        var mentions: [Mention] = []
        for index in tokens.indices.dropLast() where tokens[index + 1].kind == .symbol(".") {
            guard index == 0 || tokens[index - 1].kind != .symbol("."), let name = name(tokens[index], in: text) else {
                continue
            }
            mentions.append(Mention(name: name, range: tokens[index].range))
        }
        return mentions
    }

    private func name(_ token: SQLTokens.Token, in text: [UInt8]) -> [UInt8]? {
        switch token.kind {
        case .name(let name): Array(name.utf8)
        case .word: Array(text[token.range])
        case .text, .symbol: nil
        }
    }

    private static func word(_ kind: Kind) -> String {
        switch kind {
        case .word(let word): word
        case .symbol(let symbol): String(symbol)
        case .name, .text: ""
        }
    }

    /// `DROP TABLE a.b, a.c`, `TRUNCATE a.b`, `ALTER TABLE a.b …`, `RENAME TABLE a.b TO a.c`: all tables are named with
    /// our database.
    private func isAboutQualifiedTables(_ tokens: [SQLTokens.Token], _ words: [String]) -> Bool {
        var index = 1
        while tokens.indices.contains(index),
            ["TABLE", "VIEW", "IF", "NOT", "EXISTS", "TEMPORARY"].contains(Self.word(tokens[index].kind))
        { index += 1 }
        func isQualified(_ index: Int) -> Bool {
            guard tokens.indices.contains(index + 2), tokens[index + 1].kind == .symbol(".") else { return false }
            switch tokens[index].kind {
            case .name(let name): return name == database
            case .word(let word): return word == database.uppercased()
            default: return false
            }
        }
        switch words.first ?? "" {
        case "TRUNCATE": return isQualified(index) && tokens.count == index + 3
        case "ALTER":
            // What else it names stands behind these.
            let reaching: Set<String> = ["REFERENCES", "RENAME", "EXCHANGE", "SELECT"]
            return words.count > 1 && words[1] == "TABLE" && isQualified(index)
                && !tokens.contains { reaching.contains(Self.word($0.kind)) }
        case "CREATE":
            let reaching: Set<String> = ["REFERENCES", "LIKE", "SELECT"]
            return words.count > 1 && words[1] == "TABLE" && isQualified(index)
                && !tokens.contains { reaching.contains(Self.word($0.kind)) }
        case "DROP", "RENAME":
            guard words.count > 1, ["TABLE", "VIEW"].contains(words[1]) else { return false }
            while isQualified(index) {
                index += 3
                guard tokens.indices.contains(index) else { return true }
                let separator = Self.word(tokens[index].kind)
                guard separator == "," || separator == "TO" else {
                    return ["CASCADE", "RESTRICT"].contains(separator)
                }
                index += 1
            }
            return false
        default: return false
        }
    }
}
