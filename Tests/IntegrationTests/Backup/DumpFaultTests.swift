import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Synchronization
import Testing
import Topology

extension BackupTests {
    /// What must not become a backup.
    @Suite struct Faults {
        private struct Refused: Error {}

        /// A user of a database who may lock tables and nothing more, as managed servers have it.
        private static func withManagedUser(
            _ flavour: LoopbackDatabase.Flavour,
            _ privileges: String = "SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES",
            _ body: (LoopbackDatabase, _ root: MySQLSettings, _ user: MySQLSettings) async throws -> Void
        ) async throws {
            try await BackupTests.withTorture(flavour) { server, root, _ in
                let name = try #require(root.address.database)
                try await server.run(
                    "CREATE USER managed@'%' IDENTIFIED BY 'x'",
                    "GRANT \(privileges) ON `\(name.replacing("`", with: "``"))`.* TO managed@'%'")
                var user = server.settings(user: "managed", password: "x", database: name, tls: .required)
                user.address.ca = nil
                do {
                    try await body(server, root, user)
                    try await server.run("DROP USER managed@'%'")
                } catch {
                    try? await server.run("DROP USER managed@'%'")
                    throw error
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func withoutAGlobalLockTablesAreLocked(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withManagedUser(flavour) { _, _, user in
                let manifest = try await BackupTests.dump(user, to: MemoryDestination())
                #expect(manifest.snapshot.method == .tableLocks)
                #expect(manifest.snapshot.warnings.contains { $0.contains("routines of other definers") })
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whatCannotBeSeenIsRefused(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withManagedUser(flavour, "SELECT, SHOW VIEW, LOCK TABLES") { _, _, user in
                let destination = MemoryDestination()
                let error = await #expect(throws: DumpError.self) {
                    _ = try await BackupTests.dump(user, to: destination)
                }
                #expect(error?.description.contains("TRIGGER") == true, "\(String(describing: error))")
                #expect(destination.objects.isEmpty)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aTableThatIsChangedMeanwhileFailsTheDump(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withManagedUser(flavour) { _, root, user in
                let isAltered = Atomic(false)
                let destination = MemoryDestination { name in
                    guard !isAltered.exchange(true, ordering: .relaxed) else { return }
                    try await MySQLConnection.with(root) { other in
                        _ = try await other.query("ALTER TABLE words ADD COLUMN more INT")
                    }
                }
                let error = await #expect(throws: DumpError.self) {
                    _ = try await BackupTests.dump(user, to: destination)
                }
                #expect(error?.description.contains("words") == true, "\(String(describing: error))")
                #expect(destination.objects.isEmpty)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aStoreThatFailsLeavesNothingBehind(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { _, source, _ in
                let destination = MemoryDestination { name in if name.contains("parts") { throw Refused() } }
                let error = await #expect(throws: DumpError.self) {
                    _ = try await BackupTests.dump(source, to: destination)
                }
                #expect(error?.description.contains("parts") == true)
                #expect(destination.objects.isEmpty)
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: LoopbackDatabase.Flavour.allCases)
        func cancelledItLeavesNeitherObjectsNorSessions(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { server, source, _ in
                let (reached, signal) = AsyncStream.makeStream(of: Void.self)
                let destination = MemoryDestination { name in
                    guard name.contains("ledger") else { return }
                    signal.yield()
                    try await Task.sleep(for: .seconds(3600))
                }
                let dump = Task { try await BackupTests.dump(source, to: destination) }
                for await _ in reached { break }
                dump.cancel()
                await #expect(throws: CancellationError.self) { _ = try await dump.value }
                #expect(destination.objects.isEmpty)
                // Writers are free at once.
                try await MySQLConnection.with(source) { writer in
                    _ = try await writer.query("SET SESSION lock_wait_timeout = 2")
                    _ = try await writer.query("ALTER TABLE ledger COMMENT = 'free'")
                }
            }
        }
    }
}
