/// A fault that a drill injects into a real process.
package struct Fault: Sendable, Hashable {
    package enum Target: Sendable, Hashable {
        /// The Redis node that is master when the fault is injected.
        case master
        /// A Redis node that follows it: the first one in the order of the topology.
        case replica
        /// The last one in that order.
        case lastReplica
        /// A Sentinel, counted from 0 in the order of the topology.
        case sentinel(Int)
    }

    package enum Action: String, Sendable {
        /// SIGKILL: no clean-up, the kernel resets the connections.
        case kill = "SIGKILL"
        /// SIGSTOP: connections stay open, nothing answers.
        case stop = "SIGSTOP"
        /// SIGTERM: Redis pauses writes, waits for its replicas, and exits.
        case terminate = "SIGTERM"
        /// `SENTINEL FAILOVER`, asked of a Sentinel: another master is elected while the old one lives and serves.
        case failover = "SENTINEL FAILOVER"
        /// SIGKILL, and started again at once without the data it had on disk.
        case wipe = "SIGKILL and delete the data of"
        /// The disk of the node is filled up; the disk must be the node's own.
        case fillDisk = "fill the disk of"
        /// `breakwater switchover redis`, the built program: no fault, but what nobody may notice.
        case switchover = "breakwater switchover redis"
    }

    package var action: Action
    package var target: Target

    package init(_ action: Action, _ target: Target) {
        self.action = action
        self.target = target
    }
}

/// The process that a fault struck.
package struct Victim: Sendable, Equatable {
    package var name: String
    package var pid: Int32
    package var action: Fault.Action
}
