package import Foundation

/// One run of a job that has ended.
package struct JobRun: Sendable, Codable, Equatable {
    package enum Outcome: String, Sendable, Codable, CaseIterable {
        case done
        /// Done, but something is worth a look.
        case degraded
        case failed
        /// It was stopped, or what ran it was killed: nobody knows how far it came, and it is run again.
        case interrupted

        /// Whether the moment is served.
        package var isSuccess: Bool { self == .done || self == .degraded }

        /// What an exit code of Breakwater's own commands means; nil for a process that a signal ended.
        package init(exitCode: Int32?) {
            self =
                switch exitCode {
                case 0: .done
                case 4: .degraded
                case nil, 130: .interrupted
                default: .failed
                }
        }
    }

    package var job: String
    /// The moment that it was for.
    package var due: Date
    /// The fencing number of its claim; it grows with each attempt at a moment.
    package var number: Int
    package var node: String
    package var startedAt: Date
    package var finishedAt: Date
    package var outcome: Outcome
    package var exitCode: Int?
    /// One line: what was made, or why not.
    package var detail: String

    package init(
        job: String, due: Date, number: Int, node: String, startedAt: Date, finishedAt: Date, outcome: Outcome,
        exitCode: Int? = nil, detail: String = ""
    ) {
        self.job = job
        self.due = due
        self.number = number
        self.node = node
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
        self.exitCode = exitCode
        self.detail = detail
    }
}
