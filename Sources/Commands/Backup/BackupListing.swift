internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// What `backup list` says.
struct BackupListing {
    private struct Document: Encodable {
        struct Backup: Encodable {
            var id: String
            var database: String
            var startedAt: Date
            var finishedAt: Date?
            var tables: Int?
            var rows: UInt64?
            var rawBytes: UInt64?
            var storedBytes: UInt64?
            var consistent: Bool?
            /// `verified`, `failed`, `unverified` or `unreadable`.
            var state: String
            var verifiedAt: Date?
            var stores: [String]
            var problems: [String]
        }

        struct Store: Encodable {
            var store: String
            var required: Bool
            var reachable: Bool
            var error: String?
        }

        struct Unfinished: Encodable {
            var store: String
            var folder: String
            var objects: Int
            var bytes: Int64
            var lastChange: Date
        }

        var backups: [Backup]
        var stores: [Store]
        var unfinished: [Unfinished]
        var nextDue: Nullable<Date>
        var nextVerificationDue: Nullable<Date>
    }

    private let survey: StoreSurvey
    private let due: (backup: Date?, verification: Date?)
    private let now = Date()

    init(_ survey: StoreSurvey, _ backup: BackupTopology?) {
        self.survey = survey
        let zone = backup.flatMap { TimeZone(identifier: $0.timeZone) } ?? .gmt
        due = (
            backup?.schedule?.next(after: now, in: zone), backup?.verify?.next(after: now, in: zone)
        )
    }

    func present(_ console: Console) throws -> ExitStatus {
        try console.document(document)
        printTable(console)
        let unfinished = document.unfinished
        if !unfinished.isEmpty {
            console.print()
            console.print("not finished, and so no backups (`breakwater backup prune` removes old ones):")
            for folder in unfinished {
                console.print(
                    "  \(folder.folder) in \(folder.store): \(Readable.count(folder.objects, "object")), "
                        + "\(Readable.bytes(folder.bytes)), changed \(Readable.age(folder.lastChange, now: now)) ago")
            }
        }
        if let next = due.backup { console.print("next backup due: \(Readable.time(next))") }
        if let next = due.verification { console.print("next verification due: \(Readable.time(next))") }
        return survey.complain(console) ? .degraded : .done
    }

    private func printTable(_ console: Console) {
        let entries = survey.entries
        guard !entries.isEmpty else { return console.print("no backups") }
        var table = TextTable(
            ["ID", "DATABASE", "AGE", "ROWS", "SQL", "STORED", "CONSISTENT", "VERIFIED"], rightAligned: [2, 3, 4, 5])
        for entry in entries {
            let manifest = entry.backup.manifest
            table.add([
                "\(entry.backup.id)", manifest?.source.database ?? String(entry.backup.folder.database.dropLast()),
                Readable.age(entry.backup.id.time, now: now), manifest.map { Readable.count($0.rows) } ?? "?",
                manifest.map { Readable.bytes($0.rawBytes) } ?? "?",
                manifest.map { Readable.bytes($0.storedBytes) } ?? "?",
                manifest.map { $0.snapshot.consistent ? "yes" : "NO" } ?? "?", verified(entry.backup),
            ])
        }
        for line in table.lines { console.print(line) }
        for entry in entries {
            for problem in entry.backup.problems(missing: entry.missing) {
                console.note("warning: \(entry.backup.id): \(problem)")
            }
        }
    }

    private func verified(_ backup: CataloguedBackup) -> String {
        switch backup.candidate?.state {
        case .verified?: backup.verification.map { Readable.age($0.id.time, now: now) + " ago" } ?? "yes"
        case .failed?: "FAILED"
        case .unverified?: "no"
        case nil: "?"
        }
    }

    private var document: Document {
        Document(
            backups: survey.entries.map { entry in
                let manifest = entry.backup.manifest
                let state =
                    switch entry.backup.candidate?.state {
                    case .verified?: "verified"
                    case .failed?: "failed"
                    case .unverified?: "unverified"
                    case nil: "unreadable"
                    }
                return Document.Backup(
                    id: "\(entry.backup.id)",
                    database: manifest?.source.database ?? String(entry.backup.folder.database.dropLast()),
                    startedAt: entry.backup.id.time, finishedAt: manifest?.finishedAt, tables: manifest?.tables.count,
                    rows: manifest?.rows, rawBytes: manifest?.rawBytes, storedBytes: manifest?.storedBytes,
                    consistent: manifest?.snapshot.consistent, state: state,
                    verifiedAt: state == "verified" ? entry.backup.verification?.id.time : nil, stores: entry.stores,
                    problems: entry.backup.problems(missing: entry.missing))
            },
            stores: survey.readings.map { reading in
                Document.Store(
                    store: reading.store.name, required: reading.store.isRequired, reachable: reading.error == nil,
                    error: reading.error.map { UserFacingError(presenting: $0).summary })
            },
            unfinished: survey.readings.flatMap { reading in
                (reading.inventory?.unfinished ?? []).map { folder in
                    Document.Unfinished(
                        store: reading.store.name, folder: folder.folder.path, objects: folder.objects.count,
                        bytes: folder.bytes, lastChange: folder.lastChange)
                }
            }, nextDue: Nullable(due.backup), nextVerificationDue: Nullable(due.verification))
    }
}
