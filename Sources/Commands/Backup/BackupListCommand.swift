package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `breakwater backup list`
package struct BackupListCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the backups that there are.",
        discussion: """
            From their manifests, in all stores, the newest first. One whose manifest cannot be read is listed with \
            the reason. What was never finished is no backup, and shown below.

            Exit codes: 0 done; 1 no store could be read; 4 some could not.

            Examples:

              breakwater backup list
              breakwater backup list --store dir:/backups --json | jq -r .backups[0].id
            """
    )

    @OptionGroup package var place: StoreOptions
    @Option(help: ArgumentHelp("Only the backups of this database (default: of all).", valueName: "name"))
    package var database: String?
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let database = database
        return try await Interruption.cancelling {
            try await place.withStores(console) { stores in
                let survey = try await StoreSurvey(stores, of: database)
                return try BackupListing(survey, place.topology?.backup).present(console)
            }
        }
    }
}
