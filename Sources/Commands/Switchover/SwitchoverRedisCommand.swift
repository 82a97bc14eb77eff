package import ArgumentParser
internal import Logging
internal import RecoveryCore
internal import RedisClient
internal import Topology

/// `breakwater switchover redis`
package struct SwitchoverRedisCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "redis",
        abstract: "Make another Redis node the master, with no error and no lost write.",
        discussion: """
            Every sidecar holds its clients' commands for a moment; the master takes no writes; when a replica has \
            all of them, one Sentinel is asked for the failover, and the sidecars go on with the new master. If \
            anything fails before that, everything is undone.

            Exit codes: 0 done; 1 failed and undone, or of unknown outcome; 3 refused, and the message says what \
            would allow it; 4 done, but not confirmed by the Sentinels, or another node than --to.

            Examples:

              breakwater switchover redis
              breakwater switchover redis --to redis-2 --json
            """
    )

    @Option(
        help: ArgumentHelp("The service, when the file could mean another (default: the file's).", valueName: "name"))
    package var service: String?
    @Option(
        help: ArgumentHelp("The node that is to become master (default: whom Sentinel prefers).", valueName: "node"))
    package var to: String?
    @Option(
        help: ArgumentHelp(
            "Go on although this node's sidecar does not answer. May be repeated.", valueName: "node"))
    package var without: [String] = []
    @Option(
        help: ArgumentHelp(
            "Undo when clients would wait longer than this until a Sentinel is asked (default: 400ms).",
            valueName: "duration"),
        transform: Self.duration)
    package var timeout: Duration?
    @OptionGroup package var topology: TopologyOptions
    @OptionGroup package var state: StateOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try SwitchoverPlace(topology, state, console)
        var settings = place.settings
        if let service, service != settings.service {
            throw UserFacingError(
                code: "switchover.unknown_service", summary: "there is no service \(service)",
                hint: "the topology's service is \(settings.service)", status: .invalid)
        }
        if let to {
            guard let node = place.nodes.first(where: { $0.value == to })?.key else {
                throw UserFacingError(
                    code: "switchover.unknown_node", summary: "there is no Redis node \(to)",
                    hint: "the nodes are \(place.nodes.values.sorted().joined(separator: ", "))", status: .invalid)
            }
            settings.target = node
        }
        for name in without where !settings.sidecars.contains(where: { $0.name == name }) {
            throw UserFacingError(
                code: "switchover.unknown_node", summary: "there is no sidecar on \(name)",
                hint: "the sidecars are on \(settings.sidecars.map(\.name).joined(separator: ", "))", status: .invalid)
        }
        settings.without = Set(without)
        if let timeout { settings.patience = timeout }
        let log = Logger(label: "breakwater.switchover") { ConsoleLog(console: console, label: $0) }
        let coordinator = SwitchoverCoordinator(settings: settings, logger: log) { console.note($0) }
        let report = await Self.run(coordinator)
        return try SwitchoverResult(report, place, target: to).present(console)
    }

    /// Runs to the end; a signal asks for an undo.
    private static func run(_ coordinator: SwitchoverCoordinator) async -> SwitchoverCoordinator.Report {
        let interruption = await Interruption()
        return await withTaskGroup(of: SwitchoverCoordinator.Report?.self) { group in
            group.addTask { await coordinator.run() }
            group.addTask {
                await interruption.received()
                if !Task.isCancelled { coordinator.interrupt() }
                return nil
            }
            var report: SwitchoverCoordinator.Report?
            while report == nil, let next = await group.next() { report = next }
            group.cancelAll()
            guard let report else { preconditionFailure("a coordinator always reports") }
            return report
        }
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(topologyText: text), duration > .zero, duration <= .seconds(30) else {
            throw ValidationError("'\(text)' is not a duration of at most 30s, such as 400ms")
        }
        return duration
    }
}
