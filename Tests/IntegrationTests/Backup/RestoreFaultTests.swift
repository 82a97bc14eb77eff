import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests.Restores {
    /// What cannot be restored says why, and what can be all the same.
    @Suite struct Faults {
        private typealias Restores = BackupTests.Restores

        @Test func aWrongKeyChangesNothing() async throws {
            try await Restores.withBackup(.mariadb) { server, backup, _, target in
                let database = try #require(target.address.database)
                try await server.run("DROP DATABASE \(database)")
                let error = try await Restores.refusal {
                    try await backup.restore(to: target, RestoreOptions(key: .identities([X25519Identity()])))
                }
                #expect(error.code == "restore.key" && error.isRefusal)
                // It is not there, and dropping it proves that.
                let dropped = try await mysqlError { try await server.run("DROP DATABASE \(database)") }
                #expect(dropped.code == 1008)
                try await server.run("CREATE DATABASE \(database)")
            }
        }

        enum Damage: CaseIterable { case changed, shorter, longer, missing }

        @Test(arguments: Damage.allCases)
        func aDamagedObjectIsNamed(damage: Damage) async throws {
            try await Restores.withBackup(.mysql) { _, backup, source, target in
                let name = try await backup.damage("-parts") { bytes in
                    switch damage {
                    case .changed: bytes.setInteger(~bytes.getInteger(at: 300, as: UInt8.self)!, at: 300)
                    case .shorter: bytes = bytes.getSlice(at: 0, length: bytes.readableBytes - 7)!
                    case .longer: bytes.writeString("more")
                    case .missing: break
                    }
                }
                if damage == .missing { try backup.store.delete([ObjectKey("shop/" + name)]) }
                let error = try await Restores.refusal { try await backup.restore(to: target) }
                #expect(error.code == (damage == .missing ? "restore.object_missing" : "restore.object_damaged"))
                #expect(error.description.contains(name) && error.description.contains("rows of the table parts"))
                #expect(error.hint?.contains("ledger") == true && error.hint?.contains(",parts,") == false)
                try await MySQLConnection.with(target) { copy in
                    let name = try #require(target.address.database)
                    _ = try await copy.query("DROP DATABASE \(name)")
                }
                let others = backup.manifest.tables.map(\.name).filter { $0 != "parts" }
                let outcome = try await backup.restore(to: target, Restores.options { $0.tables = others })
                #expect(outcome.tables == others.count)
            }
        }

        @Test func anotherRestoresJournalIsRefused() async throws {
            try await Restores.withBackup(.mariadb) { _, backup, source, target in
                let (reached, signal) = AsyncStream.makeStream(of: Void.self)
                let restore = Task {
                    try await backup.restore(to: target) { if $0.objects > 2 { signal.yield() } }
                }
                for await _ in reached { break }
                restore.cancel()
                await #expect(throws: CancellationError.self) { _ = try await restore.value }
                let error = try await Restores.refusal {
                    try await backup.restore(to: target, Restores.options { $0.tables = ["words"] })
                }
                #expect(error.code == "restore.other_restore")
                #expect(error.description.contains("\(backup.manifest.id)"))
                // It was not touched.
                let outcome = try await backup.restore(to: target)
                #expect(outcome.resumedObjects > 2)
                try await BackupTests.RoundTrips.compare(source, target, backup.manifest)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func missingDefinersAreMapped(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { server, source, target in
                try await server.run("CREATE USER leaver@'%'", "GRANT ALL ON *.* TO leaver@'%'")
                var user = source
                user.address.user = "leaver"
                user.password = nil
                try await MySQLConnection.with(user) { connection in
                    _ = try await connection.query("CREATE VIEW theirs AS SELECT 1 AS one")
                }
                let folder = StoreFolder("shop", in: MemoryStore())
                let manifest = try await BackupTests.dump(source, to: folder)
                try await server.run("DROP USER leaver@'%'")
                let outcome = try await Restore(
                    target, manifest: manifest, source: folder, options: Restores.options { $0.definers = .mapMissing }
                ).run()
                #expect(outcome.warnings.contains { $0.contains("leaver@%") && $0.contains("does not exist") })
                try await MySQLConnection.with(target) { copy in
                    let one = try await copy.query("SELECT one FROM theirs").text()
                    #expect(one == "1")
                }
            }
        }
    }
}
