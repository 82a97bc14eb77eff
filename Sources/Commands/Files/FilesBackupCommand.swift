internal import Age
package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `breakwater files backup`
package struct FilesBackupCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back the shop's files up.",
        discussion: """
            The paths of `backup.files`, and wp-config.php with them, into each store of `backup`. Caches and logs stay \
            out. Only what has changed is read closely and stored.

            Exit codes: 0 done; 1 failed, or in too few stores; 2 bad usage; 4 done, but a store has no copy or a file \
            could not be read; 130 interrupted.

            Examples:

              breakwater files backup
              breakwater files backup -f /etc/breakwater/breakwater.yaml --json
            """
    )

    @OptionGroup package var place: StoreOptions
    @OptionGroup package var identity: IdentityOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        guard let topology = place.topology, let backup = topology.backup, let files = backup.files else {
            throw UserFacingError(
                code: "files.not_described", summary: "nothing says which files are backed up",
                hint: "say so in the topology: `backup: { files: { paths: [/var/www/html/wp-content] } }`",
                status: .invalid)
        }
        let recipients = try backup.recipients.map { text in
            do {
                return try X25519Recipient(text)
            } catch {
                throw BackupPlace.unusable("`backup.recipients`", "\(text): \(error)", nil)
            }
        }
        let job = FilesBackupJob(
            selection: FileSelection(paths: files.paths, excluding: files.exclude), docroot: topology.web?.docroot,
            shop: topology.store, recipients: recipients,
            key: try FilesKey(topology, file: self.place.file, identity, console), needed: place.needed)
        return try await Interruption.cancelling(lateCounts: true) {
            try await place.withStores(console) { try await job.run($0, console) }
        }
    }
}
