import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests {
    /// Users, roles and what they may do, from one server into another database of it.
    @Suite struct Accounts {
        private static func statements(_ flavour: LoopbackDatabase.Flavour, _ shop: String) -> [String] {
            let role = flavour == .mariadb ? "reader" : "reader@'%'"
            return [
                "CREATE ROLE \(role)",
                "CREATE USER shopper@'%' IDENTIFIED BY 'first'", "CREATE USER eve@'10.%' IDENTIFIED BY 'second'",
                "CREATE USER stranger@'%' IDENTIFIED BY 'third'",
                "GRANT SELECT ON \(shop).* TO \(role)", "GRANT \(role) TO eve@'10.%'",
                "GRANT ALL ON \(shop).* TO shopper@'%'", "GRANT PROCESS ON *.* TO shopper@'%'",
                "GRANT SELECT (id), INSERT ON \(shop).accounts TO eve@'10.%'",
            ]
        }

        private static let drops = [
            "DROP USER IF EXISTS shopper@'%', eve@'10.%', stranger@'%'", "DROP ROLE IF EXISTS reader",
        ]

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func accountsAndPrivilegesComeBack(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { server, source, target in
                let shop = "`\(try #require(source.address.database).replacing("`", with: "``"))`"
                let store = MemoryStore()
                let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
                let folder = StoreFolder(id, of: "shop", in: store)
                for statement in Self.drops + Self.statements(flavour, shop) { try await server.run(statement) }
                do {
                    let manifest = try await Dump(
                        source, options: BackupTests.options { $0.keepsAccounts = true }, id: id, destination: folder
                    ).run()
                    #expect(manifest.objects.map(\.kind).contains(.grants))
                    #expect(
                        manifest.leftOut.contains { $0.what.contains("shopper") && $0.why.contains("all databases") })
                    for statement in Self.drops { try await server.run(statement) }

                    let key = RestoreOptions.Key.identities([BackupTests.identity])
                    var options = RestoreOptions(key: key)
                    options.definers = .currentUser
                    _ = try await Restore(target, manifest: manifest, source: folder, options: options).run()
                    let outcome = try await AccountRestore(target, manifest: manifest, source: folder, key: key).run()
                    #expect(outcome.skipped.isEmpty, "\(outcome.skipped)")
                    #expect(outcome.accounts.count == 3, "\(outcome.accounts)")
                    try await Self.check(server, target)
                    // Again: nothing is wrong with what is there already.
                    let again = try await AccountRestore(target, manifest: manifest, source: folder, key: key).run()
                    #expect(again == outcome)
                } catch {
                    for statement in Self.drops { try? await server.run(statement) }
                    throw error
                }
                for statement in Self.drops { try await server.run(statement) }
            }
        }

        private static func check(_ server: LoopbackDatabase, _ target: MySQLSettings) async throws {
            let copy = try #require(target.address.database)
            // The password is the old one, and the privileges are on the new database.
            var shopper = server.settings(user: "shopper", password: "first", database: copy, tls: .required)
            shopper.address.ca = nil
            try await MySQLConnection.with(shopper) { connection in
                _ = try await connection.query("SELECT COUNT(*) FROM accounts")
                let grants = try await connection.query("SHOW GRANTS")
                let lines = grants.rows.indices.compactMap { grants.text($0, 0) }
                #expect(lines.contains { $0.contains("`\(copy)`") })
                #expect(!lines.contains { $0.contains("PROCESS") }, "privileges on all databases came along")
            }
            try await MySQLConnection.with(server.settings()) { root in
                let eve = try await root.query("SHOW GRANTS FOR eve@'10.%'")
                let lines = eve.rows.indices.compactMap { eve.text($0, 0) }.joined(separator: "\n")
                #expect(lines.contains("reader") && lines.contains("`accounts`") && lines.contains("`id`"))
                let stranger = try await root.query("SELECT COUNT(*) FROM mysql.user WHERE User = 'stranger'")
                #expect(stranger.text() == "0")
            }
        }
    }
}
