package import ArgumentParser
internal import ControlAPI
internal import Foundation
internal import RecoveryCore

/// `breakwater agent run JOB`
package struct AgentRunCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Have the agent run a job now, whatever its schedule says.",
        discussion: """
            Exit codes: 0 it has begun, or with --wait is done; 1 no agent answers, it runs already, or with --wait it \
            has failed; 4 with --wait: done, but degraded.

            Examples:

              breakwater agent run backup
              breakwater agent run verify --wait
            """
    )

    @Argument(help: "The job: `agent status` lists them.")
    package var job: String
    @Flag(help: "Return when it has ended, and say how.")
    package var wait = false
    @OptionGroup package var place: AgentOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    private struct Document: Encodable {
        var job: String
        var due: Date
        var run: JobRun?
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let client = try place.client(console)
        return try await Interruption.cancelling {
            let due = try await UserFacingError.translatingAgent { try await client.run(job) }
            guard wait else {
                console.print("\(job) has begun; `breakwater agent status` shows how it ends")
                try console.document(Document(job: job, due: due, run: nil))
                return .done
            }
            let run = try await ended(due, client)
            try console.document(Document(job: job, due: due, run: run))
            console.print("\(job): \(run.outcome.rawValue)" + (run.detail.isEmpty ? "" : ": \(run.detail)"))
            return switch run.outcome {
            case .done: .done
            case .degraded: .degraded
            case .failed, .interrupted: .failed
            }
        }
    }

    private func ended(_ due: Date, _ client: ControlClient) async throws -> JobRun {
        while true {
            let status = try await UserFacingError.translatingAgent { try await client.status() }
            if let last = status.jobs.first(where: { $0.name == job })?.last, last.due == due { return last }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
