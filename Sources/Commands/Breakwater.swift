package import ArgumentParser

/// The root of the command line. Commands are registered here, in the order in which people need them.
package struct Breakwater: AsyncParsableCommand {
    static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "breakwater",
        abstract: "Keeps an online store selling through disasters, and proves it.",
        discussion: """
            One topology file describes the store: its Redis nodes, Sentinels, web servers. Breakwater checks it, \
            renders the configuration of every server from it, runs the whole store on one machine, and injects real \
            faults to measure what a shopper would have seen.

            Start here:

              breakwater init                 write a commented breakwater.yaml
              breakwater validate             check it
              breakwater demo                 run it, kill things, print what clients saw
              breakwater backup create        back its database up

            Exit codes: 0 done, 1 failed, 2 bad usage or invalid topology, 3 refused for safety, 4 done but degraded, \
            130 interrupted.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Describe",
                subcommands: [
                    InitCommand.self,
                    ValidateCommand.self,
                    RenderCommand.self,
                ]),
            CommandGroup(
                name: "Run on this machine",
                subcommands: [
                    UpCommand.self,
                    StatusCommand.self,
                    DownCommand.self,
                ]),
            CommandGroup(
                name: "Operate",
                subcommands: [
                    BackupCommand.self,
                    RestoreCommand.self,
                    FilesCommand.self,
                    SwitchoverCommand.self,
                    LoadBalancerCommand.self,
                    AgentCommand.self,
                ]),
            CommandGroup(
                name: "Prove",
                subcommands: [
                    DrillCommand.self,
                    DemoCommand.self,
                ]),
        ]
    )

    package init() {}

    /// Parses the process' arguments, runs the command and ends the process with one of ``ExitStatus``.
    package static func start() async -> Never {
        await start(arguments: Array(CommandLine.arguments.dropFirst()))
    }

    private static func start(arguments: [String]) async -> Never {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit(.done)
        } catch let code as ExitCode {
            // Thrown by a command that has already said why.
            exit(withCode: code)
        } catch {
            guard Self.exitCode(for: error) != .success else {
                // `--help` and `--version`.
                print(fullMessage(for: error))
                exit(.done)
            }
            let console = Console(json: arguments.contains("--json"))
            console.presentUsage(fullMessage(for: error), summary: message(for: error))
            exit(.invalid)
        }
    }

    private static func exit(_ status: ExitStatus) -> Never {
        exit(withCode: ExitCode(status.rawValue))
    }

    private static func exit(withCode code: ExitCode) -> Never {
        Self.exit(withError: code)
    }
}
