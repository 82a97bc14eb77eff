/// The result of one drill, or of one drill repeated: what `breakwater drill --json` prints.
///
/// The keys of docs/drills.md are a contract: they may be joined by others but not change their meaning. Times end in
/// `_ms`. A `null` says that there was nothing to measure.
package struct DrillReport: Sendable, Equatable, Encodable {
    package struct Clients: Sendable, Equatable, Encodable {
        /// `phpredis`, `predis`, `native`, or several joined by `+`.
        package var kind: String
        package var count: Int
        /// Operations sent, connecting included.
        package var requests: Int
        package var errors: Int
        /// Operations that nobody answered before the client gave up.
        package var hung: Int = 0
        package var longestStallMs: Int
        package var p50Ms: Double
        package var p99Ms: Double
    }

    package struct Writes: Sendable, Equatable, Encodable {
        package var acknowledged: Int
        package var lost: Int
        package var duplicated: Int
        package var staleReads: Int
        package var unknown: Int
        package var unknownApplied: Int
        package var freshReads: Int
        package var foreignReplies: Int
        package var falselyRefused: Int
        package var reordered: Int
        package var torn: Int
        /// Those of `lost` that were on durable prefixes.
        package var lostDurable: Int = 0
        /// Those of `staleReads` that found nothing, as in a cache that forgot.
        package var missedReads: Int = 0
        /// Those of `staleReads` that were reads of a cart.
        package var staleCarts: Int = 0
        package var cartMisses: Int = 0
    }

    package struct Event: Sendable, Equatable, Encodable {
        /// Counted from the fault; negative before it.
        package var atMs: Int
        package var event: String
        package var detail: String
    }

    package struct Check: Sendable, Equatable, Encodable {
        package var name: String
        package var passed: Bool
        package var detail: String
    }

    /// One kind of client among several that met the same fault.
    package struct Group: Sendable, Equatable, Encodable {
        package var label: String
        package var clients: Clients
        package var rtoMs: Int?
        package var writes: Writes
    }

    package struct ErrorText: Sendable, Equatable, Encodable {
        package var text: String
        package var count: Int
    }

    /// An anomaly in words, for whoever has to find its cause.
    package struct Finding: Sendable, Equatable, Encodable {
        package var kind: String
        package var client: Int
        package var operation: String
        package var page: Int
        package var count: Int
        /// When the broken promise was made, counted from the fault.
        package var promisedAtMs: Double?
        package var detail: String
    }

    /// Why a drill could not be carried out. Such a drill never passes.
    package struct Failure: Sendable, Equatable, Encodable {
        package var code: String
        package var summary: String
    }

    package struct Spread: Sendable, Equatable, Encodable {
        package var median: Int
        package var p99: Int
        package var max: Int
    }

    package struct Repeats: Sendable, Equatable, Encodable {
        package var count: Int
        package var passed: Int
        package var longestStallMs: Spread?
        package var rtoMs: Spread?
    }

    package var scenario: String
    /// What a random schedule was drawn from.
    package var seed: UInt64?
    package var passed: Bool
    package var clients: Clients
    package var rtoMs: Int?
    package var writes: Writes
    package var timeline: [Event]
    package var checks: [Check]
    package var groups: [Group]
    package var errors: [ErrorText]
    package var findings: [Finding]
    package var failure: Failure?
    /// Set when the drill was repeated: the figures above are then sums, and the worst for times.
    package var repeats: Repeats?
    package var runs: [DrillReport]?
    /// Of scenarios of recovery.
    package var recovery: Recovery?
    /// Of scenarios of the whole shop.
    package var shop: ShopMeasures?

    enum CodingKeys: String, CodingKey {
        case scenario, seed, passed, clients, rtoMs, writes, recovery, shop, timeline, checks, groups, errors, findings,
            failure
        case repeats = "repeat"
        case runs
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(scenario, forKey: .scenario)
        try container.encodeIfPresent(seed, forKey: .seed)
        try container.encode(passed, forKey: .passed)
        try container.encode(clients, forKey: .clients)
        // A drill without recovery says null; a missing key would read like an older version.
        try container.encode(rtoMs, forKey: .rtoMs)
        try container.encode(writes, forKey: .writes)
        try container.encodeIfPresent(recovery, forKey: .recovery)
        try container.encodeIfPresent(shop, forKey: .shop)
        try container.encode(timeline, forKey: .timeline)
        try container.encode(checks, forKey: .checks)
        if groups.count > 1 { try container.encode(groups, forKey: .groups) }
        try container.encode(errors, forKey: .errors)
        try container.encode(findings, forKey: .findings)
        try container.encodeIfPresent(failure, forKey: .failure)
        try container.encodeIfPresent(repeats, forKey: .repeats)
        try container.encodeIfPresent(runs, forKey: .runs)
    }
}
