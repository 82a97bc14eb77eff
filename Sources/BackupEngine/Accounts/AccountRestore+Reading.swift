internal import MySQLClient
internal import RecoveryCore

extension AccountRestore {
    /// - Returns: Nothing done when the backup has no accounts.
    /// - Throws: `RestoreError` when the object cannot be read; `MySQLError` when the connection is lost;
    ///   `CancellationError`.
    package func run() async throws -> Outcome {
        let statements = try await statements()
        return try await MySQLConnection.with(target) { [manifest, statements] connection in
            try await Self.run(statements, from: manifest.source.family, over: connection)
        }
    }

    /// What the backup has, when it is known to be whole.
    /// - Throws: `RestoreError`, `CancellationError`.
    func statements() async throws -> [String] {
        let reader = ObjectReader(source: source, key: key, recipients: manifest.recipients) { [manifest] object in
            RestoreError.DamagedPart(what: "accounts", restorable: manifest.tables.map(\.name))
        }
        var statements: [String] = []
        for object in manifest.objects where object.kind == .grants {
            statements += try await reader.statements(of: object)
        }
        return statements
    }
}
