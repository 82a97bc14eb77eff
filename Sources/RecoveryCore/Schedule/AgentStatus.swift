package import Foundation

/// What an agent says of itself: the answer of `GET /v1/status`, in JSON with snake_case keys.
package struct AgentStatus: Sendable, Codable, Equatable {
    package struct Job: Sendable, Codable, Equatable {
        package enum State: String, Sendable, Codable {
            /// Its time has not come.
            case waiting
            /// By this agent.
            case running
            /// By the agent of another node.
            case elsewhere
        }

        package var name: String
        /// Five cron fields; nil for a job that runs without end, or after another one.
        package var schedule: String?
        package var state: State
        /// The node that runs it, when one does.
        package var node: String?
        package var nextRunAt: Date?
        package var last: JobRun?
        /// Runs that failed since the last one that did not.
        package var failures: Int

        package init(name: String, schedule: String?) {
            self.name = name
            self.schedule = schedule
            state = .waiting
            failures = 0
        }
    }

    package struct Shipping: Sendable, Codable, Equatable {
        /// How far the bucket is behind the server.
        package var lagMs: Int
        package var at: Date

        package init(lagMs: Int, at: Date) {
            self.lagMs = lagMs
            self.at = at
        }
    }

    package var node: String
    package var store: String
    package var startedAt: Date
    package var jobs: [Job]
    package var shipping: Shipping?
    /// When the newest backup was started that is verified, as the stores say.
    package var newestVerifiedAt: Date?
    package var newestBackupAt: Date?
    package var alerts: [AlertBook.Entry]

    package init(node: String, store: String, startedAt: Date, jobs: [Job]) {
        self.node = node
        self.store = store
        self.startedAt = startedAt
        self.jobs = jobs
        alerts = []
    }
}
