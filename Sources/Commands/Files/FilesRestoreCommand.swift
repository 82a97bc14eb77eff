package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore

/// `breakwater files restore`
package struct FilesRestoreCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a backup of files back into a folder.",
        discussion: """
            Each file under its full path below the folder (`--to /` is where it was), with its owner and mode when run \
            by root; all of them are read again. A folder that has something in it is refused without --overwrite, \
            which replaces files of the backup's names and leaves others. `breakwater restore --with-files` restores \
            the files of the moment of a database's backup.

            Exit codes: 0 done; 1 failed; 2 bad usage; 3 refused: the folder is not empty; 130 interrupted.

            Examples:

              breakwater files restore latest --to /srv/restored --identity key.txt
              breakwater files restore --before 2026-03-01T02:30:00Z --to /srv/restored
            """
    )

    @Argument(help: ArgumentHelp("Its name, the beginning of it, or `latest`.", valueName: "snapshot"))
    package var snapshot: String?
    @Option(help: ArgumentHelp("The folder to restore to; it is made when it is not there.", valueName: "dir"))
    package var to: String
    @Option(
        help: ArgumentHelp(
            "Instead of a name: the files as they were at this moment, such as 2026-03-01T02:30:00Z.",
            valueName: "time"))
    package var before: String?
    @Flag(help: "Restore into a folder that has something in it.")
    package var overwrite = false
    @OptionGroup package var identity: IdentityOptions
    @OptionGroup package var place: StoreOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard snapshot == nil || before == nil else { throw ValidationError("either a snapshot or --before") }
        guard before.map({ (try? Date($0, strategy: .iso8601)) != nil }) ?? true else {
            throw ValidationError("--before takes a time such as 2026-03-01T02:30:00Z")
        }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let moment = before.flatMap { try? Date($0, strategy: .iso8601) }
        let job = FilesRestoreJob(
            folder: to, overwrite: overwrite,
            key: try FilesKey(place.topology, file: self.place.file, identity, console))
        let choice = moment.map(FilesSurvey.Choice.before) ?? .named(snapshot ?? "latest")
        return try await Interruption.cancelling(lateCounts: true) {
            try await place.withStores(console, passingOver: true) { stores in
                let result = try await job.run(choice, stores, console)
                try console.document(result)
                result.print(console)
                return .done
            }
        }
    }
}
