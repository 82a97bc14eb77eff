internal import RecoveryCore

/// The accounts that may do something with a database, as SQL text that is run in it.
struct AccountText: Sendable, Equatable {
    /// What a server said about an account.
    struct Shown: Sendable {
        var account: AccountName
        /// MariaDB says so; on MySQL every account may be granted as a role.
        var isRole: Bool
        /// `SHOW CREATE USER`; nil for a role of MariaDB.
        var definition: String?
        /// `SHOW GRANTS`.
        var grants: [String]

        /// nil for lines of another form.
        fileprivate var statements: [GrantStatement?] { grants.map { GrantStatement($0) } }
    }

    /// In the order in which they can be run.
    private(set) var statements: [String] = []
    private(set) var leftOut: [DatabaseSchema.Omission] = []
    /// Of the session that they are run in.
    var sqlMode: String { Self.sqlMode(isMariaDB: isMariaDB) }
    private let isMariaDB: Bool

    /// Without `NO_AUTO_CREATE_USER`, which MySQL has given up together with what it forbids, a grant to an account that
    /// does not exist makes one without a password.
    static func sqlMode(isMariaDB: Bool) -> String { isMariaDB ? "NO_AUTO_CREATE_USER" : "" }

    /// Nobody.
    init() { isMariaDB = false }

    /// Takes those who have privileges on the database or something in it, and who are members of a role that does.
    ///
    /// Privileges on all databases are the server's matter, and are named instead; so are partial revokes and proxies.
    init(_ shown: [Shown], database: String, isMariaDB: Bool) {
        self.isMariaDB = isMariaDB
        let kept = Self.accounts(shown, database: database)
        let parsed = shown.sorted { $0.account < $1.account }.map { (shown: $0, grants: $0.statements) }
        var (grants, defaults): ([String], [String]) = ([], [])
        for entry in parsed where kept.contains(entry.shown.account) {
            let account = entry.shown.account
            if entry.shown.isRole {
                statements.append("CREATE ROLE IF NOT EXISTS \(account)")
            } else if let text = entry.shown.definition, let definition = AccountDefinition(account, showCreate: text) {
                statements.append(definition.create)
                if let role = definition.defaultRole { defaults.append(role) }
            } else {
                leftOut.append(.init("account \(account)", why: "the server does not show how it logs in"))
                continue
            }
            for (text, grant) in zip(entry.shown.grants, entry.grants) {
                if let rewritten = grant?.rewritten(for: database) {
                    grants.append(rewritten)
                } else if let own = Self.membership(grant, kept) {
                    grants.append(own)
                } else if text.hasPrefix("SET DEFAULT ROLE") {
                    defaults.append(text)
                } else if let why = Self.omission(grant, text) {
                    leftOut.append(.init("account \(account)", why: why))
                }
            }
        }
        statements += grants + defaults
    }

    /// Who is taken along.
    static func accounts(_ shown: [Shown], database: String) -> Set<AccountName> {
        let parsed = shown.filter { !$0.account.isReserved }.map { ($0.account, $0.statements) }
        var kept = Set(parsed.filter { $1.contains { $0?.rewritten(for: database) != nil } }.map(\.0))
        func hasKeptRole(_ grant: GrantStatement?) -> Bool {
            if case .roles(let roles) = grant?.target { !kept.isDisjoint(with: roles) } else { false }
        }
        while true {
            let members = parsed.filter { !kept.contains($0.0) && $0.1.contains(where: hasKeptRole) }
            if members.isEmpty { return kept }
            kept.formUnion(members.map(\.0))
        }
    }

    private static func membership(_ grant: GrantStatement?, _ kept: Set<AccountName>) -> String? {
        guard let grant, case .roles(let roles) = grant.target else { return nil }
        let own = roles.filter { kept.contains($0) }
        return own.isEmpty ? nil : grant.granting(own)
    }

    /// Why a line is not carried; nil for what gives nothing.
    private static func omission(_ grant: GrantStatement?, _ text: String) -> String? {
        switch grant?.target {
        case .global: grant?.isEmpty == true ? nil : "its privileges on all databases are not kept"
        case .roles: "it has roles that give nothing on this database"
        // Other databases are not this backup's matter.
        case .database, .table, .routine: nil
        case nil: text.hasPrefix("REVOKE") || text.hasPrefix("GRANT PROXY") ? nil : "a grant of it is not understood"
        }
    }
}

extension GrantStatement {
    /// The same for these roles alone.
    fileprivate func granting(_ roles: [AccountName]) -> String {
        "GRANT \(roles.map(\.description).joined(separator: ", ")) \(rest)"
    }
}
