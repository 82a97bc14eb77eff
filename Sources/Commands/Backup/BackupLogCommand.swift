package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `breakwater backup log`
package struct BackupLogCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show what of the binary log was shipped, and find a transaction in it.",
        discussion: """
            Without an option: from when to when the database can be restored to any moment, the backups that lead \
            there, and the gaps over which no restore gets.

            --statements opens the log and shows the statements that change tables, the oldest first, each with the \
            GTID of its transaction: what `restore --before-gtid` takes. --rows shows the transactions that change rows \
            as well. Both need the identity, as a restore does.

            Exit codes: 0 done; 1 failed; 4 some store or description could not be read.

            Examples:

              breakwater backup log
              breakwater backup log --statements --find "drop table" --identity key.txt
              breakwater backup log --rows --find wp_wc_orders --since "2026-03-01 14:00:00" --last 20 --identity key.txt
            """
    )

    @OptionGroup package var place: StoreOptions
    @Option(help: ArgumentHelp("Whose log (default: the topology's, or that of every backup).", valueName: "name"))
    package var database: String?
    @Flag(help: "Show the statements that change tables.")
    package var statements = false
    @Flag(help: "Show the transactions that change rows, too.")
    package var rows = false
    @Option(
        help: ArgumentHelp(
            "Only what has this in a statement or in the name of a table, in any case.", valueName: "text"))
    package var find: String?
    @Option(help: ArgumentHelp("Only what was committed then or later.", valueName: "time"))
    package var since: String?
    @Option(help: ArgumentHelp("Only what was committed until then.", valueName: "time"))
    package var until: String?
    @Option(help: ArgumentHelp("Only the newest so many transactions.", valueName: "number"))
    package var last: Int?
    @OptionGroup package var identity: IdentityOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        if let last, last < 1 { throw ValidationError("--last takes a number from 1") }
        if !wantsTransactions, find != nil || since != nil || until != nil || last != nil {
            throw ValidationError("--find, --since, --until and --last choose among --statements or --rows: say one")
        }
    }

    private var wantsTransactions: Bool { statements || rows }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let zone = place.topology?.backup?.timeZone ?? "UTC"
        let choice = LogChoice(
            rows: rows, find: find,
            since: try since.map { try ReplayMoment.time($0, option: "--since", zoneName: zone) },
            until: try until.map { try ReplayMoment.time($0, option: "--until", zoneName: zone) }, last: last)
        let key = try wantsTransactions ? RestoreOptions.Key.identities(identity.identities(console)) : nil
        let name = database ?? place.topology?.localDatabaseName
        return try await Interruption.cancelling {
            try await place.withStores(console, passingOver: true) { stores in
                let survey = try await StoreSurvey(stores, of: name)
                let complained = survey.complain(console)
                let manifests = survey.entries.compactMap(\.backup.manifest)
                let names = name.map { [$0] } ?? Set(manifests.map(\.source.database)).sorted()
                var logs: [LogListing] = []
                for name in names {
                    let log = try await ShippedLog(of: name, in: stores.map(\.store))
                    let backups = manifests.filter { $0.source.database == name }
                    var listing = LogListing(log, backups)
                    if let key { listing.transactions = try await choice.transactions(of: log, key: key) }
                    logs.append(listing)
                }
                let isWhole = !complained && logs.allSatisfy { $0.unreadable.isEmpty }
                try console.document(LogListing.Document(logs: logs.map { $0.document(rows: rows) }))
                for log in logs { log.show(console, rows: rows) }
                if logs.isEmpty { console.print("there is no backup, and no log") }
                return isWhole ? .done : .degraded
            }
        }
    }
}

extension StoreTopology {
    /// The shop's database, where the file names it or a local store has its own.
    fileprivate var localDatabaseName: String? {
        mysql?.database ?? (hasLocalDatabase ? MySQLTopology.localDatabase : nil)
    }
}

/// Which transactions are wanted.
struct LogChoice: Sendable {
    var rows: Bool
    var find: String?
    var since: LogTime?
    var until: LogTime?
    var last: Int?

    func isWanted(_ transaction: LoggedTransaction) -> Bool {
        if let since, transaction.committedAt < since { return false }
        if let until, transaction.committedAt > until { return false }
        if transaction.statements.isEmpty, !rows { return false }
        return find.map(transaction.mentions) ?? true
    }

    /// Reads the segments that may hold some; with `last` the newest first, and no more than needed.
    func transactions(of log: ShippedLog, key: RestoreOptions.Key) async throws -> [LoggedTransaction] {
        let segments = log.segments.filter { segment in
            (since.map { segment.lastCommittedAt >= $0 } ?? true)
                && (until.map { segment.firstCommittedAt <= $0 } ?? true)
        }
        var found: [LoggedTransaction] = []
        for segment in last == nil ? segments : segments.reversed() {
            try Task.checkCancellation()
            let wanted = try await log.transactions(of: segment, key: key).filter(isWanted)
            guard let last else {
                found += wanted
                continue
            }
            found = wanted + found
            if found.count >= last { return Array(found.suffix(last)) }
        }
        return found
    }
}
