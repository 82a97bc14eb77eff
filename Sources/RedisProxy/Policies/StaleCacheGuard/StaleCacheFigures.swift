/// What one event loop counts of the stale-cache guard.
struct StaleCacheFigures: Sendable, Equatable {
    /// By how they ended.
    var purges = ByCase<Ending>()
    /// Keys deleted and databases emptied.
    var keys: UInt64 = 0
    var flushes: UInt64 = 0
    /// Writes of unknown outcome that clients were told are done.
    var forgiven: UInt64 = 0
    /// How long commands were kept from a master by purges.
    var durations = PowerHistogram()

    enum Ending: String, CaseIterable, Sendable {
        case done
        case refused
    }

    mutating func count(_ plan: PurgePlan, _ outcome: CachePurge.Outcome, nanoseconds: Int64) {
        durations.record(nanoseconds: nanoseconds)
        guard case .done = outcome else { return purges[.refused] += 1 }
        purges[.done] += 1
        keys += UInt64(plan.keyCount)
        flushes += UInt64(plan.flushed.count)
    }

    mutating func add(_ other: Self) {
        purges.add(other.purges)
        keys &+= other.keys
        flushes &+= other.flushes
        forgiven &+= other.forgiven
        durations.add(other.durations)
    }
}
