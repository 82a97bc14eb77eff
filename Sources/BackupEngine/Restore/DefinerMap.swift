internal import MySQLClient
internal import RecoveryCore

/// Whom views, routines, triggers and events will run as.
struct DefinerMap: Sendable {
    let rule: RestoreOptions.Definers
    /// Who restores.
    let current: SchemaStatement.Account
    /// Nil when the user may not see them.
    let existing: Set<SchemaStatement.Account>?

    init(rule: RestoreOptions.Definers, current: SchemaStatement.Account, existing: Set<SchemaStatement.Account>?) {
        self.rule = rule
        self.current = current
        self.existing = existing
    }

    static func read(_ rule: RestoreOptions.Definers, over connection: MySQLConnection) async throws -> Self {
        let name = try await connection.query("SELECT CURRENT_USER()").text() ?? ""
        // The host has no @, the user may.
        let at = name.lastIndex(of: "@") ?? name.endIndex
        let current = SchemaStatement.Account(
            user: String(name[..<at]), host: at == name.endIndex ? "" : String(name[name.index(after: at)...]))
        var existing: Set<SchemaStatement.Account>?
        do {
            let listed = try await connection.query("SELECT User, Host FROM mysql.user", limit: 1 << 30)
            existing = Set(
                listed.rows.indices.map { row in
                    SchemaStatement.Account(user: listed.text(row, 0) ?? "", host: listed.text(row, 1) ?? "")
                })
        } catch let error as MySQLError where error.kind != .connectionLost {}
        return Self(rule: rule, current: current, existing: existing)
    }

    /// Nil when the definer stays.
    func owner(insteadOf definer: SchemaStatement.Account) -> SchemaStatement.Account? {
        guard definer != current else { return nil }
        return switch rule {
        case .keep: nil
        case .currentUser: current
        case .mapMissing: existing?.contains(definer) == true ? nil : current
        }
    }

    func warning(for definer: SchemaStatement.Account) -> String {
        let why =
            switch (rule, existing) {
            case (.currentUser, _): "as was asked for"
            case (_, nil): "whether it exists here cannot be seen"
            default: "it does not exist here"
            }
        return "what \(definer) defined now runs as \(current): \(why)"
    }
}
