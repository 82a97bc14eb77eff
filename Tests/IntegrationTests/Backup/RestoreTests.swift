import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import RecoveryCore
import Synchronization
import Testing
import Topology

extension BackupTests {
    /// What was backed up comes back, whatever happens on the way.
    @Suite struct Restores {
        static let dumpOptions = BackupTests.options { options in
            options.chunkBytes = 64 << 10
            options.threads = 3
            options.schemaOnly = [.pattern(TablePattern("sess*"))]
        }

        static func options(_ change: (inout RestoreOptions) -> Void = { _ in }) -> RestoreOptions {
            var options = RestoreOptions(key: .identities([X25519Identity(), BackupTests.identity]))
            options.threads = 3
            // One of the torture schema's does not exist.
            options.definers = .keep
            change(&options)
            return options
        }

        /// A backup of the torture schema in a store.
        static func withBackup(
            _ flavour: LoopbackDatabase.Flavour,
            _ body: (LoopbackDatabase, Backup, _ source: MySQLSettings, _ target: MySQLSettings) async throws -> Void
        ) async throws {
            try await BackupTests.withTorture(flavour) { server, source, target in
                let store = MemoryStore()
                let folder = StoreFolder("shop", in: store)
                let manifest = try await BackupTests.dump(source, to: folder, dumpOptions)
                try await body(server, Backup(store: store, folder: folder, manifest: manifest), source, target)
            }
        }

        struct Backup {
            var store: MemoryStore
            var folder: StoreFolder
            var manifest: BackupManifest

            func restore(
                to target: MySQLSettings, _ options: RestoreOptions = Restores.options(),
                report: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
            ) async throws -> RestoreOutcome {
                try await Restore(target, manifest: manifest, source: folder, options: options, report: report).run()
            }

            /// Changes what is stored of the first object with this in its name.
            func damage(_ part: String, _ change: (inout ByteBuffer) -> Void) async throws -> String {
                let object = try #require(manifest.objects.first { $0.name.contains(part) })
                let key = try ObjectKey("shop/" + object.name)
                var bytes = try await store.read(key).collected(upTo: 1 << 30)
                change(&bytes)
                _ = try await store.put(bytes, at: key)
                return object.name
            }
        }

        /// What an attempt that must fail says.
        static func refusal(_ body: () async throws -> RestoreOutcome) async throws -> RestoreError {
            do {
                let outcome = try await body()
                throw LoopbackError("it was restored: \(outcome)")
            } catch let error as RestoreError {
                return error
            }
        }

        static func names(_ settings: MySQLSettings) async throws -> Set<String> {
            try await MySQLConnection.with(settings) { connection in
                let tables = try await connection.query("SHOW TABLES")
                return Set(tables.rows.indices.compactMap { tables.text($0, 0) })
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whatWasThereComesBack(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { server, backup, source, target in
                // It is made when it is not there.
                try await server.run("DROP DATABASE \(try #require(target.address.database))")
                let last = Mutex(RestoreProgress())
                let outcome = try await backup.restore(to: target) { progress in
                    last.withLock { $0 = progress.phase >= $0.phase ? progress : $0 }
                }
                try await RoundTrips.compare(source, target, backup.manifest)
                #expect(outcome.comparedTables == backup.manifest.tables.count { $0.digest != nil })
                #expect(outcome.rows == backup.manifest.rows)
                #expect(outcome.resumedObjects == 0 && outcome.dropped.isEmpty)
                let others = outcome.warnings.filter { !$0.contains("definer") && !$0.contains("Event scheduler") }
                #expect(others == [], "nothing else to warn of")
                #expect(try await Self.names(target).contains("__breakwater_restore") == false)
                let progress = last.withLock { $0 }
                #expect(progress.phase == .done && progress.fraction == 1)
                #expect(progress.rows == backup.manifest.rows && progress.rawBytes > 0)
                #expect(progress.objects == progress.expectedObjects)
                try await MySQLConnection.with(target) { copy in
                    _ = try await copy.query("INSERT INTO zero (v) VALUES (7)")
                    #expect(try await copy.query("SELECT id FROM zero WHERE v = 7").text() == "5000")
                }
            }
        }

        @Test(.timeLimit(.minutes(4)), arguments: LoopbackDatabase.Flavour.allCases)
        func endedAnywhereItGoesOn(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { _, backup, source, target in
                var attempts = 0
                var resumed = 0
                var outcome: RestoreOutcome?
                while outcome == nil {
                    attempts += 1
                    // Later each time, so that it ends; each report is a place to end at.
                    let calls = Atomic(0)
                    let limit = attempts * Int.random(in: 3...6)
                    let (reached, signal) = AsyncStream.makeStream(of: Void.self)
                    let restore = Task {
                        defer { signal.finish() }
                        return try await backup.restore(to: target) { _ in
                            if calls.add(1, ordering: .relaxed).newValue == limit { signal.yield() }
                        }
                    }
                    for await _ in reached { restore.cancel() }
                    do {
                        outcome = try await restore.value
                        resumed = outcome?.resumedObjects ?? 0
                    } catch is CancellationError { continue }
                }
                #expect(attempts > 3)
                #expect(resumed > 0)
                try await RoundTrips.compare(source, target, backup.manifest)
                #expect(try await Self.names(target).contains("__breakwater_restore") == false)
            }
        }

        private struct Ended: Error {}

        /// Jobs of a shop are held when it is known to be whole: nobody gets a shop in which they were not.
        @Test func whatComesLastIsDoneBeforeItIsOver() async throws {
            try await Self.withBackup(.mariadb) { _, backup, _, target in
                let restore = Restore(
                    target, manifest: backup.manifest, source: backup.folder, options: Self.options())
                await #expect(throws: Ended.self) {
                    _ = try await restore.run {
                        try await MySQLConnection.with(target) { copy in
                            _ = try await copy.query("UPDATE zero SET v = 99 WHERE id = 3")
                        }
                        throw Ended()
                    }
                }
                // It is not over, and what was changed last is no difference.
                let (outcome, last) = try await restore.run { "held" }
                #expect(last == "held" && outcome.resumedObjects > 0)
                #expect(outcome.comparedTables == backup.manifest.tables.count { $0.digest != nil })
                #expect(try await Self.names(target).contains("__breakwater_restore") == false)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whatIsThereIsNotOverwrittenUnasked(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { _, backup, source, target in
                try await MySQLConnection.with(target) { connection in
                    for statement in [
                        "CREATE TABLE words (a INT)", "CREATE TABLE a_top (a INT)", "CREATE TABLE mine (a INT)",
                        "INSERT INTO mine VALUES (1)", "CREATE PROCEDURE `pro c`() SELECT 1",
                        "CREATE TRIGGER first BEFORE INSERT ON mine FOR EACH ROW SET NEW.a = 2",
                    ] { _ = try await connection.query(statement) }
                }
                let before = try await Self.names(target)
                let error = try await Self.refusal { try await backup.restore(to: target) }
                #expect(error.code == "restore.not_empty" && error.isRefusal)
                #expect(error.description.contains("table mine"))
                #expect(error.hint?.contains("table words") == true && error.hint?.contains("mine") == false)
                #expect(try await Self.names(target) == before)

                let outcome = try await backup.restore(to: target, Self.options { $0.overwrite = true })
                #expect(
                    Set(outcome.dropped) == ["table words", "table a_top", "procedure pro c", "trigger first"])
                try await RoundTrips.compare(source, target, backup.manifest)
                #expect(try await Self.names(target).contains("mine"))
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func someTablesComeAlone(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { _, backup, _, target in
                let slip = try await Self.refusal {
                    try await backup.restore(to: target, Self.options { $0.tables = ["legder", "words"] })
                }
                #expect(slip.code == "restore.unknown_tables" && slip.hint == "did you mean ledger?")
                let outcome = try await backup.restore(
                    to: target, Self.options { $0.tables = ["ledger", "hen", "egg", "we`ird na.me-schema"] })
                #expect(try await Self.names(target) == ["ledger", "hen", "egg", "we`ird na.me-schema"])
                #expect(outcome.tables == 4 && outcome.comparedTables == 4)
                #expect(outcome.warnings.contains { $0.contains("of_account") && $0.contains("accounts") })
                try await MySQLConnection.with(target) { copy in
                    let made = try await copy.query("SHOW CREATE TABLE egg").text(0, 1)
                    #expect(made?.contains("of_hen") == true)
                    let indexes = try await copy.query("SHOW INDEX FROM ledger").texts("Key_name")
                    #expect(indexes.contains("by_filler"))
                }
            }
        }
    }
}
