package import ArgumentParser
internal import Foundation
internal import LocalStack

/// `breakwater status`
package struct StatusCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the store on this machine is doing now.",
        discussion: """
            Asks every process: roles and replication lag of the Redis nodes, what each Sentinel names and whether it \
            sees a quorum, whether the sidecars are ready and the database answers. Exit code 0 when all is well, 4 when something is not, 1 \
            when nothing runs.

            Examples:

              breakwater status
              breakwater status --watch
              kill -9 $(breakwater status --json | jq '.members[] | select(.role == "master").pid')
            """
    )

    @Option(name: [.customShort("f"), .long], help: ArgumentHelp("The topology file.", valueName: "file"))
    package var file = "breakwater.yaml"
    @OptionGroup package var state: StateOptions
    @Flag(help: "Show it again every half second, until Ctrl-C.")
    package var watch = false
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        if watch, output.json { throw ValidationError("--watch shows a screen and --json one document: choose one") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let directory = state.directory(topology: file)
        guard watch else {
            let status = try await read(directory)
            try console.document(status)
            console.print(Self.text(status, console.colours))
            return status.healthy ? .done : .degraded
        }
        return try await watching(directory, console)
    }

    private func read(_ directory: StateDirectory) async throws -> StackStatus {
        if let status = await StackStatus.read(directory) { return status }
        throw UserFacingError(
            code: "stack.not_running", summary: "nothing is running in \(directory.path)",
            hint: "`breakwater up` starts the store; --state names another directory")
    }

    private func watching(_ directory: StateDirectory, _ console: Console) async throws -> ExitStatus {
        do {
            return try await Interruption.cancelling {
                while true {
                    let status = try await read(directory)
                    try Task.checkCancellation()
                    // Home, the new text, and nothing of the old below it: no flicker.
                    let text = Self.text(status, console.colours).split(
                        separator: "\n", omittingEmptySubsequences: false)
                    if console.isInteractive {
                        console.print("\u{1B}[H" + text.joined(separator: "\u{1B}[K\n") + "\u{1B}[K\u{1B}[J")
                    } else {
                        console.print(text.joined(separator: "\n") + "\n")
                    }
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
        } catch is CancellationError {
            return .done
        }
    }

    static func text(_ status: StackStatus, _ colours: Colours) -> String {
        var rows = [["", "NAME", "ADDRESS", "PID", "STATE", ""]]
        for member in status.members {
            let mark = colours.paint(member.healthy ? "●" : "✗", member.healthy ? .green : .red)
            rows.append([
                mark, member.name, member.address, member.pid.map { "\($0)" } ?? "–", member.process.rawValue,
                details(member),
            ])
        }
        let widths = (1...4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let table = rows.map { row in
            let cells = zip(row[1...4], widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            return "\(row[0].isEmpty ? " " : row[0]) \(cells.joined(separator: "  "))  \(row[5])"
        }
        let master = status.master ?? colours.paint("none agreed on", .red)
        return """
            \(status.store): \(status.healthy ? colours.paint("healthy", .green) : colours.paint("degraded", .red))
            master \(master), \(status.sentinelsWithQuorum) of \(status.sentinels) Sentinels see a quorum

            \(table.joined(separator: "\n"))
            """
    }

    private static func details(_ member: StackStatus.Member) -> String {
        switch member.kind {
        case .redis:
            switch member.role {
            case .master where !member.healthy: return "calls itself master; the Sentinels do not"
            case .master: return "master"
            case .replica where member.linked == false: return "replica, not linked to its master"
            case .replica: return "replica" + (member.lagBytes.map { ", \($0) bytes behind" } ?? "")
            case nil: return member.process == .running ? "does not answer" : ""
            }
        case .sentinel:
            guard let master = member.master, let epoch = member.epoch else {
                return member.process == .running ? "does not answer" : ""
            }
            return "names \(master) at epoch \(epoch)\(member.quorum == true ? "" : ", sees no quorum")"
        case .database:
            guard member.process == .running else { return "" }
            if let linked = member.linked {
                return linked ? "replica, \(member.lagSeconds ?? 0) s behind" : "replica, does not follow its primary"
            }
            return member.healthy ? "takes statements" : "does not answer"
        case .web, .php, .agent, .balancer:
            guard member.process == .running else { return "" }
            return member.trouble ?? (member.kind == .agent ? "serves" : "answers")
        case .sidecar:
            guard member.process == .running else { return "" }
            return (member.healthy ? "ready" : "not ready") + (member.socket.map { ", unix:\($0)" } ?? "")
        }
    }
}
