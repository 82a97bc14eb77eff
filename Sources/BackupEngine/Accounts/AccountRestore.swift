package import MySQLClient
package import RecoveryCore
internal import Topology

/// Makes the accounts of a backup again and gives them their privileges on a restored database.
///
/// Accounts that exist stay as they are, with their passwords, and get the privileges. Neither the restoring user nor
/// the servers' own accounts are touched, whatever the backup says, and nothing is granted beyond the database.
package struct AccountRestore: Sendable {
    package struct Outcome: Sendable, Equatable {
        /// That were made, or were there and got privileges.
        package var accounts: [String] = []
        /// Statements that were not run, each with the reason: of another family of servers, refused, or not allowed.
        package var skipped: [BackupManifest.LeftOut] = []

        package init() {}
    }

    let target: MySQLSettings
    let manifest: BackupManifest
    let source: any BackupSource
    let key: RestoreOptions.Key

    /// As of ``Restore``; the target names the restored database.
    package init(
        _ target: MySQLSettings, manifest: BackupManifest, source: any BackupSource, key: RestoreOptions.Key
    ) {
        self.target = target
        self.manifest = manifest
        self.source = source
        self.key = key
    }

    static func run(
        _ statements: [String], from family: DatabaseServer.Family, over connection: MySQLConnection
    ) async throws -> Outcome {
        let server = await connection.server
        let mode = AccountText.sqlMode(isMariaDB: server.family == .mariadb)
        for statement in ["SET NAMES utf8mb4", "SET SESSION sql_mode = '\(mode)'"] {
            _ = try await connection.query(statement)
        }
        let own = try await connection.query("SELECT CURRENT_USER()").text() ?? ""
        var plan = AccountPlan(own: own)
        var outcome = Outcome()
        for statement in statements {
            guard let step = plan.take(statement) else { continue }
            do {
                if let why = step.refusal { throw Refusal(why: why) }
                _ = try await connection.query(statement)
                let name = "\(step.account)"
                if !outcome.accounts.contains(name) { outcome.accounts.append(name) }
            } catch let error as Refusal {
                outcome.skipped.append(.init(step.what, why: error.why))
            } catch let error as MySQLError {
                guard await connection.isOpen else { throw error }
                plan.fail(step)
                outcome.skipped.append(.init(step.what, why: Self.reason(error, from: family, on: server)))
            }
        }
        return outcome
    }

    private struct Refusal: Error { var why: String }

    /// A server's words about what it does not understand repeat it, with what the account logs in with.
    private static func reason(
        _ error: MySQLError, from family: DatabaseServer.Family, on server: DatabaseServer
    ) -> String {
        guard error.kind == .syntax else { return "\(error)" }
        return "\(server) does not know this form of it"
            + (family == server.family ? "" : ", which another family of servers wrote")
    }
}
