package import ArgumentParser
internal import BackupEngine
internal import Foundation

/// `breakwater files list`
package struct FilesListCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the backups of files that there are.",
        discussion: """
            In all stores, the newest first. The password is the node's own, or with --identity that of each store.

            Exit codes: 0 done; 1 no store could be read; 4 some could not.

            Examples:

              breakwater files list
              breakwater files list --store 's3://backups/shop?region=nyc3' --identity key.txt --json
            """
    )

    @OptionGroup package var place: StoreOptions
    @OptionGroup package var identity: IdentityOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    private struct Document: Encodable {
        struct Copy: Encodable {
            var store: String
            /// restic's own name of it there.
            var snapshot: String
        }

        struct Backup: Encodable {
            var id: String
            var time: Date
            var host: String
            var shop: String?
            var paths: [String]
            var stores: [Copy]
        }

        struct Store: Encodable {
            var store: String
            var reachable: Bool
            var error: String?
        }

        var backups: [Backup]
        var stores: [Store]
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let key = try FilesKey(place.topology, file: self.place.file, identity, console)
        return try await Interruption.cancelling {
            try await place.withStores(console) { stores in
                let survey = try await Restic.with { try await FilesSurvey(stores, key, $0) }
                let isDegraded = survey.complain(console)
                try Self.present(survey, console)
                return isDegraded ? .degraded : .done
            }
        }
    }

    private static func present(_ survey: FilesSurvey, _ console: Console) throws {
        var backups: [String: Document.Backup] = [:]
        for reading in survey.readings {
            for snapshot in reading.snapshots {
                backups[
                    snapshot.name,
                    default: .init(
                        id: snapshot.name, time: snapshot.time, host: snapshot.host, shop: snapshot.store,
                        paths: snapshot.paths, stores: [])
                ].stores.append(.init(store: reading.store.name, snapshot: snapshot.id))
            }
        }
        let sorted = backups.values.sorted { ($0.time, $0.id) > ($1.time, $1.id) }
        try console.document(
            Document(
                backups: sorted,
                stores: survey.readings.map {
                    .init(store: $0.store.name, reachable: $0.error == nil, error: $0.error?.summary)
                }))
        guard !sorted.isEmpty else { return console.print("there is no backup of files") }
        var table = TextTable(["backup", "time", "host", "paths", "stores"])
        for backup in sorted {
            table.add([
                backup.id, Readable.time(backup.time), backup.host, backup.paths.joined(separator: " "),
                backup.stores.map(\.store).joined(separator: " "),
            ])
        }
        for line in table.lines { console.print(line) }
    }
}
