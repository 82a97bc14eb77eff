internal import BackupEngine
internal import Foundation
internal import RecoveryCore

/// The backups of files of all stores.
struct FilesSurvey: Sendable {
    /// What one store has.
    struct Reading: Sendable {
        var store: OpenStore
        var vault: FileVault?
        var snapshots: [FileSnapshot] = []
        var error: UserFacingError?
    }

    var readings: [Reading]

    /// - Throws: The first store's error when no store can be read; `CancellationError`.
    init(_ stores: [OpenStore], _ key: FilesKey, _ restic: Restic) async throws {
        readings = []
        for store in stores {
            do {
                let vault = try await key.vault(in: store, restic)
                readings.append(Reading(store: store, vault: vault, snapshots: try await vault.snapshots()))
            } catch let error as CancellationError {
                throw error
            } catch {
                readings.append(Reading(store: store, error: UserFacingError(presenting: error)))
            }
        }
        if readings.allSatisfy({ $0.vault == nil || $0.error != nil }), let error = readings.compactMap(\.error).first {
            throw error
        }
    }

    /// Says which stores cannot be read.
    func complain(_ console: Console) -> Bool {
        for reading in readings {
            guard let error = reading.error else { continue }
            console.note("warning: \(reading.store.name) cannot be read: \(error.summary) [\(error.code)]")
            if let hint = error.hint { console.note("    hint: \(hint)") }
        }
        return readings.contains { $0.error != nil }
    }

    /// Which one is wanted.
    enum Choice: Sendable {
        case named(String)
        /// As the files were at a moment.
        case before(Date)
    }

    /// A snapshot, in the first store that has it.
    struct Find: Sendable {
        var snapshot: FileSnapshot
        var vault: FileVault
        var store: OpenStore
    }

    /// - Throws: `ResticError.noSuchSnapshot`, `ambiguous`; `files.none_before`.
    func find(_ choice: Choice) throws -> Find {
        var seen: Set<String> = []
        // One backup has a snapshot in each store, all under one name.
        let all = readings.flatMap(\.snapshots).filter { seen.insert($0.name).inserted }
        let snapshot: FileSnapshot
        switch choice {
        case .named(let name):
            // restic's own names differ from store to store.
            let named = all.contains { $0.name.hasPrefix(name) } || name == "latest"
            snapshot = try (named ? all : readings.flatMap(\.snapshots)).snapshot(name)
        case .before(let moment):
            guard let nearest = all.nearest(before: moment) else {
                throw UserFacingError(
                    code: "files.none_before",
                    summary: "there is no backup of files from before \(moment.formatted(.iso8601))",
                    hint: "`breakwater files list` shows what there is; `breakwater files restore` brings one back")
            }
            snapshot = nearest
        }
        for reading in readings {
            if let vault = reading.vault, let own = reading.snapshots.first(where: { $0.name == snapshot.name }) {
                return Find(snapshot: own, vault: vault, store: reading.store)
            }
        }
        throw ResticError.noSuchSnapshot(snapshot.name)
    }
}
