package import Foundation
package import RecoveryCore

/// What the control API needs of an agent.
package struct ControlActions: Sendable {
    package enum RunAnswer: Sendable, Equatable {
        /// The moment that its run is for.
        case started(due: Date)
        /// It is running already, here or on another node.
        case running(on: String)
        case unknownJob
        case stopping
    }

    package var status: @Sendable () async throws -> AgentStatus
    /// Starts a job now, whatever its schedule says.
    package var run: @Sendable (_ job: String) async throws -> RunAnswer
    /// In Prometheus' text format.
    package var metrics: @Sendable () async throws -> String

    package init(
        status: @escaping @Sendable () async throws -> AgentStatus,
        run: @escaping @Sendable (String) async throws -> RunAnswer,
        metrics: @escaping @Sendable () async throws -> String
    ) {
        self.status = status
        self.run = run
        self.metrics = metrics
    }
}
