package import Topology

/// A fault, what happens around it, and what must hold afterwards.
package struct Scenario: Sendable {
    /// One step of a drill. The clients run all the while.
    package enum Step: Sendable, Equatable {
        case inject(Fault)
        /// Cut links or make them bad, beside what is cut already. Needs a network.
        case disturb(LinkFault)
        /// Wait until every client succeeds again. The drill goes on after a limit, and the report shows the rest.
        case awaitRecovery
        /// Let the clients run.
        case observe(Duration)
        /// Undo every fault: resume what was stopped, start what was killed, let every packet through.
        case repair
        /// Wait until the stack is whole: one master, all others follow it, all Sentinels agree.
        case awaitHealed
    }

    package var name: String
    /// One line for `--list`.
    package var summary: String
    package var steps: [Step]
    package var requirements: Requirements
    package var expectations: Expectations
    /// When the steps may end early: after the first ``Step/awaitHealed`` past this time. For schedules drawn at random.
    package var budget: Duration?
    /// What the steps were drawn from.
    package var seed: UInt64?

    package init(
        _ name: String, summary: String, steps: [Step], requirements: Requirements = Requirements(),
        expectations: Expectations
    ) {
        self.name = name
        self.summary = summary
        self.steps = steps
        self.requirements = requirements
        self.expectations = expectations
    }
}

extension Scenario: CustomStringConvertible {
    package var description: String { name }
}

/// What the stack must have for a scenario to mean something.
package struct Requirements: Sendable, Equatable {
    /// Redis keeps its data over a restart.
    package var persistence = false
    /// Every host is a network namespace, so that links can be cut.
    package var network = false
    /// What the store holds; nil when either will do.
    package var role: RedisTopology.Role?
    /// The prefix `drill:durable:` is durable.
    package var durable = false
    /// Sentinel's `down-after`. Where the master falls silent it must leave the sidecars time to be sure of that.
    package var downAfter: Duration = .seconds(1)
    /// The Redis nodes' data lies on small disks of their own. Only together with `network`.
    package var smallDisks = false
    /// How long sidecars let commands wait. Three seconds cover a master that is cut off, which has to be told from one
    /// that pauses.
    package var hold: Duration = .seconds(3)

    package init(
        persistence: Bool = false, network: Bool = false, role: RedisTopology.Role? = nil, durable: Bool = false,
        downAfter: Duration = .seconds(1), smallDisks: Bool = false, hold: Duration = .seconds(3)
    ) {
        self.persistence = persistence
        self.network = network
        self.role = role
        self.durable = durable
        self.downAfter = downAfter
        self.smallDisks = smallDisks
        self.hold = hold
    }
}

/// When a scenario passes. What no scenario forgives, whatever is written here: errors, duplicates, replies that
/// belong to somebody else, refused writes that were executed, writes out of order.
package struct Expectations: Sendable, Equatable {
    /// Which errors clients may see.
    package enum Errors: Sendable, Equatable {
        case none
        /// Those with which the server says itself that it did not execute the command.
        case refusals
        /// Any; they are counted.
        case any
    }

    /// The longest time a client may go without a success, beyond down-after when `addsDownAfter`.
    package var stall: Duration
    /// Whether Sentinel has to notice the fault first.
    package var addsDownAfter = false
    /// Whether another node is master afterwards; nil when both will do.
    package var failover: Bool? = false
    /// How many times each client may have one write in flight whose outcome nobody can know.
    package var masterFaults = 0
    /// Replication is asynchronous: writes acknowledged this shortly before the fault may be lost, and reads that
    /// miss them stale. They are reported all the same.
    package var replicationWindow: Duration = .zero
    /// The same for what an isolated master acknowledges to the clients isolated with it, counted from the fault.
    package var isolationWindow: Duration = .zero
    package var errors = Errors.none
    /// Sidecars whose clients are cut off with them: their errors, open writes and stalls are only counted.
    package var minority: [Int] = []
    /// How often the master may move at most; nil for as often as it likes.
    package var mostFailovers: Int?
    /// No write may be executed by the old master once another one has taken a write.
    package var fencesOldMaster = false
    /// A sidecar of the minority must stop writing once it has heard no Sentinel majority for `self_fence`.
    package var fencesMinority = false
    /// The faults are drawn at random: how long anything takes and what asynchronous replication loses is counted,
    /// not judged. Judged is what no schedule excuses: duplicates, losses on durable prefixes, clients left without
    /// an answer, replies to somebody else, refused writes that were executed, stale carts of a cache.
    package var isRandom = false

    package init(
        stall: Duration, addsDownAfter: Bool = false, failover: Bool? = false, masterFaults: Int = 0,
        replicationWindow: Duration = .zero
    ) {
        self.stall = stall
        self.addsDownAfter = addsDownAfter
        self.failover = failover
        self.masterFaults = masterFaults
        self.replicationWindow = replicationWindow
    }
}
