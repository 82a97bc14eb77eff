import BackupEngine
import CloudHTTP
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests {
    /// A real object server, and what goes wrong on the way to it and in it.
    @Suite(.faultyStores) struct StoreFaults {
        static let options = BackupTests.options { $0.chunkBytes = 200 << 10 }

        /// Dumps a small shop into the store as it is seen; `id` is that of the backup.
        static func dump(_ shop: MySQLSettings, to store: some ObjectStore, id: BackupID = newID()) async throws
            -> BackupManifest
        {
            try await Dump(shop, options: options, id: id, destination: folder(id, shop, store)).run()
        }

        static func newID() -> BackupID { BackupID(time: Date(), random: .random(in: 0 ... .max)) }

        static func folder(_ id: BackupID, _ shop: MySQLSettings, _ store: some ObjectStore) throws -> StoreFolder {
            StoreFolder(id, of: try #require(shop.address.database), in: store)
        }

        /// What `backup prune` does with what was not finished, but for waiting until it is old.
        static func prune(_ store: some ObjectStore) async throws {
            let catalogue = BackupCatalogue(store)
            for unfinished in try await catalogue.inventory().unfinished {
                #expect(try await catalogue.remove(unfinished))
            }
            for upload in try await catalogue.unfinishedUploads(before: .distantFuture) {
                try await store.abort(upload)
            }
        }

        /// Nothing is there that is no part of a backup.
        static func checkThatOnlyBackupsRemain(_ store: some ObjectStore) async throws {
            #expect(try await store.unfinishedUploads() == [])
            let inventory = try await BackupCatalogue(store).inventory()
            #expect(inventory.unfinished.isEmpty)
            let listed = inventory.backups.reduce(0) { $0 + ($1.manifest?.objects.count ?? 0) + 1 }
            #expect(try await store.list().objects.count == listed)
        }

        @Test(arguments: [1, 2] as [UInt64])
        func whatGoesWrongNowAndThenIsTriedAgain(seed: UInt64) async throws {
            let faults = FaultyProxy.random(
                seed: seed,
                perMille: [
                    (.slowDown, 70), (.refused, 50), (.answerLost, 50), (.answerCut, 50),
                    (.late(milliseconds: 50), 100),
                ])
            let server = try Databases.server(seed == 1 ? .mariadb : .mysql)
            try await InvariantShop.with(server) { shop, copy in
                try await FaultyStores.with(attempts: 12, faults) { seen, store, proxy in
                    let manifest = try await Self.dump(shop, to: seen)
                    #expect(
                        manifest.objects.contains { $0.storedBytes > FaultyStores.partSize }, "it came in parts")
                    #expect(try await BackupCatalogue(store).backup("latest").manifest == manifest)
                    try await Self.prune(store)
                    try await Self.checkThatOnlyBackupsRemain(store)
                    #expect(proxy.requestCount > manifest.objects.count + 3)
                }
            }
        }

        @Test(arguments: [2, 6, 10])
        func aStoreThatFailsInTheMiddleHasNoBackup(requests: Int) async throws {
            try await InvariantShop.with(Databases.server(.mariadb)) { shop, _ in
                try await FaultyStores.with(attempts: 2) {
                    $0.number >= requests ? .slowDown : nil
                } _: { seen, store, _ in
                    let error = await #expect(throws: DumpError.self) { try await Self.dump(shop, to: seen) }
                    #expect(error?.description.contains("SlowDown") == true, "\(String(describing: error))")
                    #expect(error?.hint?.contains("try again") == true)
                    #expect(try await BackupCatalogue(store).inventory().backups.isEmpty)
                    // The store refused to remove what it had as well.
                    try await Self.prune(store)
                    #expect(try await store.list().objects.isEmpty)
                    try await Self.checkThatOnlyBackupsRemain(store)
                }
            }
        }

        /// Of an upload in parts nothing stays, not even when it is cancelled before its id is known.
        @Test func anUploadThatIsCancelledWhileItBeginsIsEnded() async throws {
            let (begun, signal) = AsyncStream.makeStream(of: Void.self)
            try await FaultyStores.with { request in
                guard request.target.hasSuffix("?uploads=") || request.target.hasSuffix("?uploads") else { return nil }
                signal.yield()
                return .late(milliseconds: 300)
            } _: { seen, store, _ in
                let upload = Task {
                    let pieces = AsyncStream<ByteBuffer> { pieces in
                        pieces.yield(ByteBuffer(repeating: 7, count: 3 * FaultyStores.partSize))
                        pieces.finish()
                    }
                    return try await seen.upload(pieces, to: try ObjectKey("shop/object"))
                }
                for await _ in begun { break }
                upload.cancel()
                await #expect(throws: CancellationError.self) { _ = try await upload.value }
                // Whatever was asked for is done by then.
                try await Task.sleep(for: .milliseconds(500))
                let left = try await store.unfinishedUploads()
                #expect(left == [])
            }
        }

        /// The answer to the manifest is lost, and the store is gone: whoever asked hears of a failure, and what the
        /// store lists is whole.
        @Test func aManifestOfUnknownOutcomeBelongsToAWholeBackup() async throws {
            try await InvariantShop.with(Databases.server(.mysql)) { shop, copy in
                try await FaultyStores.with(attempts: 2) { request in
                    request.target.contains("manifest") && request.method == "PUT" ? .answerLost : nil
                } _: { seen, store, proxy in
                    let manifest = try? await Self.dump(shop, to: seen)
                    let listed = try await BackupCatalogue(store).inventory().backups
                    #expect(listed.count <= 1)
                    #expect(manifest == nil || listed.first?.manifest == manifest)
                    for backup in listed {
                        for object in try #require(backup.manifest).objects {
                            let key = try ObjectKey(backup.folder.path + object.name)
                            #expect(try await store.info(of: key).size == Int64(object.storedBytes))
                        }
                    }
                    try await Self.prune(store)
                    try await Self.checkThatOnlyBackupsRemain(store)
                }
            }
        }

        private struct Wrong: Sendable, CustomTestStringConvertible {
            var what: String
            var says: String
            var bucket: String?
            var region = ObjectServer.region
            var key = ObjectServer.owner
            var clockAhead: TimeInterval = 0
            var testDescription: String { what }

            static let all = [
                Wrong(what: "bucket", says: "no bucket nowhere", bucket: "nowhere"),
                Wrong(what: "region", says: "region fra1", region: "fra1"),
                Wrong(what: "secret", says: "signature", key: (ObjectServer.owner.accessKeyID, "guessed")),
                Wrong(what: "key", says: "signature", key: ("shop:nobody", "guessed")),
                Wrong(what: "permissions", says: "denied", key: ObjectServer.stranger),
                Wrong(what: "clock", says: "s ahead of the store's, 20", clockAhead: 3600),
                Wrong(what: "clock behind", says: "s behind the store's, 20", clockAhead: -3600),
            ]
        }

        @Test(arguments: Wrong.all)
        private func whatIsWrongIsSaid(wrong: Wrong) async throws {
            let credentials = CloudCredentials(
                accessKeyID: wrong.key.accessKeyID, secretAccessKey: Secret(wrong.key.secret))
            try await InvariantShop.with(Databases.server(.mariadb)) { shop, _ in
                try await FaultyStores.with(
                    bucket: wrong.bucket, region: wrong.region, credentials: credentials, clockAhead: wrong.clockAhead
                ) { seen, store, _ in
                    let error = await #expect(throws: DumpError.self) { try await Self.dump(shop, to: seen) }
                    #expect(error?.description.contains(wrong.says) == true, "\(String(describing: error))")
                    #expect(error?.hint != nil)
                    let left = try await store.list().objects
                    #expect(left.isEmpty)
                }
            }
        }

        /// A directory on a disk of its own, which is too small.
        @Test func aFullDiskHasNoBackup() async throws {
            let folder = FileManager.default.temporaryDirectory.appending(
                path: "bw-small-\(UInt32.random(in: 0 ... .max))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(at: folder) }
            try #require(geteuid() == 0, "run as root: the test mounts a file system of 100 KB")
            _ = try output(of: ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", folder.path])
            defer { _ = try? output(of: ["umount", folder.path]) }
            try await InvariantShop.with(Databases.server(.mariadb)) { shop, _ in
                let store = DirectoryStore(path: folder.appending(path: "backups").path)
                let error = await #expect(throws: DumpError.self) { try await Self.dump(shop, to: store) }
                #expect(error?.description.contains("no room left") == true, "\(String(describing: error))")
                #expect(error?.hint == "make room, or prune old backups")
                let (left, begun) = (try await store.list().objects, try await store.unfinishedUploads())
                #expect(left.isEmpty && begun.isEmpty)
            }
        }
    }
}
