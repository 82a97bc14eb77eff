package import RecoveryCore
package import Topology

/// What an agent is started with.
package struct AgentSettings: Sendable {
    package var store: String
    package var node: String
    package var plan: AgentPlan
    package var topology: AgentTopology
    /// The topology file, which jobs are given; an absolute path.
    package var file: String
    /// This program; an absolute path.
    package var program: String
    /// A directory of this agent alone, which exists.
    package var state: String
    /// Where alerts go. Whoever has such a URL can post: they are secrets.
    package var webhooks: [Secret]

    package init(
        store: String, node: String, plan: AgentPlan, topology: AgentTopology, file: String, program: String,
        state: String, webhooks: [Secret]
    ) {
        self.store = store
        self.node = node
        self.plan = plan
        self.topology = topology
        self.file = file
        self.program = program
        self.state = state
        self.webhooks = webhooks
    }
}

/// Why an agent cannot run, or go on.
package enum AgentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The state directory is another agent's.
    case runningAlready(state: String)
    /// What keeps the agent's processes together is gone, and its processes with it.
    case guardianGone

    package var description: String {
        switch self {
        case .runningAlready(let state): "another agent is running with the state in \(state)"
        case .guardianGone: "the guardian of the agent's processes has ended"
        }
    }
}
