package import ArgumentParser

/// `breakwater switchover`
package struct SwitchoverCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "switchover",
        abstract: "Hand a master's part to another node, without losing anything.",
        subcommands: [SwitchoverRedisCommand.self])

    package init() {}
}
