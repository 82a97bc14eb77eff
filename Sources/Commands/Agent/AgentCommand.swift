package import ArgumentParser

/// `breakwater agent`
package struct AgentCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Back up, verify, prune and ship the log at the times that the topology names.",
        discussion: """
            Without a subcommand it is the agent of one node, which runs until it is told to stop. Several nodes may \
            have one: only one of them runs a job at a time, and when it dies, another one takes over.

            Examples:

              breakwater agent --node web-1
              breakwater agent status
              breakwater agent run backup --wait
            """,
        subcommands: [
            AgentServeCommand.self, AgentStatusCommand.self, AgentRunCommand.self, AgentHealthCommand.self,
        ],
        defaultSubcommand: AgentServeCommand.self)

    package init() {}
}
