import BackupEngine
import Foundation
import NIOCore
import ObjectStore
import RecoveryCore
import Synchronization
import Testing

struct CatalogueTests {
    private let store = MemoryStore()
    private var catalogue: BackupCatalogue { BackupCatalogue(store) }

    private static func id(_ hour: Int, _ random: UInt16 = 0x7f3a) -> BackupID {
        BackupID(time: Date(timeIntervalSince1970: 1_772_323_200 + Double(hour) * 3600), random: random)
    }

    private static func manifest(_ id: BackupID, _ database: String) -> BackupManifest {
        BackupManifest(
            id: id, software: "breakwater test", startedAt: id.time, finishedAt: id.time + 6,
            source: .init(
                family: .mariadb, version: "11.8.2-MariaDB", database: database, characterSet: "utf8mb4",
                collation: "utf8mb4_general_ci"),
            snapshot: .init(method: .globalReadLock, consistent: true, position: nil),
            compression: .init(level: 1), recipients: ["age1x"], tables: [], objects: [])
    }

    private func put(_ text: some Sequence<UInt8>, _ name: String) async throws {
        _ = try await store.put(ByteBuffer(bytes: text), at: try ObjectKey(name))
    }

    /// A backup with two objects.
    private func add(_ id: BackupID, of database: String = "shop", manifest: Data? = nil) async throws {
        let folder = BackupLayout.folder(of: id, in: database)
        try await put("tables".utf8, folder + "1-tables/00001.sql.zst.age")
        try await put("rows".utf8, folder + "2-rows/00001-wp_posts.sql.zst.age")
        try await put(manifest ?? Self.manifest(id, database).json(), folder + BackupLayout.manifest)
    }

    private func record(_ id: BackupID, of backup: BackupID, failures: [String] = []) -> VerificationRecord {
        VerificationRecord(
            id: id, backup: backup, software: "breakwater test", family: .mariadb, serverVersion: "11.8.2-MariaDB",
            tables: 0, rows: 0, durationMS: 5, failures: failures.map { .init($0, why: "differs") })
    }

    private func names() async throws -> [String] { try await store.list().objects.map(\.key.text) }

    @Test func whatHasAManifestIsListedTheNewestFirst() async throws {
        for hour in [3, 1, 2] { try await add(Self.id(hour)) }
        try await add(Self.id(4), of: "a shop/of.others")
        try await put("".utf8, "shop/README")
        try await put("".utf8, "notes/of/somebody")
        let all = try await catalogue.inventory()
        #expect(all.backups.map(\.id) == [4, 3, 2, 1].map { Self.id($0) })
        #expect(all.backups.allSatisfy { $0.manifest != nil && $0.verification == nil })
        #expect(all.unfinished.isEmpty)
        let other = try await catalogue.inventory(of: "a shop/of.others")
        #expect(other.backups.map(\.id) == [Self.id(4)])
    }

    @Test func aManifestThatCannotBeUsedIsListedWithItsReason() async throws {
        let newer = try Self.manifest(Self.id(2), "shop").json()
        let text = String(decoding: newer, as: UTF8.self)
        try await add(
            Self.id(2), manifest: Data(text.replacing("\"format_version\" : 1", with: "\"format_version\" : 7").utf8))
        try await add(Self.id(3), manifest: Data("{".utf8))
        try await add(Self.id(4), manifest: try Self.manifest(Self.id(1), "shop").json())
        try await add(Self.id(1))
        let backups = try await catalogue.inventory(of: "shop").backups
        #expect(backups.map(\.id) == [4, 3, 2, 1].map { Self.id($0) })
        #expect(backups[0].unreadable?.contains("another backup") == true)
        #expect(backups[1].unreadable == "it is no breakwater-backup")
        #expect(backups[2].unreadable?.contains("format version 7") == true)
        #expect(backups[2].candidate == nil)
        #expect(backups[3].manifest?.source.database == "shop")
        // Nobody gets an older state without having asked for it.
        await #expect(throws: CatalogueError.unreadable(Self.id(4), reason: backups[0].unreadable ?? "")) {
            _ = try await catalogue.backup("latest")
        }
        #expect(try await catalogue.backup("\(Self.id(1))").manifest != nil)
    }

    @Test func theLatestVerificationOfThisBackupCounts() async throws {
        let id = Self.id(1)
        try await add(id)
        let folder = BackupFolder(database: "shop/", id: id)
        let shelf = StoreFolder(folder.path, in: store)
        try await shelf.keep(record(Self.id(2), of: id))
        try await shelf.keep(record(Self.id(4), of: Self.id(9)))
        #expect(try await catalogue.backup("latest").candidate?.state == .verified)
        try await shelf.keep(record(Self.id(3), of: id, failures: ["wp_posts"]))
        #expect(try await catalogue.backup("latest").candidate?.state == .failed)
        // What a later one says is not known, and so neither is the state.
        try await put("{".utf8, folder.path + BackupLayout.verification(Self.id(5)))
        let backup = try await catalogue.backup("latest")
        #expect(backup.candidate?.state == .unverified)
        #expect(backup.unreadableRecords.map(\.id) == [Self.id(5)])
    }

    @Test func namesMayBeShortButNotAmbiguous() async throws {
        await #expect(throws: CatalogueError.noBackups(database: nil)) { _ = try await catalogue.backup("latest") }
        try await add(Self.id(1, 0x0001))
        try await add(Self.id(1, 0x0002))
        try await add(Self.id(2))
        // No manifest, no backup: neither for `latest` nor by its name.
        try await put("".utf8, BackupLayout.folder(of: Self.id(3), in: "shop") + "1-tables/00001.sql.zst.age")
        #expect(try await catalogue.backup("latest").id == Self.id(2))
        #expect(try await catalogue.backup("20260301T02").id == Self.id(2))
        await #expect(throws: CatalogueError.manifestMissing(Self.id(3))) {
            _ = try await catalogue.backup("\(Self.id(3))")
        }
        await #expect(throws: CatalogueError.noSuchBackup("2027")) { _ = try await catalogue.backup("2027") }
        await #expect(throws: CatalogueError.ambiguous("20260301T01", [Self.id(1, 2), Self.id(1, 1)])) {
            _ = try await catalogue.backup("20260301T01")
        }
        try await add(Self.id(5), of: "other")
        await #expect(throws: CatalogueError.severalDatabases(["other", "shop"])) {
            _ = try await catalogue.backup("latest")
        }
        #expect(try await catalogue.backup("latest", of: "shop").id == Self.id(2))
    }

    @Test func removingTakesTheManifestFirst() async throws {
        try await add(Self.id(1))
        try await add(Self.id(2))
        let folder = BackupFolder(database: "shop/", id: Self.id(1))
        try await StoreFolder(folder.path, in: store).keep(record(Self.id(3), of: Self.id(1)))
        // A store that takes nothing more after the first deletion, as one does that is lost meanwhile.
        let failing = FailingStore(store, deletions: 1)
        await #expect(throws: ObjectStoreError.self) { try await BackupCatalogue(failing).remove(folder) }
        #expect(try await catalogue.inventory().backups.map(\.id) == [Self.id(2)])
        let rest = try #require(try await catalogue.inventory().unfinished.first)
        #expect(rest.objects.count == 3)
        #expect(try await catalogue.remove(rest))
        #expect(try await names().allSatisfy { $0.hasPrefix(BackupLayout.folder(of: Self.id(2), in: "shop")) })
        #expect(try await names().count == 3)
    }

    @Test func whatGotItsManifestMeanwhileStays() async throws {
        try await put("".utf8, BackupLayout.folder(of: Self.id(3), in: "shop") + "1-tables/00001.sql.zst.age")
        let unfinished = try #require(try await catalogue.inventory().unfinished.first)
        try await add(Self.id(3))
        #expect(try await catalogue.remove(unfinished) == false)
        #expect(try await names().count == 3)
    }
}

/// A store that takes only so many deletions.
private final class FailingStore: ObjectStore {
    private let store: any ObjectStore
    private let left: Atomic<Int>

    var description: String { "failing" }

    init(_ store: any ObjectStore, deletions: Int) {
        self.store = store
        left = Atomic(deletions)
    }

    func put(_ bytes: ByteBuffer, at key: ObjectKey, ifAbsent: Bool) async throws -> WrittenObject {
        try await store.put(bytes, at: key, ifAbsent: ifAbsent)
    }
    func upload<Pieces: AsyncSequence & Sendable>(_ pieces: Pieces, to key: ObjectKey) async throws -> WrittenObject
    where Pieces.Element == ByteBuffer { try await store.upload(pieces, to: key) }
    func info(of key: ObjectKey) async throws -> ObjectInfo { try await store.info(of: key) }
    func read(_ key: ObjectKey, range: Range<Int64>?) async throws -> ObjectBody {
        try await store.read(key, range: range)
    }
    func page(prefix: String, foldersOnly: Bool, after cursor: ObjectPage.Cursor?) async throws -> ObjectPage {
        try await store.page(prefix: prefix, foldersOnly: foldersOnly, after: cursor)
    }
    func delete(_ keys: [ObjectKey]) async throws {
        guard left.subtract(1, ordering: .relaxed).oldValue > 0 else {
            throw ObjectStoreError.accessDenied(action: "delete")
        }
        try await store.delete(keys)
    }
    func unfinishedUploads() async throws -> [UnfinishedUpload] { try await store.unfinishedUploads() }
    func abort(_ upload: UnfinishedUpload) async throws { try await store.abort(upload) }
}
