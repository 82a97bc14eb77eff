internal import MySQLClient
internal import RecoveryCore

/// How the connections of a restore are set up: once found out what the server lets this user set, all are the same.
struct RestoreSession: Sendable {
    let settings: MySQLSettings
    private let statements: [String]

    /// What makes loading faster, or less picky than old definitions need it, and may be refused.
    private static func wishes(for server: DatabaseServer, sortBytes: UInt64) -> [String] {
        switch server.family {
        case .mariadb:
            return [
                // What is in the backup was accepted once, perhaps before there was the check.
                "SET SESSION check_constraint_checks = 0",
                "SET SESSION system_versioning_alter_history = KEEP",
                "SET SESSION explicit_defaults_for_timestamp = 1",
            ]
        case .mysql:
            return (server.hasDDLBufferSize ? ["SET SESSION innodb_ddl_buffer_size = \(sortBytes)"] : [])
                + (server.restrictsForeignKeys ? ["SET SESSION restrict_fk_on_non_standard_key = 0"] : [])
                + (server.version >= .init(8, 0, 13) ? ["SET SESSION sql_require_primary_key = 0"] : [])
                + (server.version >= .init(8, 0, 30) ? ["SET SESSION sql_generate_invisible_primary_key = 0"] : [])
        }
    }

    /// Tries on a connection what all will be set to.
    /// - Throws: `RestoreError.replicas`, `RestoreError.binaryLog`, `MySQLError`.
    init(
        _ settings: MySQLSettings, _ options: RestoreOptions, over admin: MySQLConnection,
        warn: (String) -> Void
    ) async throws {
        self.settings = settings
        let server = await admin.server
        var statements = [
            // Somebody else's lock, and what a session of a killed restore still does, is waited for.
            "SET SESSION lock_wait_timeout = 3600, innodb_lock_wait_timeout = 600"
        ]
        _ = try await admin.query(statements[0])
        let sortBytes = Self.sortBytes(
            pool: try await admin.query("SELECT @@GLOBAL.innodb_buffer_pool_size").text().flatMap { UInt64($0) },
            builds: options.threads)
        for wish in Self.wishes(for: server, sortBytes: sortBytes) {
            do {
                _ = try await admin.query(wish)
                statements.append(wish)
            } catch let error as MySQLError where error.kind != .connectionLost { continue }
        }
        if options.skipBinlog || options.isScratch {
            let statement = "SET SESSION sql_log_bin = 0"
            do {
                if !options.isScratch { try await Self.refuseReplicas(over: admin, warn) }
                _ = try await admin.query(statement)
                statements.append(statement)
            } catch let error as MySQLError {
                // On a scratch server it is a matter of speed.
                guard options.isScratch, error.kind != .connectionLost else { throw RestoreError.binaryLog(error) }
            }
        }
        self.statements = statements
    }

    /// A sort that fits into its buffer writes no temporary files. All builds together get half of what the server has
    /// for its pages.
    static func sortBytes(pool: UInt64?, builds: Int) -> UInt64 {
        let share = (pool ?? 128 << 20) / 2 / UInt64(max(1, builds))
        return min(max(share, 1 << 20), 256 << 20)
    }

    private static func refuseReplicas(
        over admin: MySQLConnection, _ warn: (String) -> Void
    ) async throws {
        guard try await admin.query("SELECT @@GLOBAL.log_bin").text() == "1" else { return }
        let shown = try await admin.query("SHOW GRANTS")
        if !Grants(shown.rows.indices.compactMap { shown.text($0, 0) }).allows(.process, on: .global) {
            warn("whether replicas read the binary log cannot be seen without PROCESS")
        }
        let commands = try await admin.query("SHOW PROCESSLIST").texts("Command")
        let count = commands.count { $0?.hasPrefix("Binlog Dump") == true }
        if count > 0 { throw RestoreError.replicas(count: count) }
    }

    /// A connection that loads into the database.
    func open() async throws -> MySQLConnection {
        let connection = try await MySQLConnection.connect(settings)
        do {
            try await prepare(connection)
            return connection
        } catch {
            await connection.close()
            throw error
        }
    }

    func prepare(_ connection: MySQLConnection) async throws {
        try await connection.apply(.load)
        for statement in statements { _ = try await connection.query(statement) }
    }
}
