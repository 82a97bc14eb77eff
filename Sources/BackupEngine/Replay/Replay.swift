internal import Binlog
internal import Crypto
package import MySQLClient
package import RecoveryCore
internal import Topology

/// Replays a shipped log onto a backup that was restored.
package struct Replay: Sendable {
    private let plan: ReplayPlan
    private let log: ShippedLog
    private let key: RestoreOptions.Key
    private let options: RestoreOptions
    private let report: @Sendable (ReplayProgress) -> Void

    /// - Parameters:
    ///   - plan: What is replayed.
    ///   - log: Where the segments are.
    ///   - options: Those of the restore.
    ///   - report: Called for each segment and each commit.
    package init(
        _ plan: ReplayPlan, _ log: ShippedLog, _ options: RestoreOptions,
        report: @escaping @Sendable (ReplayProgress) -> Void = { _ in }
    ) {
        self.plan = plan
        self.log = log
        key = options.key
        self.options = options
        self.report = report
    }

    /// Sees to it, before anything is changed, that the log can be opened, that the server takes it from this user, and
    /// that the transaction of the target is there.
    ///
    /// - Parameter target: The server; the database need not be there.
    /// - Returns: The moment of the target; nil when nothing is replayed.
    /// - Throws: `ReplayError`, `ReplayFault.unknownGTID`, `MySQLError`, `CancellationError`.
    package func rehearse(on target: MySQLSettings) async throws -> LogTime? {
        guard let first = plan.segments.first, let last = plan.segments.last else { return nil }
        let bytes = try await log.read(first, key: key)
        var server = target
        server.address.database = nil
        try await MySQLConnection.with(server) { connection in
            let server = await connection.server
            guard server.family == first.family else { throw ReplayError.otherFamily(server) }
            guard let format = try Self.format(of: bytes, first) else { return }
            do {
                try await ReplaySession.give(format, to: connection)
            } catch let error as MySQLError {
                switch error.kind {
                case .privilegeMissing, .accessDenied: throw ReplayError.privilege(server, error)
                case .connectionLost, .timedOut: throw error
                default: throw ReplayError.notTaken(server, error)
                }
            }
        }
        if case .time(let time) = plan.target, try Self.holds(plan.position, beyond: time, bytes, first) {
            throw ReplayFault.newer(plan.backup, plan.target)
        }
        switch plan.target {
        case .latest: return last.lastCommittedAt
        case .time(let time): return time
        case .through(let gtid), .before(let gtid):
            let tail = last.number == first.number ? bytes : try await log.read(last, key: key)
            guard let found = try Self.time(of: gtid, in: tail, last) else {
                throw ReplayFault.unknownGTID(gtid, until: last.coveredUntil)
            }
            return found
        }
    }

    private static func format(of bytes: [UInt8], _ segment: BinlogSegment) throws -> BinlogEvent? {
        try reading(segment) { () throws(BinlogError) in
            var events = try BinlogFile.Events(bytes)
            while let event = try events.next() {
                if case .formatDescription = event.content { return event }
            }
            return nil
        }
    }

    private static func time(of gtid: GTID, in bytes: [UInt8], _ segment: BinlogSegment) throws -> LogTime? {
        try first(in: bytes, segment) { $0.gtid == gtid }.map { LogTime(microseconds: $0.committedAt) }
    }

    /// Whether the snapshot has something of the segment that was committed after the moment.
    private static func holds(
        _ position: GTIDState, beyond time: LogTime, _ bytes: [UInt8], _ segment: BinlogSegment
    ) throws -> Bool {
        try first(in: bytes, segment) { position.contains($0.gtid) && $0.committedAt > time.microseconds } != nil
    }

    private static func first(
        in bytes: [UInt8], _ segment: BinlogSegment, where isWanted: (BinlogTransaction) -> Bool
    ) throws -> BinlogTransaction? {
        try reading(segment) { () throws(BinlogError) in
            var events = try BinlogFile.Events(bytes)
            var assembler = TransactionAssembler()
            while let event = try events.next() {
                if let transaction = try assembler.add(event), isWanted(transaction) { return transaction }
            }
            return nil
        }
    }

    private static func reading<Result>(
        _ segment: BinlogSegment, _ body: () throws(BinlogError) -> Result
    ) throws -> Result {
        do throws(BinlogError) { return try body() } catch { throw ReplayError.log(segment.number, error) }
    }

    /// Whether an earlier attempt has replayed something already.
    package func isBegun(on target: MySQLSettings) async throws -> Bool {
        try await MySQLConnection.with(target) { connection in
            try await RestoreJournal.readReplay(over: connection) != .init()
        }
    }

    /// Replays onto the restored database, which the settings name. When it fails or the task is cancelled, what was
    /// done stays, and the same call goes on from there.
    /// - Throws: `ReplayError`, `RestoreError`, `MySQLError`, `CancellationError`.
    package func run(on target: MySQLSettings) async throws -> ReplayOutcome {
        guard let database = target.address.database else { throw RestoreError.noDatabase }
        return try await MySQLConnection.with(target) { admin in
            let session = try await RestoreSession(target, options, over: admin) { _ in }
            let connection = try await session.open()
            do {
                let outcome = try await run(database, over: connection)
                await connection.close()
                return outcome
            } catch {
                await connection.close()
                throw error
            }
        }
    }

    private func run(_ database: String, over connection: MySQLConnection) async throws -> ReplayOutcome {
        // A server goes on with a statement whose client is gone; this waits for it.
        let digest = SHA256.hash(data: Array(database.utf8)).prefix(16).map { String($0, radix: 16) }.joined()
        let lock = try? await connection.query("SELECT GET_LOCK('breakwater replay \(digest)', 3600)").text()
        guard lock != "0" else { throw RestoreError.busy(database: database) }
        let before = try await RestoreJournal.readReplay(over: connection)
        var outcome = ReplayOutcome(coveredUntil: plan.coveredUntil)
        if before.isDone {
            if let replayed = before.replayed { outcome.take(replayed) }
            return outcome
        }
        var replayer = Replayer(
            plan: plan, before: before,
            session: ReplaySession(
                connection, try await ReplaySession.settings(of: connection), replayed: before.replayed),
            translator: ReplayTranslator(
                texts: StatementText(
                    database: log.database, target: database,
                    others: try await Self.databases(over: connection).subtracting([database, log.database]))))
        try await replay(with: &replayer)
        try await replayer.session.end()
        outcome.take(replayer.session.replayed)
        outcome.stoppedBefore = replayer.stoppedBefore
        return outcome
    }

    /// Reads each segment while the one before it is replayed.
    private func replay(with replayer: inout Replayer) async throws {
        let segments = plan.segments.drop { replayer.isBehind($0) }
        guard var current = segments.first else { return }
        var bytes = try await log.read(current, key: key)
        for next in segments.dropFirst().map(Optional.some) + [nil] {
            async let following = next.mapAsync { try await log.read($0, key: key) }
            let isOver = try await replayer.replay(bytes, of: current) { [report, plan] replayed in
                report(
                    ReplayProgress(
                        transactions: replayed.transactions, committedAt: replayed.committedAt,
                        segments: plan.segments.firstIndex { $0.number == current.number } ?? 0,
                        expectedSegments: plan.segments.count))
            }
            guard !isOver, let next, let read = try await following else { return }
            (current, bytes) = (next, read)
        }
    }

    private static func databases(over connection: MySQLConnection) async throws -> Set<String> {
        let shown = try await connection.query("SHOW DATABASES", limit: 1 << 30)
        return Set(shown.rows.indices.compactMap { shown.text($0, 0) })
    }
}

extension ReplayOutcome {
    mutating func take(_ replayed: RestoreJournal.Replayed) {
        (transactions, events, skippedAccounts) = (replayed.transactions, replayed.events, replayed.skippedAccounts)
        guard replayed.last != "-" else { return }
        (lastGTID, until) = (replayed.last, replayed.committedAt)
    }
}

extension Optional where Wrapped: Sendable {
    func mapAsync<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let value = self else { return nil }
        return try await body(value)
    }
}
