internal import BackupEngine
internal import MySQLClient
internal import RecoveryCore

/// One run of `backup verify`.
struct VerifyJob: Sendable {
    var request: BackupRequest
    var key: RestoreOptions.Key
    var place: Verification.Place
    var threads: Int

    private struct Document: Encodable {
        var backup: String
        var verified: Bool
        var tables: Int
        var rows: UInt64
        var durationMs: Int
        var server: String
        var store: String
        var record: String
        var peakMemoryBytes: Nullable<UInt64>
        var failures: [BackupManifest.LeftOut]
    }

    func run(_ stores: [OpenStore], _ console: Console) async throws -> ExitStatus {
        let (backup, store) = try await request.find(in: stores, console)
        guard let manifest = backup.manifest else { preconditionFailure("what is found can be read") }
        console.note("verifying \(manifest.id) of \(manifest.source.database) from \(store.name)")
        let progress = ProgressLine(console)
        defer { progress.clear() }
        let folder = StoreFolder(backup.folder.path, in: store.store)
        let verification = Verification(
            manifest, source: folder, key: key, in: place, records: folder, threads: threads,
            software: "breakwater \(Breakwater.version)"
        ) { progress.show($0.line) }
        let record =
            if case .server(let settings) = place {
                try await settings.address.naming { try await verification.run() }
            } else {
                try await verification.run()
            }
        progress.clear()
        let isVerified = record.failures.isEmpty
        try console.document(
            Document(
                backup: "\(manifest.id)", verified: isVerified, tables: record.tables, rows: record.rows,
                durationMs: record.durationMS, server: "\(record.family.rawValue) \(record.serverVersion)",
                store: store.name, record: "\(record.id)", peakMemoryBytes: Nullable(PeakMemory.bytes),
                failures: record.failures))
        let place =
            "on \(record.family.rawValue) \(record.serverVersion), "
            + Readable.duration(.milliseconds(record.durationMS))
        guard isVerified else {
            console.print("\(manifest.id) cannot be restored as it should: \(place)")
            for failure in record.failures { console.print("  \(failure.what): \(failure.why)") }
            console.note("error: the verification has failed [backup.verification_failed]")
            console.note("    hint: make a new backup now, and keep this one until you know why")
            return .failed
        }
        console.print(
            "\(manifest.id) is verified: \(Readable.count(record.tables, "table")), \(Readable.count(record.rows, "row")), "
                + place)
        return .done
    }
}
