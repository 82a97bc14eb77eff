import Age
import ArgumentParser
import BackupEngine
import CloudHTTP
import Foundation
import Logging
import MySQLClient
import ObjectStore
import RecoveryCore
import Topology

/// The engine as a program of its own, so that its time and memory are its own.
struct EngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Dump a database with the engine.", shouldDisplay: false)

    @Argument var from: String
    @Argument var to: String
    @Option var recipient: String
    @Option var threads = 2

    func run() async throws {
        let settings = MySQLSettings(address: try MySQLAddress(from))
        var options = DumpOptions(recipients: [try X25519Recipient(recipient)])
        options.threads = threads
        let dump = options
        let environment = ProcessInfo.processInfo.environment
        let credentials = CloudCredentials(
            accessKeyID: environment["AWS_ACCESS_KEY_ID"] ?? "",
            secretAccessKey: Secret(environment["AWS_SECRET_ACCESS_KEY"] ?? ""))
        let id = BackupID(time: Date.now, random: UInt16.random(in: 0 ... .max))
        try await StoreLocation(to).withStore(credentials: credentials, logger: Logger(label: "bench")) { store in
            let folder = StoreFolder(id, of: settings.address.database ?? "", in: store)
            let manifest = try await Dump(settings, options: dump, id: id, destination: folder).run()
            print(
                manifest.tables.reduce(0) { $0 + $1.rows }, "rows in", manifest.objects.count, "objects,",
                manifest.objects.reduce(0) { $0 + $1.rawBytes }, "bytes of SQL,",
                manifest.objects.reduce(0) { $0 + $1.storedBytes }, "stored")
        }
    }
}
