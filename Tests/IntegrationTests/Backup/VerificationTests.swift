import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Synchronization
import Testing
import Topology

extension BackupTests {
    /// Backups that are good, and backups that are not, restored on servers of our own.
    @Suite struct Verifications {
        private static let key = RestoreOptions.Key.identities([BackupTests.identity])

        /// A backup of a shop in a directory.
        private struct Stored {
            let manifest: BackupManifest
            let store: DirectoryStore
            let folder: StoreFolder

            func verification(
                _ place: Verification.Place, manifest: BackupManifest? = nil,
                key: RestoreOptions.Key = Verifications.key,
                report: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
            ) -> Verification {
                Verification(
                    manifest ?? self.manifest, source: folder, key: key, in: place, records: folder,
                    report: report)
            }

            func records() async throws -> [VerificationRecord] {
                try await BackupCatalogue(store).inventory().backups.flatMap(\.records)
            }
        }

        private static func withBackup(
            _ flavour: LoopbackDatabase.Flavour, filler: Int = 0,
            _ body: (Stored, LoopbackDatabase, ScratchServerTests.Folder) async throws -> Void
        ) async throws {
            let place = try ScratchServerTests.Folder()
            let server = try Databases.server(flavour)
            try await server.withDatabase { connection, settings in
                for statement in ShopSchema.statements { _ = try await connection.query(statement) }
                let name = try #require(settings.address.database)
                let user = "verified\(UInt32.random(in: 0 ... .max))@'%'"
                _ = try await connection.query("CREATE USER \(user)")
                _ = try await connection.query("GRANT SELECT ON \(name).* TO \(user)")
                for _ in 0..<filler {
                    let row = "('\(String(repeating: "x", count: 1_000))')"
                    _ = try await connection.query(
                        "INSERT INTO wp_posts (post_content) VALUES "
                            + Array(repeating: row, count: 1_000).joined(separator: ","))
                }
                let store = DirectoryStore(path: place.path + "/store")
                let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
                let folder = StoreFolder(id, of: try #require(settings.address.database), in: store)
                let manifest = try await Dump(
                    settings, options: BackupTests.options { $0.keepsAccounts = true }, id: id, destination: folder
                ).run()
                try await body(Stored(manifest: manifest, store: store, folder: folder), server, place)
            }
            #expect(place.content == ["store"], "a scratch server left something")
        }

        @Test(.timeLimit(.minutes(3)), arguments: LoopbackDatabase.Flavour.allCases)
        func aGoodBackupIsVerified(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { backup, _, place in
                let record = try await backup.verification(.scratch(place.options)).run()
                #expect(record.failures.isEmpty, "\(record.failures)")
                #expect(
                    record.rows == backup.manifest.rows && record.tables == backup.manifest.tables.count)
                #expect(record.family == backup.manifest.source.family && record.durationMS > 0)
                #expect(backup.manifest.checks == ShopSchema.figures)
                #expect(try await backup.records() == [record])
            }
        }

        @Test(.timeLimit(.minutes(3)), arguments: LoopbackDatabase.Flavour.allCases)
        func whatIsWrongIsKeptInTheRecord(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour) { backup, _, place in
                let object = try #require(backup.manifest.objects.first { $0.table == "wp_posts" })
                let folder = BackupLayout.folder(
                    of: backup.manifest.id, in: backup.manifest.source.database)
                let file = URL(filePath: "\(place.path)/store/\(folder)\(object.name)")
                let bytes = try Data(contentsOf: file)
                func failures(_ manifest: BackupManifest? = nil) async throws -> String {
                    let record = try await backup.verification(.scratch(place.options), manifest: manifest)
                        .run()
                    return record.failures.map { "\($0.what): \($0.why)" }.joined(separator: "; ")
                }
                // One bit of an object.
                var damaged = bytes
                damaged[damaged.count / 2] ^= 1
                try damaged.write(to: file)
                #expect(try await failures().hasPrefix("\(object.name): it is damaged"))
                // None of it.
                try FileManager.default.removeItem(at: file)
                #expect(try await failures().hasPrefix("\(object.name): it is missing"))
                try bytes.write(to: file)
                // What is not restored is looked at as well.
                let accounts = try #require(backup.manifest.objects.first { $0.kind == .grants })
                let path = "\(place.path)/store/\(folder)\(accounts.name)"
                let hidden = try Data(contentsOf: URL(filePath: path))
                try hidden.dropLast().write(to: URL(filePath: path))
                #expect(try await failures().hasPrefix("\(accounts.name): it is damaged"))
                try hidden.write(to: URL(filePath: path))
                // Other rows than were read when it was made.
                var falsified = backup.manifest
                let table = try #require(falsified.tables.firstIndex { $0.name == "wp_posts" })
                falsified.tables[table].digest = TableDigest(lanes: SIMD4(1, 2, 3, 4))
                let differs = try await failures(falsified)
                #expect(differs.contains("wp_posts") && !differs.contains("damaged"), "\(differs)")
                // Another shop.
                var other = backup.manifest
                other.checks["wp_/newest_order"] = "7"
                #expect(try await failures(other) == "wp_/newest_order: is 1100, was 7 in the backup")
                let records = try await backup.records()
                #expect(records.count == 5 && records.allSatisfy { !$0.failures.isEmpty })
            }
        }

        @Test(.timeLimit(.minutes(3)), arguments: LoopbackDatabase.Flavour.allCases)
        func onAServerOfOthersADatabaseOfItsOwnIsMadeAndDropped(flavour: LoopbackDatabase.Flavour)
            async throws
        {
            try await Self.withBackup(flavour) { backup, server, _ in
                func databases() async throws -> [[[UInt8]?]] {
                    try await MySQLConnection.with(server.settings()) {
                        try await $0.query("SHOW DATABASES").rows
                    }
                }
                let before = try await databases()
                let record = try await backup.verification(.server(server.settings(database: "mysql")))
                    .run()
                #expect(record.failures.isEmpty, "\(record.failures)")
                #expect(try await databases() == before)
                var falsified = backup.manifest
                falsified.checks["wp_/orders"] = "0"
                let failed = try await backup.verification(.server(server.settings()), manifest: falsified)
                    .run()
                #expect(failed.failures.map(\.what) == ["wp_/orders"])
                #expect(try await databases() == before)
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func whatSaysNothingAboutTheBackupLeavesNoRecord() async throws {
            try await Self.withBackup(.mariadb) { backup, server, place in
                let stranger = RestoreOptions.Key.identities([X25519Identity()])
                await #expect(throws: RestoreError.self) {
                    _ = try await backup.verification(.scratch(place.options), key: stranger).run()
                }
                var absent = server.settings()
                absent.address.port = 1
                await #expect(throws: MySQLError.self) {
                    _ = try await backup.verification(.server(absent)).run()
                }
                let disk = try SmallDisk(mebibytes: 64)
                var options = place.options
                options.directory = disk.path
                let error = await #expect(throws: ScratchError.self) {
                    _ = try await backup.verification(.scratch(options)).run()
                }
                #expect(error?.code == "scratch.no_space")
                #expect(disk.content.isEmpty)
                #expect(try await backup.records().isEmpty)
            }
        }

        /// Somebody else fills the disk while the rows are loaded.
        @Test(.timeLimit(.minutes(3)), arguments: LoopbackDatabase.Flavour.allCases)
        func aDiskThatFillsUpLeavesNoRecord(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withBackup(flavour, filler: 20) { backup, _, place in
                let disk = try SmallDisk(mebibytes: 512)
                var options = place.options
                options.directory = disk.path
                let isFull = Atomic(false)
                let verification = backup.verification(.scratch(options)) { progress in
                    guard progress.phase >= .loading, !isFull.exchange(true, ordering: .relaxed) else {
                        return
                    }
                    disk.fill()
                }
                let error = await #expect(throws: (any Error).self) { _ = try await verification.run() }
                #expect(error is RestoreError || error is ScratchError, "\(String(describing: error))")
                let wasFilled = isFull.load(ordering: .relaxed)
                #expect(wasFilled)
                #expect(disk.content == ["filler"])
                #expect(try await backup.records().isEmpty)
            }
        }
    }
}
