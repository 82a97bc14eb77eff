package import ArgumentParser
package import LocalStack
internal import Topology

/// `-f FILE` and `--state DIR`, for the commands that deal with a store running on this machine.
package struct StateOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the store keeps its files, logs and sockets (default: .breakwater beside the topology).",
            valueName: "dir"))
    package var state: String?

    package init() {}

    package func directory(topology file: String = TopologyFile.defaultPath) -> StateDirectory {
        StateDirectory(state ?? StateDirectory.besideTopology(file))
    }
}

extension UserFacingError {
    init(_ error: StackError) {
        self.init(code: error.code, summary: error.summary, hint: error.hint, cause: error.cause)
        if error.code == "stack.running_already" { status = .refused }
    }
}
