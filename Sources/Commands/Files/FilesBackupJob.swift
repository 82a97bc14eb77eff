internal import Age
internal import BackupEngine
internal import Foundation
internal import ObjectStore
internal import RecoveryCore
internal import Topology

/// One run of `files backup`. Each store gets a backup of its own, all under one name; the files are read for each.
struct FilesBackupJob: Sendable {
    var selection: FileSelection
    var docroot: String?
    var shop: String
    var recipients: [X25519Recipient]
    var key: FilesKey
    /// How many of the stores that are required have to have it.
    var needed: Int

    private struct Document: Encodable {
        struct Store: Encodable {
            var store: String
            var stored: Bool
            var snapshot: String?
            var files: UInt64?
            var bytes: UInt64?
            var addedBytes: UInt64?
            var error: String?
        }

        var id: String
        var paths: [String]
        var files: UInt64
        var bytes: UInt64
        var addedBytes: UInt64
        var durationMs: Int
        var stores: [Store]
        /// What could not be read, and so is not in it.
        var unreadable: [String]
        var warnings: [String]
    }

    func run(_ stores: [OpenStore], _ console: Console) async throws -> ExitStatus {
        let start = ContinuousClock.now
        var selection = selection
        let survey = FileSurvey.complete(&selection, docroot: docroot)
        if let missing = survey.missing.first {
            throw UserFacingError(
                code: "files.path_missing", summary: "\(missing) is not there",
                hint: "is a disk not mounted? A path that is no more belongs out of `backup.files.paths`")
        }
        let warnings = survey.warnings
        for warning in warnings { console.note("warning: \(warning)") }
        let (password, isNew) = try await key.password(for: stores, console)
        let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
        let results = try await Restic.with { [selection] restic in
            var results: [(OpenStore, Result<FileVault.Stored, any Error>)] = []
            for store in stores {
                console.note("backing \(selection.paths.joined(separator: ", ")) up to \(store.name)")
                do {
                    let vault = key.vault(in: store, password, restic)
                    _ = try await vault.make(for: recipients, isPasswordNew: isNew)
                    let stored = try await vault.back(up: selection, as: id, of: shop)
                    // Known to open the repository now; whoever may read backups has changed, perhaps.
                    try await vault.keepPassword(for: recipients)
                    results.append((store, .success(stored)))
                } catch let error as CancellationError {
                    throw error
                } catch {
                    results.append((store, .failure(error)))
                }
            }
            return results
        }
        return try present(id, selection, results, warnings, ContinuousClock.now - start, console)
    }

    private func present(
        _ id: BackupID, _ selection: FileSelection, _ results: [(OpenStore, Result<FileVault.Stored, any Error>)],
        _ warnings: [String], _ duration: Duration, _ console: Console
    ) throws -> ExitStatus {
        let stored = results.compactMap { try? $0.1.get() }
        let counted = results.filter { $0.0.isRequired && (try? $0.1.get()) != nil }.count
        let failures = results.compactMap { store, result in
            if case .failure(let error) = result { (store, UserFacingError(presenting: error)) } else { nil }
        }
        guard counted >= needed, let first = stored.first else {
            guard let (store, failure) = failures.first(where: { $0.0.isRequired }) ?? failures.first else {
                preconditionFailure("what is not stored has failed")
            }
            for (other, failure) in failures where other.name != store.name {
                console.note("error: \(other.name): \(failure.summary) [\(failure.code)]")
            }
            var error = failure
            if results.count > 1 { error.summary = "\(store.name): \(error.summary)" }
            throw error
        }
        let unreadable = stored.flatMap(\.unreadable).uniqued
        try console.document(
            Document(
                id: "\(id)", paths: selection.paths, files: first.files, bytes: first.bytes,
                addedBytes: stored.map(\.addedBytes).max() ?? 0, durationMs: duration.wholeMilliseconds,
                stores: results.map(Self.entry), unreadable: unreadable, warnings: warnings))
        console.print(
            "\(id): \(Readable.count(first.files, "file")), \(Readable.bytes(first.bytes)), "
                + "\(Readable.bytes(first.addedBytes)) of it new, \(Readable.duration(duration))")
        for (store, result) in results where (try? result.get()) != nil { console.print("in \(store.name)") }
        for line in unreadable.prefix(20) { console.note("warning: not in it: \(line)") }
        if unreadable.count > 20 { console.note("warning: and \(unreadable.count - 20) more") }
        for (store, error) in failures {
            console.note("warning: no copy in \(store.name): \(error.summary) [\(error.code)]")
            if let hint = error.hint { console.note("    hint: \(hint)") }
        }
        return failures.isEmpty && unreadable.isEmpty ? .done : .degraded
    }

    private static func entry(_ store: OpenStore, _ result: Result<FileVault.Stored, any Error>) -> Document.Store {
        switch result {
        case .success(let stored):
            Document.Store(
                store: store.name, stored: true, snapshot: stored.snapshot, files: stored.files, bytes: stored.bytes,
                addedBytes: stored.addedBytes)
        case .failure(let error):
            Document.Store(store: store.name, stored: false, error: UserFacingError(presenting: error).summary)
        }
    }
}

extension FileSurvey {
    fileprivate var warnings: [String] {
        var warnings = strays.map {
            "\($0.path) is a link to \($0.destination), which is not backed up: add it to `backup.files.paths`"
        }
        if !hasConfiguration { warnings.append("no wp-config.php was found beside wp-content or in `web.docroot`") }
        return warnings
    }
}

extension [String] {
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
