internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// One run of `backup create`.
struct BackupJob: Sendable {
    var place: BackupPlace
    var settings: MySQLSettings
    var options: DumpOptions

    func run(_ console: Console) async throws -> ExitStatus {
        let start = ContinuousClock.now
        let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
        let database = settings.address.database ?? ""
        return try await place.withStores(console) { stores in
            let destination = MirroredDestination(
                stores.map { store in
                    .init(
                        store.name, StoreFolder(id, of: database, in: store.store), isRequired: store.isRequired)
                }, needed: place.needed)
            let progress = ProgressLine(console)
            defer { progress.clear() }
            let dump = Dump(settings, options: options, id: id, destination: destination) {
                progress.show(BackupJob.line($0))
            }
            let manifest = try await settings.address.naming { try await dump.run() }
            progress.clear()
            let result = BackupResult(
                manifest, duration: ContinuousClock.now - start, lost: destination.lost,
                stores: stores.map(\.name))
            return try result.present(console)
        }
    }

    private static func line(_ progress: DumpProgress) -> String {
        let seconds = max(0.001, progress.elapsed / .seconds(1))
        let speed = Readable.bytes(UInt64(Double(progress.rawBytes) / seconds))
        var line = "\(Int(progress.fraction * 100)) %  \(Readable.count(progress.rows)) rows"
        line += "  \(Readable.bytes(progress.rawBytes)) → \(Readable.bytes(progress.storedBytes))  \(speed)/s"
        if let remaining = progress.remaining { line += "  \(Readable.duration(remaining)) left" }
        return line
    }
}
