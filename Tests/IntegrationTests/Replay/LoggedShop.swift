import Age
import BackupEngine
import Binlog
import Crypto
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import ObjectStore
import RecoveryCore
import Testing
import Topology

/// A database on a server that writes a binary log with GTIDs, its backups, and the log as it is shipped: read from the
/// server's own files.
final class LoggedShop {
    static let name = "shop"

    let server: LoopbackDatabase
    let store: any ObjectStore
    private let data: URL
    private var shipped: GTIDState
    private var number: UInt64 = 0

    init(_ flavour: LoopbackDatabase.Flavour, options: [String] = [], store: any ObjectStore = MemoryStore()) throws {
        let data = FileManager.default.temporaryDirectory.appending(path: "bw-log-\(UInt32.random(in: 0 ... .max))")
        self.data = data
        self.store = store
        let log =
            flavour == .mariadb
            ? ["--log-bin=binlog", "--server-id=7"]
            : ["--log-bin=binlog", "--server-id=7", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"]
        server = try LoopbackDatabase(flavour, data: data, options: log + options)
        shipped = try GTIDState("", family: flavour == .mariadb ? .mariadb : .mysql)
    }

    deinit { try? FileManager.default.removeItem(at: data) }

    var settings: MySQLSettings { server.settings(database: Self.name) }

    func settings(of database: String) -> MySQLSettings { server.settings(database: database) }

    /// Runs statements one after the other in a session at the database.
    func run(_ statements: [String], in database: String = name) async throws {
        try await MySQLConnection.with(settings(of: database)) { connection in
            for statement in statements {
                do { _ = try await connection.query(statement) } catch {
                    throw LoopbackError("\(statement.prefix(300)): \(error)")
                }
            }
        }
    }

    func backup() async throws -> BackupManifest {
        let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
        return try await Dump(
            settings, options: BackupTests.options(), id: id,
            destination: StoreFolder(id, of: Self.name, in: store)
        ).run()
    }

    /// Ships what is new, a few transactions in each segment.
    @discardableResult
    func ship(transactions: Int = 7) async throws -> [BinlogTransaction] {
        try await server.run("FLUSH BINARY LOGS")
        let files = try FileManager.default.contentsOfDirectory(atPath: data.path)
            .filter { $0.hasPrefix("binlog.") && $0.dropFirst(7).allSatisfy(\.isNumber) }.sorted()
        var all: [BinlogTransaction] = []
        for file in files {
            var events = try BinlogFile.Events(Array(try Data(contentsOf: data.appending(path: file))))
            var assembler = TransactionAssembler()
            var format: [UInt8] = []
            var batch: [BinlogTransaction] = []
            while let event = try events.next() {
                if case .formatDescription = event.content { format = event.bytes }
                guard let transaction = try assembler.add(event), !shipped.contains(transaction.gtid) else { continue }
                batch.append(transaction)
                all.append(transaction)
                if batch.count == transactions {
                    try await write(batch, format)
                    batch = []
                }
            }
            if !batch.isEmpty { try await write(batch, format) }
        }
        return all
    }

    private func write(_ batch: [BinlogTransaction], _ format: [UInt8]) async throws {
        let from = shipped
        for transaction in batch { shipped.insert(transaction.gtid) }
        number += 1
        let raw = BinlogFile.magic + format + batch.flatMap { $0.events.flatMap(\.bytes) }
        let sealed = try Self.seal(raw)
        let day = BinlogLayout.day(of: Date())
        let times = batch.map(\.committedAt)
        let last = LogTime(microseconds: times.max() ?? 0)
        let segment = BinlogSegment(
            number: number, software: "test", database: Self.name,
            object: BinlogLayout.events(day: day, number: number),
            sha256: SHA256.hash(data: sealed).map { String(format: "%02x", $0) }.joined(),
            storedBytes: UInt64(sealed.count), rawBytes: UInt64(raw.count),
            family: server.flavour == .mariadb ? .mariadb : .mysql, serverVersion: "test", server: "7", from: from,
            to: shipped, transactions: batch.count, firstCommittedAt: LogTime(microseconds: times.min() ?? 0),
            lastCommittedAt: last, coveredUntil: last, recipients: ["\(BackupTests.identity.recipient)"])
        let folder = BinlogLayout.folder(of: Self.name)
        _ = try await store.put(ByteBuffer(bytes: sealed), at: try ObjectKey(folder + segment.object))
        _ = try await store.put(
            ByteBuffer(bytes: try segment.json()),
            at: try ObjectKey(folder + BinlogLayout.description(day: day, number: number)))
    }

    private static func seal(_ bytes: [UInt8]) throws -> [UInt8] {
        let compressor = try ZstdCompressor(level: 3)
        var compressed: [UInt8] = []
        try bytes.withUnsafeBytes { try compressor.compress($0, into: &compressed) }
        try compressor.finish(into: &compressed)
        var encryptor = try AgeEncryptor(recipients: [BackupTests.identity.recipient])
        var sealed: [UInt8] = []
        try encryptor.encrypt(compressed, into: &sealed)
        try encryptor.finish(into: &sealed)
        return sealed
    }

    /// As `restore` does it.
    @discardableResult
    func restore(
        _ manifests: [BackupManifest], to target: ReplayTarget, into database: String
    ) async throws -> ReplayOutcome {
        try await restore(manifests, to: target, as: settings(of: database))
    }

    /// As `restore` does it, as somebody whose settings name the new database.
    @discardableResult
    func restore(
        _ manifests: [BackupManifest], to target: ReplayTarget, as settings: MySQLSettings
    ) async throws -> ReplayOutcome {
        let log = try await ShippedLog(of: Self.name, in: [store])
        let plan = try ReplayPlan(backups: manifests, segments: log.segments, target: target)
        let manifest = try #require(manifests.first { $0.id == plan.backup })
        var options = RestoreOptions(key: .identities([BackupTests.identity]))
        options.replays = true
        let replay = Replay(plan, log, options)
        _ = try await replay.rehearse(on: settings)
        return try await Restore(
            settings, manifest: manifest, source: StoreFolder(manifest.id, of: Self.name, in: store),
            options: options
        ).run { try await replay.run(on: settings) }.last
    }

    /// Names, counts and digests of all tables, as a backup sees them.
    func digests(of database: String) async throws -> [String] {
        let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
        let manifest = try await Dump(
            settings(of: database), options: BackupTests.options(), id: id, destination: MemoryDestination()
        ).run()
        return manifest.tables.map { "\($0.name): \($0.rows) \($0.digest.map { "\($0)" } ?? "-")" }.sorted()
    }
}
