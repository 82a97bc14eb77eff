package import ArgumentParser
internal import BackupEngine
internal import Foundation
internal import RecoveryCore

/// `breakwater backup show`
package struct BackupShowCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what is in a backup, and what is not.",
        discussion: """
            Its manifest, for people; with --json as it is, in `backup`, with its verifications beside it.

            Examples:

              breakwater backup show
              breakwater backup show 20260301T03 --json | jq '.backup.left_out'
            """
    )

    @OptionGroup package var choice: BackupChoice
    @OptionGroup package var place: StoreOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try BackupPlace(self.place, console)
        let request = choice.request(place)
        return try await Interruption.cancelling {
            try await place.withStores(console, passingOver: true) { stores in
                let (backup, store) = try await request.find(in: stores, console)
                guard let manifest = backup.manifest else { preconditionFailure("what is found can be read") }
                try console.document(
                    Document(
                        backup: manifest, verifications: backup.records, store: store.name,
                        folder: backup.folder.path))
                Self.show(manifest, backup, store.name, console)
                return .done
            }
        }
    }

    private struct Document: Encodable {
        var backup: BackupManifest
        var verifications: [VerificationRecord]
        var store: String
        var folder: String
    }

    private static func show(
        _ manifest: BackupManifest, _ backup: CataloguedBackup, _ store: String, _ console: Console
    ) {
        let source = manifest.source
        let seconds = Int(manifest.finishedAt.timeIntervalSince(manifest.startedAt))
        let facts = [
            ("backup", "\(manifest.id) of \(source.database)"),
            ("made", "\(Readable.time(manifest.startedAt)), in \(seconds) s, by \(manifest.software)"),
            ("server", "\(source.family.rawValue) \(source.version); \(source.characterSet), \(source.collation)"),
            ("snapshot", manifest.snapshot.summary),
            (
                "size",
                "\(Readable.count(manifest.rows, "row")), \(Readable.bytes(manifest.rawBytes)) of SQL, "
                    + "\(Readable.bytes(manifest.storedBytes)) stored in \(Readable.count(manifest.objects.count, "object"))"
            ),
            ("store", "\(store), \(backup.folder.path)"),
            ("opened by", manifest.recipients.joined(separator: ", ")),
            ("verified", verification(backup)),
        ]
        for (name, fact) in facts { console.print(name.padding(toLength: 11, withPad: " ", startingAt: 0) + fact) }
        console.print()
        var table = TextTable(["TABLE", "ENGINE", "ROWS", "SQL", "STORED", "OBJECTS"], rightAligned: [2, 3, 4, 5])
        let objects = Dictionary(grouping: manifest.objects, by: \.table)
        for entry in manifest.tables {
            let own = objects[entry.name] ?? []
            table.add([
                entry.name, entry.engine, entry.cut == .schemaOnly ? "left out" : Readable.count(entry.rows),
                Readable.bytes(own.reduce(0) { $0 &+ $1.rawBytes }),
                Readable.bytes(own.reduce(0) { $0 &+ $1.storedBytes }), "\(own.count)",
            ])
        }
        for line in table.lines { console.print(line) }
        section("warnings", manifest.snapshot.warnings, console)
        section("left out", manifest.leftOut.map { "\($0.what): \($0.why)" }, console)
        section("figures", manifest.checks.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }, console)
    }

    private static func verification(_ backup: CataloguedBackup) -> String {
        guard let record = backup.verification else { return "no" }
        let place = "\(Readable.time(record.id.time)) on \(record.family.rawValue) \(record.serverVersion)"
        return record.failures.isEmpty ? place : "FAILED \(place)"
    }

    private static func section(_ title: String, _ lines: [String], _ console: Console) {
        guard !lines.isEmpty else { return }
        console.print()
        console.print("\(title):")
        for line in lines { console.print("  \(line)") }
    }
}
