/// What `SHOW CREATE USER` says, made fit for a server that may have the account already.
struct AccountDefinition: Equatable {
    /// `CREATE USER IF NOT EXISTS …`, with the authentication string and without a default role.
    var create: String
    /// `SET DEFAULT ROLE …`, for when the roles are granted; nil without one.
    var defaultRole: String?

    /// - Returns: nil for text of another form.
    init?(_ account: AccountName, showCreate text: String) {
        let tokens = Array(SQLTokens(text))
        let kinds = tokens.map(\.kind)
        guard kinds.starts(with: [.word("CREATE"), .word("USER")]) else { return nil }
        var body = text[bytes: tokens[1].range.upperBound..<text.utf8.count]
        if let index = kinds.indices.dropLast().first(where: {
            kinds[$0] == .word("DEFAULT") && kinds[$0 + 1] == .word("ROLE")
        }) {
            let (roles, end) = AccountName.list(kinds, at: index + 2)
            guard !roles.isEmpty else { return nil }
            let behind = end < tokens.count ? tokens[end].range.lowerBound : text.utf8.count
            body =
                text[bytes: tokens[1].range.upperBound..<tokens[index].range.lowerBound]
                + text[bytes: behind..<text.utf8.count]
            defaultRole = "SET DEFAULT ROLE \(roles.map(\.description).joined(separator: ", ")) TO \(account)"
        }
        create = "CREATE USER IF NOT EXISTS" + body
    }
}

/// A statement about an account as a backup may have it. Everything else is refused: what a backup holds must not give
/// more than privileges on its own database to accounts of its own.
enum AccountStatement: Equatable {
    case user(AccountName)
    case role(AccountName)
    /// On the database, or a table or routine of it.
    case grant(AccountName)
    case membership(of: AccountName, in: [AccountName])
    case defaultRole(of: AccountName)

    init?(_ text: String) {
        let kinds = SQLTokens(text).map(\.kind)
        let existence: [SQLTokens.Kind] = [.word("IF"), .word("NOT"), .word("EXISTS")]
        func isCreation(of word: String) -> Bool {
            kinds.count > 5 && Array(kinds[0..<5]) == [.word("CREATE"), .word(word)] + existence
        }
        if isCreation(of: "USER"), let (name, end) = AccountName.read(kinds, at: 5), name.host != nil {
            // One account, and no roles that are granted with it.
            guard !kinds[end...].contains(.symbol(",")), !kinds[end...].contains(.word("ROLE")) else { return nil }
            self = .user(name)
        } else if isCreation(of: "ROLE"), let (name, end) = AccountName.read(kinds, at: 5), end == kinds.count {
            self = .role(name)
        } else if kinds.starts(with: [.word("SET"), .word("DEFAULT"), .word("ROLE")]) {
            let (_, end) = AccountName.list(kinds, at: 3)
            guard end < kinds.count, kinds[end] == .word("TO") || kinds[end] == .word("FOR"),
                let (name, last) = AccountName.read(kinds, at: end + 1), last == kinds.count
            else { return nil }
            self = .defaultRole(of: name)
        } else if let grant = GrantStatement(text) {
            switch grant.target {
            case .database(nil), .table(nil, _), .routine(_, nil, _): self = .grant(grant.grantee)
            case .roles(let roles): self = .membership(of: grant.grantee, in: roles)
            case .global, .database, .table, .routine: return nil
            }
        } else {
            return nil
        }
    }

    var account: AccountName {
        switch self {
        case .user(let name), .role(let name), .grant(let name), .membership(let name, _), .defaultRole(let name): name
        }
    }
}
