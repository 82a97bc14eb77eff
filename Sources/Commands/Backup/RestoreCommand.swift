package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import MySQLClient
internal import RecoveryCore
internal import Topology

/// `breakwater restore`
package struct RestoreCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a backup back into a database.",
        discussion: """
            Into a new database unless told otherwise, and never over one that has something in it without \
            --overwrite. Rows come first, indexes afterwards; then all tables are read again, and their digests \
            compared with the manifest's. What was interrupted goes on when it is run again. Needed are the \
            store's keys and an identity, and nothing that the lost machines had.

            With --until, --until-gtid or --before-gtid the shipped binary log is replayed onto the backup, up to that \
            moment (docs/point-in-time.md).

            Exit codes: 0 restored and the same; 1 failed, or not the same; 2 bad usage; 3 refused: something is in \
            the way, and the message says what would allow it; 130 interrupted.

            Examples:

              breakwater restore latest --identity key.txt
              breakwater restore 20260301T03 --identity key.txt \\
                --to mysql://root@127.0.0.1/shop --tables wp_posts,wp_postmeta
              breakwater restore latest --identity key.txt --flip
              breakwater restore --until '2026-03-01 14:05:00' --identity key.txt
              breakwater restore --before-gtid 0-1-4711 --identity key.txt
              breakwater restore latest --store 's3://backups/shop?region=nyc3' \\
                --identity key.txt --to mysql://admin@db.example:25060/shop_new
            """
    )

    @OptionGroup package var choice: BackupChoice
    @Option(
        help: ArgumentHelp(
            "Where to: mysql://user@host:3306/database, or the name of a database host of the topology (default: the "
                + "topology's server). Without a database a new one is made, named after the backup.",
            valueName: "url|node"))
    package var to: String?
    @OptionGroup package var database: DatabaseOptions
    @OptionGroup package var identity: IdentityOptions
    @Option(
        help: ArgumentHelp(
            "Only these tables, separated by commas. Views, routines and triggers do not come then.",
            valueName: "a,b"))
    package var tables: String?
    @Flag(help: "Drop what is in the way: the tables, views, routines and events of the backup.")
    package var overwrite = false
    @Flag(help: "Write nothing of it to the server's binary log. Refused when replicas read it.")
    package var skipBinlog = false
    @Option(help: ArgumentHelp("How many connections load at once.", valueName: "number"))
    package var threads = 2
    @Option(
        help: ArgumentHelp(
            "Whom views, routines, triggers and events run as: keep (as in the backup), map-missing (who does not exist "
                + "becomes the restoring user) or current-user.", valueName: "way"))
    package var definers = "map-missing"
    @Flag(help: "Make the backup's accounts again as well, with their privileges on the restored database.")
    package var accounts = false
    @Flag(
        help: "Let the shop's scheduled actions run at once, renewals and mails among them. Otherwise they wait.")
    package var runActions = false
    @Flag(help: "Restore nothing: release the scheduled actions that a restore has held in the database of --to.")
    package var releaseActions = false
    @Option(
        help: ArgumentHelp(
            "Restore the shop's files to this folder as well, as they were at the moment of the backup. With "
                + "--overwrite it may have something in it.", valueName: "dir"))
    package var withFiles: String?
    @OptionGroup(title: "Point in time") package var moment: ReplayMoment
    @OptionGroup(title: "Switching the shop") package var flip: FlipOptions
    @OptionGroup package var place: StoreOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64") }
        guard RestoreOptions.Definers(rawValue: definers) != nil else {
            let ways = RestoreOptions.Definers.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--definers is one of \(ways)")
        }
        guard !moment.isWanted || tables == nil else {
            throw ValidationError("the log is replayed onto a whole database, and --tables restores a part")
        }
        guard !flip.isWanted || tables == nil else {
            throw ValidationError("--flip points the shop at a whole database, and --tables restores a part")
        }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        if flip.flipOnly { return try await switchShop(console) }
        if releaseActions { return try await release(console) }
        let place = try BackupPlace(self.place, console)
        let target = try moment.target(place.topology)
        let (address, password) = try self.target(place)
        let settings = try database.settings(address, password, console)
        var options = RestoreOptions(key: .identities(try identity.identities(console)))
        options.threads = threads
        options.tables = tables?.split(separator: ",").map(String.init)
        options.overwrite = overwrite
        options.skipBinlog = skipBinlog
        options.definers = RestoreOptions.Definers(rawValue: definers) ?? .mapMissing
        options.replays = target != nil
        let flip = try flip.isWanted ? flipJob(place) : nil
        let job = RestoreJob(
            request: choice.request(place), target: target, settings: settings, options: options,
            holdsActions: !runActions,
            makesAccounts: accounts, files: try files(place, options.key, console), flip: flip)
        return try await Interruption.cancelling(lateCounts: true) {
            try await place.withStores(console, passingOver: true) { try await job.run($0, console) }
        }
    }

    private func flipJob(_ place: BackupPlace) throws -> FlipJob {
        guard let topology = place.topology else {
            throw BackupPlace.unusable("--flip", "needs a topology, which says what the shop is", "say -f FILE")
        }
        return FlipJob(
            place: try FlipPlace(topology, file: self.place.file, flip), topology: topology, settle: flip.settle)
    }

    /// `--flip-only`
    private func switchShop(_ console: Console) async throws -> ExitStatus {
        guard to != nil else { throw BackupPlace.unusable("--flip-only", "needs --to mysql://user@host/database", nil) }
        let place = try BackupPlace(self.place, console)
        let (address, password) = try target(place)
        guard address.database != nil else { throw BackupPlace.unusable("--to", "names no database", nil) }
        let settings = try database.settings(address, password, console)
        let job = try flipJob(place)
        return try await Interruption.cancelling(lateCounts: true) {
            let flipped = try await job.run(settings, console)
            try console.document(flipped)
            flipped.print(console)
            return .done
        }
    }

    /// What opens the database opens the files.
    private func files(
        _ place: BackupPlace, _ key: RestoreOptions.Key, _ console: Console
    ) throws -> FilesRestoreJob? {
        guard let withFiles, case .identities(let identities) = key else { return nil }
        return FilesRestoreJob(folder: withFiles, overwrite: overwrite, key: FilesKey(identities))
    }

    private struct Released: Encodable {
        var released: UInt64
        var target: String
    }

    private func release(_ console: Console) async throws -> ExitStatus {
        guard let to, to.contains("://") else {
            throw BackupPlace.unusable(
                "--to", "has to name the restored database", "such as mysql://user@host/shop_new")
        }
        let address = try MySQLAddress(to, option: "--to")
        guard address.database != nil else { throw BackupPlace.unusable("--to", "names no database", nil) }
        let settings = try database.settings(address, nil, console)
        let released = try await Interruption.cancelling {
            try await address.naming { try await ActionSchedulerHold(settings).release() }
        }
        let count = released.reduce(0) { $0 &+ $1.actions }
        try console.document(Released(released: count, target: "\(address)"))
        console.print("\(Readable.count(count, "scheduled action")) released")
        return .done
    }

    private func target(_ place: BackupPlace) throws -> (MySQLAddress, SecretReference?) {
        if let to, to.contains("://") { return (try MySQLAddress(to, option: "--to"), nil) }
        guard let topology = place.topology, var address = topology.database else {
            throw UserFacingError(
                code: "restore.no_target", summary: "nothing says where to restore to",
                hint: "say --to mysql://user@host:3306/database", status: .invalid)
        }
        if let to {
            guard let host = topology.address(of: to), let port = topology.mysql?.port else {
                throw BackupPlace.unusable(
                    "--to", "\(to) is neither a URL nor a host of the topology",
                    "such as mysql://user@host:3306/database")
            }
            address.host = host
            address.port = port
        }
        // The shop's own database is never the default.
        address.database = nil
        return (address, topology.mysql?.password)
    }
}
