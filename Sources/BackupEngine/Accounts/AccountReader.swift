internal import MySQLClient
internal import RecoveryCore

/// Reads the accounts that belong to a database. Everything of it is in the system database `mysql`, which few users may
/// read.
struct AccountReader {
    let connection: MySQLConnection

    /// - Returns: Nothing when nobody but those who rule the server has privileges on the database.
    /// - Throws: `DumpError.accounts` when the user may not read them; `MySQLError`, `CancellationError`.
    func read(database: String) async throws -> AccountText {
        do {
            let server = await connection.server
            if server.family == .mysql, server.version >= .init(8, 0, 17) {
                // Hashes are bytes, which do not survive as text.
                _ = try await connection.query("SET SESSION print_identified_with_as_hex = ON")
            }
            var shown = try await accounts(server)
            for index in shown.indices {
                shown[index].grants = try await texts("SHOW GRANTS FOR \(shown[index].account)")
            }
            let kept = AccountText.accounts(shown, database: database)
            for index in shown.indices where kept.contains(shown[index].account) && !shown[index].isRole {
                shown[index].definition = try await texts("SHOW CREATE USER \(shown[index].account)").first
            }
            return AccountText(shown, database: database, isMariaDB: server.family == .mariadb)
        } catch let error as MySQLError where error.kind == .privilegeMissing || error.kind == .accessDenied {
            throw DumpError.accounts(error)
        }
    }

    private func accounts(_ server: DatabaseServer) async throws -> [AccountText.Shown] {
        let isRole = server.family == .mariadb ? "is_role = 'Y'" : "0"
        let listed = try await connection.query("SELECT User, Host, \(isRole) FROM mysql.user")
        return listed.rows.indices.compactMap { row in
            guard let user = listed.text(row, 0), let host = listed.text(row, 1) else { return nil }
            let isRole = listed.text(row, 2) == "1"
            let account = AccountName(user, at: isRole ? nil : host)
            return account.isReserved ? nil : AccountText.Shown(account: account, isRole: isRole, grants: [])
        }
    }

    private func texts(_ statement: String) async throws -> [String] {
        let result = try await connection.query(statement)
        return result.rows.indices.compactMap { result.text($0, 0) }
    }
}
