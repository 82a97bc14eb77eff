internal import MySQLClient
internal import RecoveryCore

/// Opens one state of the database on several connections, as a ``SnapshotPlan`` says.
///
/// Writers wait from the lock until the snapshots are open and the position is read, which takes milliseconds; for the
/// lock itself the server waits at most ``patience``, then lets the writers pass before it is asked again, so that one
/// long query does not stall the shop.
struct SnapshotOpener {
    /// For each attempt to get a lock, in seconds.
    static let patience = 3
    static let attempts = 5

    let settings: MySQLSettings
    let plan: SnapshotPlan
    /// Those whose rows are read.
    let tables: [String]
    /// How many connections are wanted.
    let workers: Int

    struct Snapshot {
        var method: SnapshotPlan.Method
        /// Each in a transaction that shows the state.
        var workers: [MySQLConnection]
        /// Holds changes of tables back while it is open; nil when that was not granted.
        var guardian: MySQLConnection?
        var position: BackupManifest.Position?
        /// How long writers were held.
        var locked: Duration
        /// What was planned and refused by the server.
        var warnings: [String]

        func close() async {
            for worker in workers { await worker.close() }
            await guardian?.close()
        }
    }

    /// - Throws: `DumpError.lockTimedOut`, `MySQLError`, `CancellationError`; no connection is left open then.
    func open() async throws -> Snapshot {
        var warnings: [String] = []
        for method in plan.methods {
            do {
                return try await open(by: method, warnings)
            } catch let error as MySQLError where error.kind == .privilegeMissing && method != plan.methods.last {
                // A managed server may refuse what its grants allow.
                warnings.append("the server refused \(method.rawValue): \(error.message)")
            }
        }
        throw DumpError.noSnapshot
    }

    private func open(by method: SnapshotPlan.Method, _ warnings: [String]) async throws -> Snapshot {
        var opened: [MySQLConnection] = []
        do {
            // Whatever takes long comes before the lock.
            let count = method == .singleConnection ? 1 : max(1, workers)
            for _ in 0..<count {
                let worker = try await MySQLConnection.connect(settings)
                opened.append(worker)
                try await worker.apply(.dump)
            }
            let workers = opened
            let locker = try await MySQLConnection.connect(settings)
            opened.append(locker)
            try await locker.apply(.dump)
            _ = try await locker.query("SET SESSION lock_wait_timeout = \(Self.patience)")
            if plan.locksInstance { try await lock(locker, by: "backup lock", ["LOCK INSTANCE FOR BACKUP"]) }
            let clock = ContinuousClock()
            if let statements = lockStatements(of: method) {
                try await lock(locker, by: method.rawValue, statements, or: releaseStatement(of: method))
            }
            let start = clock.now
            try await begin(workers)
            let position = method == .singleConnection ? nil : try await readPosition(locker)
            if let release = releaseStatement(of: method) { _ = try await locker.query(release) }
            let locked = lockStatements(of: method) == nil ? .zero : clock.now - start
            if !plan.locksInstance { await locker.close() }
            return Snapshot(
                method: method, workers: workers, guardian: plan.locksInstance ? locker : nil, position: position,
                locked: locked, warnings: warnings)
        } catch {
            for connection in opened { await connection.close() }
            throw error
        }
    }

    /// Nil when nothing is locked.
    private func lockStatements(of method: SnapshotPlan.Method) -> [String]? {
        switch method {
        case .backupStages: ["BACKUP STAGE START", "BACKUP STAGE BLOCK_DDL", "BACKUP STAGE BLOCK_COMMIT"]
        case .globalReadLock: ["FLUSH TABLES WITH READ LOCK"]
        case .tableLocks:
            tables.isEmpty
                ? nil : ["LOCK TABLES " + tables.map { "\($0.sqlIdentifier) READ" }.joined(separator: ", ")]
        case .singleConnection: nil
        }
    }

    private func releaseStatement(of method: SnapshotPlan.Method) -> String? {
        switch method {
        case .backupStages: "BACKUP STAGE END"
        case .globalReadLock, .tableLocks: lockStatements(of: method) == nil ? nil : "UNLOCK TABLES"
        case .singleConnection: nil
        }
    }

    private func lock(
        _ locker: MySQLConnection, by name: String, _ statements: [String], or release: String? = nil
    ) async throws {
        for attempt in 1...Self.attempts {
            do {
                for statement in statements { _ = try await locker.query(statement) }
                return
            } catch let error as MySQLError where error.kind == .lockWaitTimedOut {
                // What was got of several must not be kept.
                if let release { _ = try? await locker.query(release) }
                guard attempt < Self.attempts else { break }
                try await Task.sleep(for: .seconds(attempt))
            }
        }
        throw DumpError.lockTimedOut(name)
    }

    private func begin(_ workers: [MySQLConnection]) async throws {
        try await withThrowingTaskGroup { group in
            for worker in workers {
                group.addTask { _ = try await worker.query("START TRANSACTION WITH CONSISTENT SNAPSHOT") }
            }
            try await group.waitForAll()
        }
    }

    private func readPosition(_ locker: MySQLConnection) async throws -> BackupManifest.Position? {
        guard let source = plan.position else { return nil }
        let status = try await locker.query(source.rawValue)
        // No row: the server stopped writing a binary log.
        guard let file = status.text(0, 0), let offset = status.text(0, 1).flatMap({ UInt64($0) }) else { return nil }
        let gtid: String?
        if await locker.server.family == .mariadb {
            gtid = try await locker.query("SELECT @@GLOBAL.gtid_binlog_pos").text()
        } else {
            gtid = status.texts("Executed_Gtid_Set").first.flatMap(\.self)
        }
        // Servers break long sets into lines.
        let set = gtid?.filter { !$0.isWhitespace }
        return BackupManifest.Position(file: file, offset: offset, gtid: set?.isEmpty == false ? set : nil)
    }
}
