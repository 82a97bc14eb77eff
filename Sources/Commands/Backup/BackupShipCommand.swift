package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// `breakwater backup ship`
package struct BackupShipCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ship",
        abstract: "Bring the database's binary log into the stores as it is written.",
        discussion: """
            With it and a backup, `restore --until` brings any moment back. It runs until it is told to stop (SIGTERM \
            or Ctrl-C), follows the server through restarts and failovers, and waits for stores that are away. It \
            needs GTIDs, and the privilege REPLICATION SLAVE (MariaDB: REPLICATION SLAVE and BINLOG MONITOR).

            When the log cannot go on where it ended, it says so and makes a new backup.

            Exit codes: 0 told to stop; 1 failed for good; 2 bad usage; 3 refused: the server has no log that can be \
            shipped.

            Examples:

              breakwater backup ship
              breakwater backup ship --once
              breakwater backup ship --from 'mysql://backup@db.example/shop' --store dir:/backups --recipient age1…
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
            "An age public key that can open the log, instead of the topology's. May be repeated.",
            valueName: "age1…"))
    package var recipient: [String] = []
    @Option(help: ArgumentHelp("How long a transaction waits for others before it is shipped.", valueName: "duration"))
    package var interval = "1s"
    @Flag(help: "Ship what there is now, and end.")
    package var once = false
    @Flag(help: "Leave it to the caller to make the backup that a gap asks for.")
    package var noBackup = false
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard let interval = Duration(topologyText: interval),
            (.milliseconds(50)...(.seconds(3_600))).contains(interval)
        else {
            throw ValidationError("--interval is a duration from 50ms to 1h, such as 1s")
        }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let settings = try place.database(from, database, console)
        let recipients = try place.recipients(recipient)
        var options = BinlogShipper.Options(recipients: recipients)
        options.rhythm.interval = Duration(topologyText: interval) ?? .seconds(1)
        options.software = "breakwater \(Breakwater.version)"
        options.once = once
        var dump = DumpOptions(recipients: recipients)
        dump.software = options.software
        dump.exclude = place.topology?.backup?.exclude ?? []
        dump.schemaOnly = place.topology?.backup?.schemaOnly ?? []
        let backup = noBackup ? nil : BackupJob(place: place, settings: settings, options: dump)
        let job = ShipJob(place: place, settings: settings, options: options, backup: backup)
        return try await job.run(console)
    }
}
