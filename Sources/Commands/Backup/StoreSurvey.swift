internal import BackupEngine
internal import Foundation
internal import ObjectStore
internal import RecoveryCore

/// The backups of several stores side by side. A store that cannot be read does not hide what the others have.
struct StoreSurvey: Sendable {
    struct Reading: Sendable {
        var store: OpenStore
        var result: Result<BackupInventory, any Error>

        var inventory: BackupInventory? { try? result.get() }

        var error: (any Error)? {
            if case .failure(let error) = result { error } else { nil }
        }
    }

    /// One backup, wherever it is.
    struct Entry: Sendable {
        /// From the first store whose manifest can be read.
        var backup: CataloguedBackup
        /// The stores that have it.
        var stores: [String]
        /// The stores that can be read, have to have it, and do not.
        var missing: [String]
    }

    var readings: [Reading]

    /// - Throws: `CancellationError`; the first store's error when no store can be read.
    init(_ stores: [OpenStore], of database: String?) async throws {
        readings = try await withThrowingTaskGroup(of: (Int, Reading).self) { group in
            for (index, store) in stores.enumerated() {
                group.addTask {
                    do {
                        return (
                            index,
                            Reading(store: store, result: .success(try await store.catalogue.inventory(of: database)))
                        )
                    } catch let error as CancellationError {
                        throw error
                    } catch {
                        return (index, Reading(store: store, result: .failure(error)))
                    }
                }
            }
            return try await group.reduce(into: [(Int, Reading)]()) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        if readings.allSatisfy({ $0.inventory == nil }), let error = readings.first?.error { throw error }
    }

    /// The newest first.
    var entries: [Entry] {
        var entries: [BackupFolder: Entry] = [:]
        for reading in readings {
            for backup in reading.inventory?.backups ?? [] {
                if var entry = entries[backup.folder] {
                    entry.stores.append(reading.store.name)
                    if entry.backup.manifest == nil { entry.backup.content = backup.content }
                    entry.backup.records = (entry.backup.records + backup.records).uniquedByID
                    entry.backup.unreadableRecords += backup.unreadableRecords
                    entries[backup.folder] = entry
                } else {
                    entries[backup.folder] = Entry(backup: backup, stores: [reading.store.name], missing: [])
                }
            }
        }
        let demanding = readings.filter { $0.store.isRequired && $0.inventory != nil }.map(\.store.name)
        return entries.values.map { entry in
            var entry = entry
            entry.missing = demanding.filter { !entry.stores.contains($0) }
            return entry
        }.sorted { ("\($0.backup.id)", $0.backup.folder.path) > ("\($1.backup.id)", $1.backup.folder.path) }
    }

    /// The stores that cannot be read, said on standard error.
    func complain(_ console: Console) -> Bool {
        for case (let name, let error?) in readings.map({ ($0.store.name, $0.error) }) {
            let shown = UserFacingError(presenting: error)
            console.note("warning: \(name) cannot be read: \(shown.summary) [\(shown.code)]")
            if let hint = shown.hint { console.note("    hint: \(hint)") }
        }
        return readings.contains { $0.error != nil }
    }
}

extension [VerificationRecord] {
    /// Each once, in the order of their times.
    fileprivate var uniquedByID: [VerificationRecord] {
        var seen: Set<BackupID> = []
        return filter { seen.insert($0.id).inserted }.sorted { "\($0.id)" < "\($1.id)" }
    }
}

extension CataloguedBackup {
    /// What is worth a look, for people.
    func problems(missing: [String] = []) -> [String] {
        var problems: [String] = []
        if let unreadable { problems.append("its manifest cannot be used: \(unreadable)") }
        if let failures = verification?.failures, !failures.isEmpty {
            problems.append(
                "its verification failed: " + failures.prefix(3).map { "\($0.what): \($0.why)" }.joined(separator: "; ")
            )
        }
        if manifest?.snapshot.consistent == false { problems.append("not consistent") }
        problems += unreadableRecords.map { "the verification \($0.id) cannot be read: \($0.reason)" }
        problems += missing.map { "not in \($0)" }
        return problems
    }
}
