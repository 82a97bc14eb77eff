internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// What `backup create` says.
struct BackupResult {
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
