package import Age
internal import Foundation
package import ObjectStore
package import RecoveryCore

/// The files that one store keeps: its repository, opened with a password.
package struct FileVault: Sendable {
    let restic: Restic
    let access: Restic.Access
    let store: any ObjectStore

    package init(_ restic: Restic, _ access: Restic.Access, in store: any ObjectStore) {
        self.restic = restic
        self.access = access
        self.store = store
    }

    /// Whether there is a repository at all. Asked of the store, not of restic: a store that cannot be reached must not
    /// look like one that is empty.
    package static func exists(in store: any ObjectStore) async throws -> Bool {
        do {
            _ = try await store.info(of: try ObjectKey(FileRepository.configuration))
            return true
        } catch ObjectStoreError.notFound {
            return false
        }
    }

    /// Makes the repository, its password first: one without would be lost with this node.
    /// - Returns: False when there was one already.
    /// - Throws: `ObjectStoreError.alreadyExists` when another node has left its password just now.
    package func make(for recipients: [X25519Recipient], isPasswordNew: Bool) async throws -> Bool {
        guard try await !Self.exists(in: store) else { return false }
        do {
            try await FilePassword.keep(access.password, for: recipients, in: store, ifAbsent: true)
        } catch ObjectStoreError.alreadyExists where !isPasswordNew {
            // Of an earlier run that got no further; it is written anew once the repository is seen to open.
        }
        _ = try await restic.succeed("init", [], access)
        return true
    }

    /// Keeps the password for whoever are the recipients now. Only of a repository that it has opened.
    package func keepPassword(for recipients: [X25519Recipient]) async throws {
        try await FilePassword.keep(access.password, for: recipients, in: store, ifAbsent: false)
    }

    /// What a backup has stored.
    package struct Stored: Sendable, Equatable {
        /// restic's name of the snapshot, or the beginning of it.
        package var snapshot: String
        package var files: UInt64
        package var bytes: UInt64
        /// What the repository has grown by.
        package var addedBytes: UInt64
        /// What could not be read, and so is not in it, in restic's words.
        package var unreadable: [String]
    }

    package func back(up selection: FileSelection, as id: BackupID, of name: String) async throws -> Stored {
        // Locks of processes that are gone, which would stand in the way of `prune` one day.
        _ = try await restic.run("unlock", [], access)
        let tags = [FileSnapshot.mark, "store:\(name)", "id:\(id)"].flatMap { ["--tag", $0] }
        let excludes = selection.excludes.flatMap { ["--exclude", $0] }
        let answer = try await restic.run(
            "backup", ["--json", "--exclude-caches"] + tags + excludes + ["--"] + selection.paths, access)
        // 3: a snapshot was made, and something could not be read.
        guard answer.code == 0 || answer.code == 3 else {
            throw ResticError.failed(command: "backup", words: answer.words)
        }
        let summary = answer.lines.lazy.reversed().compactMap { line in
            try? Self.decoder.decode(Summary.self, from: Data(line.utf8))
        }.first
        guard let summary else { throw ResticError.unexpectedAnswer(command: "backup") }
        return Stored(
            snapshot: summary.snapshotId, files: summary.totalFilesProcessed,
            bytes: summary.totalBytesProcessed, addedBytes: summary.dataAddedPacked ?? summary.dataAdded,
            unreadable: answer.code == 3 ? Self.unreadable(in: answer.errors) : [])
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private struct Summary: Decodable {
        var snapshotId: String
        var totalFilesProcessed: UInt64
        var totalBytesProcessed: UInt64
        var dataAdded: UInt64
        /// After compression; of newer versions.
        var dataAddedPacked: UInt64?
    }

    /// What is named in `{"message_type":"error","error":…,"item":"/path"}`; else what restic says at all.
    static func unreadable(in errors: [String]) -> [String] {
        struct Message: Decodable { var item: String? }
        let items = errors.compactMap { try? JSONDecoder().decode(Message.self, from: Data($0.utf8)).item }
        if !items.isEmpty { return items }
        return errors.isEmpty ? ["restic does not say what"] : errors.map(Restic.words)
    }

    /// The snapshots that Breakwater made, the newest first.
    package func snapshots() async throws -> [FileSnapshot] {
        let lines = try await restic.succeed("snapshots", ["--json", "--no-lock"], access)
        do {
            return try JSONDecoder().decode([FileSnapshot]?.self, from: Data(lines.joined().utf8)).map { snapshots in
                snapshots.filter(\.isOurs).sorted { ($0.time, $0.id) > ($1.time, $1.id) }
            } ?? []
        } catch {
            throw ResticError.unexpectedAnswer(command: "snapshots")
        }
    }

    /// What a snapshot has.
    package struct Content: Sendable, Equatable {
        /// Files and folders.
        package var entries: UInt64
        package var bytes: UInt64
    }

    /// Writes a snapshot's files below a folder, each under its full path, and reads them again.
    package func restore(_ snapshot: FileSnapshot, to folder: String) async throws -> Content {
        _ = try await restic.succeed("restore", [snapshot.id, "--target", folder, "--verify", "--no-lock"], access)
        let lines = try await restic.succeed(
            "stats", ["--json", "--no-lock", "--mode", "restore-size", snapshot.id], access)
        struct Figures: Decodable {
            var totalSize: UInt64
            var totalFileCount: UInt64
        }
        guard let figures = try? Self.decoder.decode(Figures.self, from: Data(lines.joined().utf8)) else {
            throw ResticError.unexpectedAnswer(command: "stats")
        }
        return Content(entries: figures.totalFileCount, bytes: figures.totalSize)
    }

    /// Removes snapshots, and what no other one needs.
    package func forget(_ snapshots: [FileSnapshot]) async throws {
        guard !snapshots.isEmpty else { return }
        _ = try await restic.run("unlock", [], access)
        _ = try await restic.succeed("forget", ["--prune"] + snapshots.map(\.id), access)
    }
}
