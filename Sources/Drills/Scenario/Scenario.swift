/// A fault, what happens around it, and what must hold afterwards.
package struct Scenario: Sendable {
    /// One step of a drill. The clients run all the while.
    package enum Step: Sendable, Equatable {
        case inject(Fault)
        /// Wait until every client succeeds again. The drill goes on after a limit, and the report shows the rest.
        case awaitRecovery
        /// Let the clients run.
        case observe(Duration)
        /// Undo every fault: resume what was stopped, start what was killed.
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

    package init(persistence: Bool = false) {
        self.persistence = persistence
    }
}

/// When a scenario passes. What no scenario forgives, whatever is written here: errors, duplicates, replies that
/// belong to somebody else, refused writes that were executed, writes out of order.
package struct Expectations: Sendable, Equatable {
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
