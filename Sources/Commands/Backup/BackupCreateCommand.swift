package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `breakwater backup create`
package struct BackupCreateCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Back a database up.",
        discussion: """
            One state of the database, compressed, encrypted and uploaded as it is read; nothing is written to this \
            machine's disk. The manifest comes last: what fails or is interrupted leaves no backup, and removes what \
            it has uploaded.

            Exit codes: 0 done; 1 failed; 2 bad usage; 4 done, but a store of `replicate_to` has no copy; 130 \
            interrupted.

            Examples:

              breakwater backup create
              breakwater backup create \\
                --from 'mysql://backup@db.example:25060/shop?ca=/etc/ssl/db.pem' \\
                --password-file /etc/breakwater/db.password \\
                --store 's3://backups/shop?region=nyc3' --recipient age1…
            """
    )

    @Option(
        help: ArgumentHelp(
            "The database, instead of the topology's: mysql://user@host:3306/shop, with ?tls=, ca= or socket=.",
            valueName: "url"))
    package var from: String?
    @OptionGroup package var database: DatabaseOptions
    @OptionGroup package var place: StoreOptions
    @Option(
        help: ArgumentHelp(
            "An age public key that can open the backup, instead of the topology's. May be repeated.",
            valueName: "age1…"))
    package var recipient: [String] = []
    @Option(help: ArgumentHelp("How many connections read at once.", valueName: "number"))
    package var threads = 2
    @Option(help: ArgumentHelp("How hard to compress: 1 (fast) to 19.", valueName: "number"))
    package var level = 1
    @Option(
        help: ArgumentHelp(
            "A table, or a pattern such as '*_log', to leave out altogether. May be repeated.", valueName: "table"))
    package var exclude: [String] = []
    @Option(
        help: ArgumentHelp(
            "A table or a pattern to keep without its rows, or preset:woocommerce. May be repeated.",
            valueName: "table"))
    package var schemaOnly: [String] = []
    @Flag(
        help: "Keep the accounts that have privileges on the database as well, with the hashes of their passwords.")
    package var accounts = false
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64") }
        guard (1...19).contains(level) else { throw ValidationError("--level is from 1 to 19") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let settings = try place.database(from, database, console)
        var options = DumpOptions(recipients: try place.recipients(recipient))
        options.threads = threads
        options.level = level
        options.keepsAccounts = accounts
        options.software = "breakwater \(Breakwater.version)"
        options.exclude = try rules(exclude, "--exclude") + (place.topology?.backup?.exclude ?? [])
        options.schemaOnly = try rules(schemaOnly, "--schema-only") + (place.topology?.backup?.schemaOnly ?? [])
        if let preset = options.exclude.first(where: { if case .preset = $0 { true } else { false } }) {
            throw BackupPlace.unusable(
                "--exclude", "cannot be \(preset): without these tables the plugins fail", "say --schema-only \(preset)"
            )
        }
        let job = BackupJob(place: place, settings: settings, options: options)
        return try await Interruption.cancelling(lateCounts: true) { try await job.run(console) }
    }

    private func rules(_ texts: [String], _ option: String) throws -> [TableRule] {
        try texts.map { text in
            do throws(UnusableOption) {
                return try TableRule(text)
            } catch {
                throw BackupPlace.unusable(option, error.description, error.hint)
            }
        }
    }
}
