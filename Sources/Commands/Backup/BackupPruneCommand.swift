package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `breakwater backup prune`
package struct BackupPruneCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Show which backups are no longer kept, and with --apply delete them.",
        discussion: """
            The policy is the topology's `backup.keep`, or that of the --keep options, and is applied to every store \
            by itself. For each backup it says why it stays, or that it goes. Of each database the newest backup and \
            the newest verified one always stay; so does every backup whose manifest cannot be read. What killed \
            processes have left behind goes too, once it is a day old. Nothing is deleted without --apply.

            Exit codes: 0 done, or nothing was to be done; 1 failed; 2 bad usage; 3 an empty policy, which would \
            delete everything; 4 some stores could not be pruned.

            Examples:

              breakwater backup prune
              breakwater backup prune --keep-daily 7 --keep-weekly 8 --apply
            """
    )

    @Flag(help: "Delete; without it nothing is changed.")
    package var apply = false
    @OptionGroup package var keep: KeepOptions
    @Option(
        help: ArgumentHelp(
            "How old unfinished backups and uploads must be to be removed (default: 24h).", valueName: "duration"),
        transform: KeepOptions.duration)
    package var olderThan: Duration = .seconds(86_400)
    @Option(
        help: ArgumentHelp(
            "Only the backups of this database (default: the topology's, or all of the store).", valueName: "name"))
    package var database: String?
    @OptionGroup package var place: StoreOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard olderThan >= .seconds(3600) else {
            throw ValidationError("--older-than is at least 1h: a backup may be under way")
        }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let job = PruneJob(
            retention: try keep.retention(place.topology?.backup),
            database: database ?? place.topology?.mysql?.database,
            limit: Date() - olderThan / .seconds(1), applies: apply)
        return try await Interruption.cancelling {
            try await place.withStores(console, pruning: true) { try await job.run($0, console) }
        }
    }
}
