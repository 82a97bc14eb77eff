/// Which statements of a backup may be run, in their order.
struct AccountPlan {
    struct Step: Equatable {
        var account: AccountName
        /// For people; without what an account logs in with.
        var what: String
        /// Why it must not be run; nil when it may.
        var refusal: String?
        fileprivate var isCreation: Bool
    }

    private let own: String
    /// Accounts that the backup made so far.
    private var known: Set<AccountName> = []
    private var failed: Set<AccountName> = []

    /// The restoring user, as `CURRENT_USER()` says.
    init(own: String) {
        self.own = own
    }

    /// What to do about a statement; nil for what only sets the session up.
    mutating func take(_ text: String) -> Step? {
        guard let statement = AccountStatement(text) else {
            let words = SQLTokens(text).prefix(3).map(\.kind)
            if words.first == .word("SET"), words.last != .word("ROLE") { return nil }
            return Step(
                account: AccountName("", at: nil), what: "a statement",
                refusal: "it is none about an account of the database",
                isCreation: false)
        }
        let account = statement.account
        var step = Step(account: account, what: statement.what, isCreation: statement.isCreation)
        if account.isReserved {
            step.refusal = "it is an account of the server's own"
        } else if "\(account.user)@\(account.host ?? "")" == own {
            step.refusal = "it is the restoring user"
        } else if statement.isCreation {
            known.insert(account)
        } else if failed.contains(account) || !known.contains(account) {
            step.refusal = "the account was not made"
        } else if case .membership(_, let roles) = statement, let role = roles.first(where: { !known.contains($0) }) {
            step.refusal = "the role \(role) is none of the backup"
        }
        return step
    }

    /// An account that could not be made gets no privileges.
    mutating func fail(_ step: Step) {
        if step.isCreation { failed.insert(step.account) }
    }
}

extension AccountStatement {
    fileprivate var isCreation: Bool {
        switch self {
        case .user, .role: true
        case .grant, .membership, .defaultRole: false
        }
    }

    fileprivate var what: String {
        switch self {
        case .user(let name): "account \(name)"
        case .role(let name): "role \(name)"
        case .grant(let name): "privileges of \(name)"
        case .membership(let name, let roles):
            "\(roles.map(\.description).joined(separator: ", ")) for \(name)"
        case .defaultRole(let name): "default role of \(name)"
        }
    }
}
