/// What several scenarios do with the shipped log.
extension RecoveryCourse {
    /// The statements in the shipped log that change tables, the oldest first.
    func statements() async throws -> [LogWords.Statement] {
        try await tool.run(["backup", "log", "--statements", "--identity", stage.identityFile])
            .decoded(as: LogWords.self).logs.flatMap { $0.statements ?? [] }
    }
}

/// What scenarios read of `breakwater backup log --statements`.
struct LogWords: Decodable, Sendable {
    struct Statement: Decodable, Sendable {
        var gtid: String
        var statement: String
    }

    struct Log: Decodable, Sendable { var statements: [Statement]? }

    var logs: [Log]
}
