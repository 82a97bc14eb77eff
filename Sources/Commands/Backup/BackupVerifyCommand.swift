package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// `breakwater backup verify`
package struct BackupVerifyCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Restore a backup somewhere else, to see whether it can be.",
        discussion: """
            On a server that it starts for that alone and removes afterwards, or in a new database of the server that \
            --on names. Counts and digests of all tables are compared, and the shop's figures. The outcome is kept \
            beside the backup, where `list` and `prune` see it.

            Exit codes: 0 verified; 1 the backup cannot be restored as it should, or nothing could be found out; 2 bad \
            usage; 130 interrupted.

            Examples:

              breakwater backup verify --identity breakwater.identity
              breakwater backup verify 20260301T03 --identity key.txt \\
                --on mysql://root@127.0.0.1:3306
            """
    )

    @OptionGroup package var choice: BackupChoice
    @OptionGroup package var identity: IdentityOptions
    @Option(
        help: ArgumentHelp(
            "A server to restore on, in a database of its own (default: one that is started for it).",
            valueName: "url"))
    package var on: String?
    @OptionGroup package var database: DatabaseOptions
    @Option(
        help: ArgumentHelp(
            "Where mariadbd or mysqld is, or the root that it is installed below (default: the search path).",
            valueName: "dir"))
    package var mysqlPrograms: String?
    @Option(
        help: ArgumentHelp(
            "A folder with room for the restored database (default: /var/tmp).", valueName: "dir"))
    package var scratch: String?
    @Option(help: ArgumentHelp("How many connections load at once.", valueName: "number"))
    package var threads = 2
    @OptionGroup package var place: StoreOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64") }
        guard on == nil || (scratch == nil && mysqlPrograms == nil) else {
            throw ValidationError("--on names a server; --scratch and --mysql-programs are for one that is started")
        }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let job = VerifyJob(
            request: choice.request(place), key: .identities(try identity.identities(console)),
            place: try server(console), threads: threads)
        return try await Interruption.cancelling {
            try await place.withStores(console, passingOver: true) { try await job.run($0, console) }
        }
    }

    private func server(_ console: Console) throws -> Verification.Place {
        if let on { return .server(try database.settings(try MySQLAddress(on, option: "--on"), nil, console)) }
        var options = ScratchOptions()
        options.programs = mysqlPrograms.map { [URL(filePath: $0).absoluteURL.standardizedFileURL.path] } ?? []
        if let scratch { options.directory = URL(filePath: scratch).absoluteURL.standardizedFileURL.path }
        return .scratch(options)
    }
}
