/// Commands that belong together, under the heading the documentation gives them.
package struct CommandGroup: Sendable {
    package let title: String
    package let commands: [CommandDescriptor]

    /// With a `commandClass`, all commands of the group are counted as that, instead of as what each one's kind says.
    init(_ title: String, class commandClass: CommandClass? = nil, commands: [CommandDescriptor]) {
        self.title = title
        self.commands = commandClass.map { common in commands.map { $0.counted(as: common) } } ?? commands
    }
}

/// Every command of Redis 7 with its subcommands, and what later versions and Valkey added.
///
/// Arity and key positions are what the server's COMMAND reports (https://redis.io/docs/latest/commands/command/), of
/// several versions the arity that allows the most; an integration test holds them against running servers. A container stands before its subcommands.
package enum CommandCatalogue {
    package static let groups: [CommandGroup] = [
        strings, bitmaps, hyperLogLogs, hashes, lists, sets, sortedSets,
        geo, streams, keys, transactions, scripting, pubsub, connection, server, cluster,
    ]

    package static let all: [CommandDescriptor] = groups.flatMap(\.commands)
}
