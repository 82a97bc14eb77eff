package import ArgumentParser
internal import ControlAPI
internal import Foundation
internal import LocalStack
internal import Topology

extension StoreTopology {
    /// The agent's section, with what lies beside the topology file of a store on one machine.
    func agent(file: String) -> AgentTopology {
        var agent = agent
        guard provider == .local else { return agent }
        let folder = NodeState.folder(self, file: file)
        if agent.state == AgentTopology.standardState { agent.state = "\(folder)/agent" }
        if agent.socket == AgentTopology.standardSocket { agent.socket = "\(folder)/agent.sock" }
        if agent.identity == nil, hasLocalDatabase {
            agent.identity = LocalBackups(StateDirectory(StateDirectory.besideTopology(file))).identityFile
        }
        return agent
    }
}

/// `-f FILE` and `--socket PATH`: where an agent answers.
package struct AgentOptions: ParsableArguments {
    @OptionGroup package var topology: TopologyOptions
    @Option(
        help: ArgumentHelp("The agent's socket (default: the topology's `agent.socket`).", valueName: "path"))
    package var socket: String?

    package init() {}

    func client(_ console: Console) throws -> ControlClient {
        ControlClient(socket: try socket ?? topology.load(console).agent(file: topology.file).socket)
    }
}

extension UserFacingError {
    /// What an agent's client says.
    init(_ failure: ControlClient.Failure) {
        switch failure {
        case .noAnswer(let socket, let cause):
            self.init(
                code: "agent.not_running", summary: "no agent answers at \(socket)",
                hint: "`systemctl status breakwater-agent`; --socket names another place, and its group may ask",
                cause: cause)
        case .refused(let code, let message):
            self.init(
                code: code, summary: message, hint: code == "agent.unknown_job" ? "`agent status` lists them" : nil)
        case .unreadable(let reason):
            self.init(code: "agent.unreadable", summary: "the agent's answer cannot be read", cause: reason)
        }
    }

    static func translatingAgent<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let failure as ControlClient.Failure {
            throw UserFacingError(failure)
        }
    }
}
