internal import BackupEngine
internal import Binlog
internal import Foundation
internal import MySQLClient
internal import ObjectStore
internal import RecoveryCore
internal import Topology

/// One run of `backup ship`.
struct ShipJob: Sendable {
    var place: BackupPlace
    var settings: MySQLSettings
    var options: BinlogShipper.Options
    /// What makes the backup that a gap asks for; nil leaves that to the caller.
    var backup: BackupJob?

    func run(_ console: Console) async throws -> ExitStatus {
        let database = settings.address.database ?? ""
        let stop = StopSignal()
        let interruption = await Interruption()
        try await place.withStores(console) { stores in
            let shelf = SegmentShelf(
                database: database,
                places: stores.map { .init(name: $0.name, store: $0.store, isRequired: $0.isRequired) },
                needed: place.needed)
            let (gaps, gap) = AsyncStream.makeStream(of: ShippingStart.Gap.self, bufferingPolicy: .bufferingNewest(1))
            let voice = ShipVoice(console, isOnce: options.once)
            let shipper = BinlogShipper(settings, database: database, shelf: shelf, options: options) {
                try await Self.newestBackup(of: database, in: stores)
            } report: { event in
                voice.say(event)
                if case .gap(let reason) = event { gap.yield(reason) }
            }
            try await withThrowingTaskGroup { group in
                group.addTask {
                    await interruption.received()
                    stop.set()
                }
                group.addTask { await makeBackups(for: gaps, console) }
                defer { group.cancelAll() }
                try await settings.address.naming { try await shipper.run(until: stop) }
                // A backup that a gap has asked for is part of it, unless somebody wants an end.
                gap.finish()
                if options.once, !stop.isSet { _ = try await group.next() }
            }
        }
        return .done
    }

    /// Beside the shipping, which goes on: the backup is newer than where the log begins anew.
    private func makeBackups(for gaps: AsyncStream<ShippingStart.Gap>, _ console: Console) async {
        guard let backup else { return }
        for await _ in gaps {
            // What the result says is for the console of a command of its own.
            let quiet = Console(json: false)
            var attempts = 0
            while !Task.isCancelled {
                do {
                    _ = try await backup.run(quiet)
                    break
                } catch is CancellationError {
                    return
                } catch {
                    attempts += 1
                    let pause = min(600, 15 << min(6, attempts))
                    let reason = UserFacingError(presenting: error).summary
                    console.note("the backup that the gap asks for failed (\(reason)); again in \(pause) s")
                    do { try await Task.sleep(for: .seconds(pause)) } catch { return }
                }
            }
        }
    }

    private static func newestBackup(of database: String, in stores: [OpenStore]) async throws -> GTIDState? {
        var newest: BackupManifest?
        for store in stores {
            let backup: CataloguedBackup
            do {
                backup = try await store.catalogue.backup("latest", of: database)
            } catch is CatalogueError {
                continue
            }
            guard let manifest = backup.manifest else { continue }
            if newest.map({ $0.startedAt < manifest.startedAt }) ?? true { newest = manifest }
        }
        guard let newest, let gtid = newest.snapshot.position?.gtid else { return nil }
        return try? GTIDState(gtid, family: newest.source.family)
    }
}
