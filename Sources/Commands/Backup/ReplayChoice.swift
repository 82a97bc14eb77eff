internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore

/// A backup, and the log that is replayed onto it.
struct ReplayChoice: Sendable {
    var backup: CataloguedBackup
    var manifest: BackupManifest
    var store: OpenStore
    var log: ShippedLog
    var plan: ReplayPlan
    /// When the last of what is replayed was committed, or what was asked for; nil when there is nothing to replay.
    var moment: LogTime?

    /// Finds the newest backup from which there is a way to the target, or goes by the one that was named. Nothing is
    /// changed at the server; that it takes the log is known then.
    static func find(
        _ target: ReplayTarget, _ request: BackupRequest, in stores: [OpenStore], _ settings: MySQLSettings,
        _ options: RestoreOptions, _ console: Console
    ) async throws -> ReplayChoice {
        var candidates = try await candidates(request, in: stores, console)
        guard let database = candidates.first?.backup.manifest?.source.database else {
            throw ReplayFault.noBackupBefore(target)
        }
        while true {
            let (plan, log) = try await plan(target, candidates.compactMap(\.backup.manifest), database, in: stores)
            guard let found = candidates.first(where: { $0.backup.id == plan.backup }),
                let manifest = found.backup.manifest
            else { throw ReplayFault.noBackupBefore(target) }
            do {
                let moment = try await Replay(plan, log, options).rehearse(on: settings)
                return ReplayChoice(
                    backup: found.backup, manifest: manifest, store: found.store, log: log, plan: plan, moment: moment)
            } catch ReplayFault.newer where candidates.count > 1 {
                // Its snapshot was opened after the moment: the one before it.
                candidates.removeAll { $0.backup.id == plan.backup }
            }
        }
    }

    private typealias Candidate = (backup: CataloguedBackup, store: OpenStore)

    private static func candidates(
        _ request: BackupRequest, in stores: [OpenStore], _ console: Console
    ) async throws -> [Candidate] {
        guard request.name == "latest" else {
            let (backup, store) = try await request.find(in: stores, console)
            return [(backup, store)]
        }
        let survey = try await StoreSurvey(stores, of: request.database)
        _ = survey.complain(console)
        let candidates = survey.entries.compactMap { entry -> Candidate? in
            guard entry.backup.manifest != nil, let name = entry.stores.first,
                let store = stores.first(where: { $0.name == name })
            else { return nil }
            return (entry.backup, store)
        }
        guard !candidates.isEmpty else { throw CatalogueError.noBackups(database: request.database) }
        let databases = Set(candidates.compactMap { $0.backup.manifest?.source.database })
        guard databases.count == 1 else { throw CatalogueError.severalDatabases(databases.sorted()) }
        return candidates
    }

    /// The days since the newest backup that may do are read first, and all of them if that is not enough.
    private static func plan(
        _ target: ReplayTarget, _ manifests: [BackupManifest], _ database: String, in stores: [OpenStore]
    ) async throws -> (ReplayPlan, ShippedLog) {
        let limit: Date? =
            switch target {
            case .time(let time): time.date
            case .latest: .distantFuture
            case .through, .before: nil
            }
        if let limit, let newest = manifests.filter({ $0.startedAt <= limit }).map(\.startedAt).max() {
            let since = BinlogLayout.day(of: newest.addingTimeInterval(-86_400))
            let log = try await ShippedLog(of: database, in: stores.map(\.store), since: since)
            let recent = manifests.filter { $0.startedAt >= newest }
            if let plan = try? ReplayPlan(backups: recent, segments: log.segments, target: target) {
                return (plan, log)
            }
        }
        let log = try await ShippedLog(of: database, in: stores.map(\.store))
        return (try ReplayPlan(backups: manifests, segments: log.segments, target: target), log)
    }
}
