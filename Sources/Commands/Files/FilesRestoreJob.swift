internal import BackupEngine
internal import Foundation
internal import RecoveryCore
internal import Topology

/// Brings a backup of files back into a folder.
struct FilesRestoreJob: Sendable {
    var folder: String
    var overwrite: Bool
    var key: FilesKey

    /// What was restored.
    struct Restored: Encodable, Sendable {
        var snapshot: String
        var time: Date
        var paths: [String]
        /// Files and folders.
        var entries: UInt64
        var bytes: UInt64
        var durationMs: Int
        var target: String
        var store: String

        func print(_ console: Console) {
            console.print(
                "\(target): \(Readable.count(entries, "file or folder", "files and folders")), "
                    + "\(Readable.bytes(bytes)) of \(snapshot), \(Readable.duration(.milliseconds(durationMs)))")
            for path in paths { console.print("  \(target == "/" ? "" : target)\(path)") }
        }
    }

    /// - Throws: `files.not_empty`, `ResticError`, and what a store throws.
    func run(
        _ choice: FilesSurvey.Choice, _ stores: [OpenStore], _ console: Console
    ) async throws -> Restored {
        try check()
        return try await Restic.with { restic in
            let survey = try await FilesSurvey(stores, key, restic)
            _ = survey.complain(console)
            return try await restore(try survey.find(choice), console)
        }
    }

    /// That there is something to restore, and room for it to be put: what can be known before a long restore of the
    /// database begins.
    func rehearse(_ choice: FilesSurvey.Choice, _ stores: [OpenStore]) async throws -> FileSnapshot {
        try check()
        return try await Restic.with { try await FilesSurvey(stores, key, $0).find(choice).snapshot }
    }

    /// Never over what is there, unless asked to.
    private func check() throws {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: target)) ?? []
        var isFolder: ObjCBool = true
        guard !FileManager.default.fileExists(atPath: target, isDirectory: &isFolder) || isFolder.boolValue else {
            throw BackupPlace.unusable("\(target)", "is no folder", nil)
        }
        guard overwrite || entries.isEmpty else {
            throw UserFacingError(
                code: "files.not_empty", summary: "\(target) is not empty",
                hint: "name another folder, or say --overwrite: files of the backup's names are replaced then",
                status: .refused)
        }
    }

    private var target: String {
        let path = URL(filePath: folder).absoluteURL.standardizedFileURL.path
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func restore(_ find: FilesSurvey.Find, _ console: Console) async throws -> Restored {
        let start = ContinuousClock.now
        console.note("restoring files of \(find.snapshot.name) from \(find.store.name) to \(target)")
        let content = try await find.vault.restore(find.snapshot, to: target)
        return Restored(
            snapshot: find.snapshot.name, time: find.snapshot.time, paths: find.snapshot.paths,
            entries: content.entries, bytes: content.bytes,
            durationMs: (ContinuousClock.now - start).wholeMilliseconds, target: target, store: find.store.name)
    }
}
