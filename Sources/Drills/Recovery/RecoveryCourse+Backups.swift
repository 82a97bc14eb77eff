/// What several scenarios do with backups.
extension RecoveryCourse {
    /// Makes a backup; 4 says that a store which may fail has none.
    func backUp(ending codes: Set<Int32> = [0]) async throws -> BackupWords.Created {
        let outcome = try await tool.run(["backup", "create"], ending: codes)
        let made = try outcome.decoded(as: BackupWords.Created.self)
        note("backup.made", "\(made.id), \(made.rows) rows, \(outcome.took.inMilliseconds) ms")
        return made
    }

    func verify(_ id: String, ending codes: Set<Int32>) async throws -> BackupWords.Verified {
        let outcome = try await tool.run(
            ["backup", "verify", id, "--identity", stage.identityFile], ending: codes)
        return try outcome.decoded(as: BackupWords.Verified.self)
    }

    func list() async throws -> BackupWords.Listed {
        try await tool.run(["backup", "list"], ending: [0, 4]).decoded(as: BackupWords.Listed.self)
    }

    func restore(_ words: [String]) async throws -> BackupWords.Restored {
        try await tool.run(["restore"] + words + ["--identity", stage.identityFile])
            .decoded(as: BackupWords.Restored.self)
    }
}
