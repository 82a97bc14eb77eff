import Logging
import NIOCore
import RESP
import RedisClient

/// When commands may go to a master whose data may be behind what clients were told.
extension Shard {
    /// Remembers what a command may write. Called where `cacheGuard` is not nil.
    func noteWrite(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer, database: Int) {
        guard spec.effect != .read else { return }
        cacheGuard?.note(spec, frame, bytes, database: database, sparing: durability, at: now)
    }

    func noteWrite(_ spec: CommandSpec, _ command: ByteBuffer, by session: Session) {
        guard spec.effect != .read, cacheGuard != nil else { return }
        command.withFrame { frame, bytes in
            for database in session.possibleDatabases { noteWrite(spec, frame, bytes, database: database) }
        }
    }

    /// Remembers what a command would have written that is answered in the server's stead, and lets no command pass
    /// until its keys are deleted.
    func oweWrite(_ spec: CommandSpec, _ command: ByteBuffer, in databases: Set<Int>) {
        guard cacheGuard != nil else { return }
        command.withFrame { frame, bytes in
            for database in databases {
                cacheGuard?.owe(spec, frame, bytes, database: database, sparing: durability, at: now)
            }
        }
        closeMaster()
    }

    /// The master that commands may go to now: none while doubtful keys are being deleted there.
    func admit(_ phase: MasterPhase) -> RedisEndpoint? {
        let candidate = awaitsPeers(phase) ? nil : phase.usable
        guard cacheGuard != nil else {
            endPurge()
            return candidate?.endpoint
        }
        if let purge, purge.master != candidate { endPurge() }
        guard let candidate else {
            cacheGuard?.freeze(at: now)
            return nil
        }
        if purge != nil { return nil }
        noteUnansweredPrivately()
        switch cacheGuard?.decide(on: candidate, at: now) {
        case .purge(let plan):
            startPurge(plan, on: candidate)
            return nil
        case .open, nil:
            return candidate.endpoint
        }
    }

    private func endPurge() {
        purge?.cancel()
        purge = nil
    }

    private func startPurge(_ plan: PurgePlan, on master: MasterState) {
        let purge = CachePurge(of: plan, on: master, as: purgeIdentity, shard: self) { [unowned self] purge, outcome in
            finishPurge(purge, outcome)
        }
        self.purge = purge
        purge.start()
    }

    private func finishPurge(_ purge: CachePurge, _ outcome: CachePurge.Outcome) {
        self.purge = nil
        readClock()
        cacheGuard?.purged(purge.master, at: now)
        metrics.countPurge(purge.plan, outcome, nanoseconds: (now - purge.started).nanoseconds)
        var metadata: Logger.Metadata = [
            "master": "\(purge.master)", "keys": "\(purge.plan.keyCount)", "databases": "\(purge.plan.flushed.count)",
        ]
        switch outcome {
        case .done:
            logger.info("deleted on the master what it may hold older values of", metadata: metadata)
        case .refused(let reason):
            metadata["reason"] = "\(reason)"
            logger.error("the master may hold stale keys: it does not let the sidecar delete them", metadata: metadata)
        }
        openMaster()
    }

    /// What blocks or waits in a transaction may have been noted long ago and may have run just now.
    private func noteUnansweredPrivately() {
        for session in sessionsWithPrivateUpstream { session.privateUpstream?.noteUnanswered() }
    }
}

extension StaleCacheGuard {
    /// Nil for data that must not be forgotten.
    init?(_ configuration: ProxyConfiguration, master: MasterState? = nil) {
        guard configuration.role == .cache else { return nil }
        self.init(
            window: TimeAmount(configuration.guardWindow), limit: configuration.limits.journalBytes, master: master)
    }
}

extension Lane {
    /// Whether a command of unknown outcome may be said to be done: a plain overwrite or delete, in its client's order.
    func isForgivable(_ command: PendingCommand) -> Bool {
        shard.cacheGuard != nil && command.spec.effect == .overwrite
            && !requeuedSessions.contains(ObjectIdentifier(command.session))
    }

    /// Tells the client that it is done. Nobody can say whether a deleted key had been there.
    func forgive(_ command: PendingCommand, _ frame: ByteBuffer) {
        shard.oweWrite(command.spec, frame, in: [key.database])
        shard.metrics.countForgiven()
        let isDelete = command.spec.keys == .all
        command.session.receiveShared(ByteBuffer(string: isDelete ? ":0\r\n" : "+OK\r\n"), commands: 1)
    }
}

extension Session {
    /// Where the next command may run: whether a SELECT before it succeeds may not be known yet, and in a transaction
    /// never is.
    var possibleDatabases: Set<Int> { (privateUpstream?.selected ?? []).union([state.database]) }
}

extension PrivateUpstream {
    /// Remembers anew all that the server was given and has not answered.
    func noteUnanswered() {
        for expectation in log.prefix(nextToSend) {
            if let frame = expectation.frame {
                shard.noteWrite(expectation.spec, frame, by: session)
            }
        }
    }
}

extension ByteBuffer {
    /// Calls `body` with the command in it, unless it holds none.
    func withFrame(_ body: (RequestFrame, UnsafeRawBufferPointer) -> Void) {
        withUnsafeReadableBytes { bytes in
            var parser = RequestParser()
            if case .command(let frame)? = try? parser.next(bytes) { body(frame, bytes) }
        }
    }
}
