package import ArgumentParser
internal import LocalStack

/// `breakwater down`
package struct DownCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the store that `up` started on this machine.",
        discussion: """
            Sidecars first, then Sentinels, then Redis, each with time to save. Data and logs stay in the state \
            directory. Where nothing runs, nothing happens.
            """
    )

    @Option(name: [.customShort("f"), .long], help: ArgumentHelp("The topology file.", valueName: "file"))
    package var file = "breakwater.yaml"
    @OptionGroup package var state: StateOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let directory = state.directory(topology: file)
        let stopping = try await DetachedSupervisor.stop(directory, within: .seconds(40))
        try console.document(
            Result(state: directory.path, stopped: stopping != .nothingRan, killed: stopping == .killed))
        switch stopping {
        case .nothingRan:
            console.print("nothing is running in \(directory.path)")
            return .done
        case .stopped:
            console.print("stopped")
            return .done
        case .killed:
            console.note("it did not stop by itself within 40 seconds and was killed; nothing is left running")
            return .degraded
        }
    }

    private struct Result: Encodable {
        var state: String
        var stopped: Bool
        var killed: Bool
    }
}
