import NIOCore
import RESP
import RedisClient

/// Keeps a cache from going back in time (`role: cache`): what one event loop's clients wrote of late, and on which
/// master that is known to be gone or current.
///
/// A promoted replica may lack the last writes of its predecessor. Before commands go to another master, the keys that
/// were written of late are deleted there; a cache may forget. Decides only; `CachePurge` does the deleting.
struct StaleCacheGuard {
    /// All that was written of late: due on another master.
    private(set) var journal: CacheJournal
    /// Writes that clients were told of although nobody knows whether they ran: due on any master, the last one too.
    private var owed: CacheJournal
    /// The master whose data is not behind what clients were told.
    private(set) var cleared: MasterState?
    /// Keys do not age while there is no master: what was written before its loss is due however long that takes.
    private var isFrozen: Bool
    /// Databases that clients are known to use.
    private var databases: Set<Int> = [0]
    /// Writes that were ever owed, and how many of them the last plan knew of.
    private var owedCount = 0
    private var plannedOwed = 0

    /// `master` is where commands go already, if anywhere.
    init(window: TimeAmount, limit: Int, master: MasterState? = nil) {
        cleared = master
        isFrozen = master == nil
        journal = CacheJournal(window: window, limit: limit)
        owed = CacheJournal(window: window, limit: limit / 4)
    }

    /// Takes over new settings. What is remembered stays.
    mutating func configure(window: TimeAmount, limit: Int) {
        journal.window = window
        journal.limit = limit
        owed.limit = limit / 4
    }

    // MARK: Noting

    /// Remembers what a command may write. For each command of a cache that is not a read. Durable keys are not the
    /// guard's: replicas had them before the client was told, and they must survive.
    mutating func note(
        _ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer, database: Int,
        sparing durable: DurabilityRule, at now: NIODeadline
    ) {
        let extent = WrittenKeys.of(spec, frame, bytes) { key in
            if durable.isDurable(key) { return }
            journal.note(key, database: database, at: now, isFrozen: isFrozen)
        }
        switch extent {
        case .none, .named: break
        case .unnamed: journal.note(.database(database), at: now)
        case .everywhere: journal.note(.everywhere, at: now)
        }
        if database != 0, extent != .none { databases.insert(database) }
    }

    /// Remembers what a command would have written that was answered in the server's stead: until its keys are
    /// deleted, no command may go to any master.
    mutating func owe(
        _ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer, database: Int,
        sparing durable: DurabilityRule, at now: NIODeadline
    ) {
        note(spec, frame, bytes, database: database, sparing: durable, at: now)
        owedCount += 1
        let extent = WrittenKeys.of(spec, frame, bytes) { key in
            if durable.isDurable(key) { return }
            owed.note(key, database: database, at: now, isFrozen: true)
        }
        switch extent {
        case .none, .named: break
        case .unnamed: owed.note(.database(database), at: now)
        case .everywhere: owed.note(.everywhere, at: now)
        }
    }

    // MARK: Deciding

    enum Decision: Equatable {
        /// Commands may go there.
        case open
        /// This must be deleted there first.
        case purge(PurgePlan)
    }

    /// Whether commands may go to a master that the watcher publishes.
    mutating func decide(on master: MasterState, at now: NIODeadline) -> Decision {
        if cleared == master, owed.isEmpty {
            isFrozen = false
            return .open
        }
        var plan = PurgePlan()
        if cleared != master {
            freeze(at: now)
            plan = journal.plan(databases: databases)
        }
        plan.add(owed.plan(databases: databases))
        plannedOwed = owedCount
        isFrozen = true
        if !plan.isEmpty { return .purge(plan) }
        cleared = master
        isFrozen = false
        return .open
    }

    /// There is no master, or doubt about it.
    mutating func freeze(at now: NIODeadline) {
        if !isFrozen { journal.expire(at: now) }
        isFrozen = true
    }

    /// What `decide(on:at:)` asked for is done, or cannot be done. What was owed since then still is.
    mutating func purged(_ master: MasterState, at now: NIODeadline) {
        cleared = master
        journal.renew(at: now)
        if owedCount == plannedOwed { owed.clear() }
    }
}
