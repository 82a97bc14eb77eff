internal import Age
package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import MySQLClient
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
              breakwater backup create --from 'mysql://backup@db.example:25060/shop?ca=/etc/ssl/db.pem' \\
                --store 's3://backups/shop?region=nyc3' --recipient age1… --password-file /etc/breakwater/db.password
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
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64") }
        guard (1...19).contains(level) else { throw ValidationError("--level is from 1 to 19") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let settings = try settings(place, console)
        var options = DumpOptions(recipients: try recipients(place))
        options.threads = threads
        options.level = level
        options.software = "breakwater \(Breakwater.version)"
        options.exclude = try rules(exclude, "--exclude") + (place.topology?.backup?.exclude ?? [])
        options.schemaOnly = try rules(schemaOnly, "--schema-only") + (place.topology?.backup?.schemaOnly ?? [])
        if let preset = options.exclude.first(where: { if case .preset = $0 { true } else { false } }) {
            throw BackupPlace.unusable(
                "--exclude", "cannot be \(preset): without these tables the plugins fail", "say --schema-only \(preset)"
            )
        }
        let job = BackupJob(place: place, settings: settings, options: options)
        return try await Interruption.cancelling { try await job.run(console) }
    }

    private func settings(_ place: BackupPlace, _ console: Console) throws -> MySQLSettings {
        let mysql = place.topology?.mysql
        guard let address = try from.map({ try MySQLAddress($0, option: "--from") }) ?? place.topology?.database else {
            throw UserFacingError(
                code: "backup.no_database", summary: "no database is named",
                hint: "say --from mysql://user@host:3306/shop, or -f FILE with a `mysql` section", status: .invalid)
        }
        guard address.database != nil else {
            throw BackupPlace.unusable("--from", "names no database", "such as mysql://user@host:3306/shop")
        }
        return try database.settings(address, from == nil ? mysql?.password : nil, console)
    }

    private func recipients(_ place: BackupPlace) throws -> [X25519Recipient] {
        let texts = recipient.isEmpty ? place.topology?.backup?.recipients ?? [] : recipient
        guard !texts.isEmpty else {
            throw UserFacingError(
                code: "backup.no_recipient", summary: "nobody could open the backup: there is no recipient",
                hint: "say --recipient age1…; `breakwater init` and `age-keygen` make a key", status: .invalid)
        }
        return try texts.map { text in
            guard !text.uppercased().hasPrefix("AGE-SECRET-KEY-") else {
                throw BackupPlace.unusable(
                    "--recipient", "is a private key, which opens every backup",
                    "give its public key (age1…), and make a new one: command lines are seen and kept")
            }
            do {
                return try X25519Recipient(text)
            } catch {
                throw BackupPlace.unusable("--recipient", "\(text): \(error)", nil)
            }
        }
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

/// One run of `backup create`.
struct BackupJob: Sendable {
    var place: BackupPlace
    var settings: MySQLSettings
    var options: DumpOptions

    func run(_ console: Console) async throws -> ExitStatus {
        let start = ContinuousClock.now
        let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
        let database = settings.address.database ?? ""
        return try await place.withStores(console) { stores in
            let destination = MirroredDestination(
                stores.map { store in
                    .init(
                        store.name, StoreFolder(id, of: database, in: store.store), isRequired: store.isRequired)
                })
            let progress = ProgressLine(console)
            defer { progress.clear() }
            let dump = Dump(settings, options: options, id: id, destination: destination) {
                progress.show(BackupJob.line($0))
            }
            let manifest = try await dump.run()
            progress.clear()
            let result = BackupResult(
                manifest, duration: ContinuousClock.now - start, lost: destination.lost,
                stores: stores.map(\.name))
            return try result.present(console)
        }
    }

    private static func line(_ progress: DumpProgress) -> String {
        let seconds = max(0.001, progress.elapsed / .seconds(1))
        let speed = Readable.bytes(UInt64(Double(progress.rawBytes) / seconds))
        var line = "\(Int(progress.fraction * 100)) %  \(Readable.count(progress.rows)) rows"
        line += "  \(Readable.bytes(progress.rawBytes)) → \(Readable.bytes(progress.storedBytes))  \(speed)/s"
        if let remaining = progress.remaining { line += "  \(Readable.duration(remaining)) left" }
        return line
    }
}

/// What `backup create` says.
private struct BackupResult {
    private struct Position: Encodable {
        var gtid: String?
        var file: String
        var offset: UInt64
    }

    private struct Store: Encodable {
        var store: String
        var stored: Bool
        var error: String?
    }

    private struct Document: Encodable {
        var id: String
        var database: String
        var consistent: Bool
        var position: Nullable<Position>
        var tables: Int
        var rows: UInt64
        var rawBytes: UInt64
        var storedBytes: UInt64
        var durationMs: Int
        var peakMemoryBytes: Nullable<UInt64>
        var objects: Int
        var method: String
        var server: String
        var startedAt: Date
        var finishedAt: Date
        var stores: [Store]
        var warnings: [String]
        var leftOut: [BackupManifest.LeftOut]
    }

    private let manifest: BackupManifest
    private let duration: Duration
    private let lost: [MirroredDestination.Loss]
    private let stores: [String]

    init(_ manifest: BackupManifest, duration: Duration, lost: [MirroredDestination.Loss], stores: [String]) {
        self.manifest = manifest
        self.duration = duration
        self.lost = lost
        self.stores = stores
    }

    func present(_ console: Console) throws -> ExitStatus {
        try console.document(document)
        let seconds = max(0.001, duration / .seconds(1))
        console.print(
            "\(manifest.id): \(manifest.source.database), \(Readable.count(manifest.tables.count, "table")), "
                + "\(Readable.count(manifest.rows, "row")); \(Readable.bytes(manifest.rawBytes)) of SQL in "
                + "\(Readable.bytes(manifest.storedBytes)), \(Readable.duration(duration)) "
                + "(\(Readable.bytes(UInt64(Double(manifest.rawBytes) / seconds)))/s)")
        console.print(manifest.snapshot.summary)
        for store in stores where !lost.contains(where: { $0.store == store }) { console.print("in \(store)") }
        for warning in manifest.snapshot.warnings { console.note("warning: \(warning)") }
        if !manifest.leftOut.isEmpty {
            console.note(
                "\(Readable.count(manifest.leftOut.count, "thing")) could not be carried as it was, or was left out: "
                    + "`breakwater backup show` lists them")
        }
        for loss in lost {
            console.note("warning: no copy in \(loss)")
            if let hint = loss.hint { console.note("    hint: \(hint)") }
        }
        return lost.isEmpty ? .done : .degraded
    }

    private var document: Document {
        Document(
            id: "\(manifest.id)", database: manifest.source.database, consistent: manifest.snapshot.consistent,
            position: Nullable(
                manifest.snapshot.position.map { Position(gtid: $0.gtid, file: $0.file, offset: $0.offset) }),
            tables: manifest.tables.count, rows: manifest.rows, rawBytes: manifest.rawBytes,
            storedBytes: manifest.storedBytes, durationMs: duration.wholeMilliseconds,
            peakMemoryBytes: Nullable(PeakMemory.bytes), objects: manifest.objects.count,
            method: manifest.snapshot.method.rawValue,
            server: "\(manifest.source.family.rawValue) \(manifest.source.version)", startedAt: manifest.startedAt,
            finishedAt: manifest.finishedAt,
            stores: stores.map { name in
                let loss = lost.first { $0.store == name }
                return Store(store: name, stored: loss == nil, error: loss?.reason)
            },
            warnings: manifest.snapshot.warnings, leftOut: manifest.leftOut)
    }
}

extension BackupManifest.Snapshot {
    /// `consistent (backup_stages), binlog.000007:4711, GTID 0-1-42`
    var summary: String {
        var text = "\(consistent ? "consistent" : "NOT consistent") (\(method.rawValue))"
        if let position { text += ", \(position.file):\(position.offset)" }
        if let gtid = position?.gtid, !gtid.isEmpty {
            text += ", GTID \(gtid.replacing("\n", with: ""))"
        }
        return text
    }
}
