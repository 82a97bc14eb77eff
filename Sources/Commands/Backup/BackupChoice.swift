package import ArgumentParser
internal import BackupEngine
internal import ObjectStore
internal import Topology

/// Which backup, for the commands that take one.
package struct BackupChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("Its name, the beginning of it, or `latest`.", valueName: "backup"))
    package var backup = "latest"
    @Option(
        help: ArgumentHelp(
            "Whose backup `latest` means (default: the topology's, or the only one of the store).", valueName: "name"))
    package var database: String?

    package init() {}

    func request(_ place: BackupPlace) -> BackupRequest {
        BackupRequest(name: backup, database: database ?? place.topology?.mysql?.database)
    }
}

/// A backup that was asked for.
struct BackupRequest: Sendable {
    var name: String
    var database: String?

    /// The backup, and the first store that has it. Of `latest` it is the newest of all stores; a store that cannot be
    /// read is said, and passed over as long as another one has a backup.
    func find(in stores: [OpenStore], _ console: Console) async throws -> (CataloguedBackup, OpenStore) {
        var found: (CataloguedBackup, OpenStore)?
        var failures: [(OpenStore, any Error)] = []
        for store in stores {
            do {
                let backup = try await store.catalogue.backup(name, of: database)
                if found.map({ "\($0.0.id)" < "\(backup.id)" }) ?? true { found = (backup, store) }
            } catch let error as CancellationError {
                throw error
            } catch {
                failures.append((store, error))
            }
        }
        guard let found else {
            // That a store cannot be read says more than that another one has no such backup.
            let telling = failures.first { !($0.1 is CatalogueError) } ?? failures.first
            let error = telling?.1 ?? CatalogueError.noBackups(database: database)
            var shown = UserFacingError(presenting: error)
            if error is CatalogueError {
                shown.summary += " (looked in \(stores.map(\.name).joined(separator: ", ")))"
            }
            throw shown
        }
        for (store, error) in failures {
            let shown = UserFacingError(presenting: error)
            console.note("warning: not from \(store.name): \(shown.summary) [\(shown.code)]")
        }
        for problem in found.0.problems() { console.note("warning: \(found.0.id): \(problem)") }
        return found
    }
}
