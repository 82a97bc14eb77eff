/// Who may run a job for one moment, from what is in the bucket.
///
/// Safety: two agents never hold the same number, for it is written only where there was none. Liveness without a
/// common clock: a claim whose renewals stop is void once *this* agent has watched it unchanged for its lifetime, so
/// clocks that differ by hours neither steal a claim nor keep one for ever.
package struct JobLease: Sendable {
    /// One number of the moment.
    package struct Entry: Sendable, Equatable {
        package var number: Int
        /// Nil when it cannot be read.
        package var claim: JobClaim?
        package var result: JobRun?

        package init(number: Int, claim: JobClaim?, result: JobRun? = nil) {
            self.number = number
            self.claim = claim
            self.result = result
        }
    }

    package enum Decision: Sendable, Equatable {
        /// Nothing is left to do for this moment.
        case served(JobRun)
        /// Write this number's claim, if it is still absent.
        case claim(number: Int)
        case held(by: String)
    }

    private struct Sighting {
        var number: Int
        var renewal: Int?
        var since: Duration
    }

    /// Of a claim that says nothing.
    package static let lifetime = 60.0

    private let node: String
    private let agent: String
    private var sighting: Sighting?

    package init(node: String, agent: String) {
        self.node = node
        self.agent = agent
    }

    /// What to do, given everything that is claimed for the moment. `uptime` is a clock of this machine that never jumps.
    package mutating func decide(_ entries: [Entry], uptime: Duration) -> Decision {
        if let run = entries.lazy.compactMap(\.result).first(where: \.outcome.isSuccess) { return .served(run) }
        guard let newest = entries.max(by: { $0.number < $1.number }) else { return .claim(number: 1) }
        let next = Decision.claim(number: newest.number + 1)
        if newest.result != nil { return next }
        // Our own, from before a restart: its children died with it. Two agents of one name are kept apart by the lock
        // on their state.
        if let claim = newest.claim, claim.node == node, claim.agent != agent { return next }
        let renewal = newest.claim?.renewal
        guard let seen = sighting, seen.number == newest.number, seen.renewal == renewal else {
            sighting = Sighting(number: newest.number, renewal: renewal, since: uptime)
            return .held(by: newest.claim?.node ?? "another node")
        }
        let lifetime = min(3_600, max(1, newest.claim?.lifetimeSeconds ?? Self.lifetime))
        return uptime - seen.since >= .seconds(lifetime) ? next : .held(by: newest.claim?.node ?? "another node")
    }
}
