package import ArgumentParser
internal import ControlAPI
internal import Foundation
internal import RecoveryCore

/// `breakwater agent status`
package struct AgentStatusCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the agent of this machine runs, and what worries it.",
        discussion: """
            Exit codes: 0 all is well; 1 no agent answers; 4 an alert is open.

            Examples:

              breakwater agent status
              breakwater agent status --watch
              breakwater agent status --socket /run/breakwater/agent.sock --json | jq .jobs
            """
    )

    @OptionGroup package var place: AgentOptions
    @Flag(help: "Show it again every second, until Ctrl-C.")
    package var watch = false
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        if watch, output.json { throw ValidationError("--watch shows a screen and --json one document: choose one") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let client = try place.client(console)
        guard watch else {
            let status = try await UserFacingError.translatingAgent { try await client.status() }
            try console.document(status)
            for line in Self.lines(status, now: Date()) { console.print(line) }
            return status.alerts.isEmpty ? .done : .degraded
        }
        do {
            return try await Interruption.cancelling {
                while true {
                    let status = try await UserFacingError.translatingAgent { try await client.status() }
                    let lines = Self.lines(status, now: Date())
                    if console.isInteractive {
                        console.print("\u{1B}[H" + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[K\u{1B}[J")
                    } else {
                        console.print(lines.joined(separator: "\n") + "\n")
                    }
                    try await Task.sleep(for: .seconds(1))
                }
            }
        } catch is CancellationError {
            return .done
        }
    }

    static func lines(_ status: AgentStatus, now: Date) -> [String] {
        var lines = ["\(status.store): agent of \(status.node), up \(Readable.age(status.startedAt, now: now))"]
        var table = TextTable(["JOB", "SCHEDULE", "STATE", "NEXT", "LAST", "FAILURES"], rightAligned: [5])
        for job in status.jobs {
            let state =
                switch job.state {
                case .waiting: "waiting"
                case .running: "running"
                case .elsewhere: "running on \(job.node ?? "another node")"
                }
            let last = job.last.map {
                "\($0.outcome.rawValue) \(Readable.age($0.finishedAt, now: now)) ago on \($0.node)"
            }
            table.add([
                job.name, job.schedule ?? "–", state, job.nextRunAt.map(Readable.time) ?? "–", last ?? "never",
                "\(job.failures)",
            ])
        }
        lines += table.lines
        if let shipping = status.shipping {
            lines.append("log shipped up to \(shipping.lagMs) ms ago, seen \(Readable.age(shipping.at, now: now)) ago")
        }
        if let newest = status.newestBackupAt {
            lines.append("newest backup: \(Readable.age(newest, now: now)) old")
        }
        if let newest = status.newestVerifiedAt {
            lines.append("newest verified backup: \(Readable.age(newest, now: now)) old")
        }
        for alert in status.alerts {
            lines.append("ALERT since \(Readable.time(alert.since)): \(alert.text) [\(alert.key)]")
        }
        return lines
    }
}
