internal import Agent
package import ArgumentParser
internal import BackupEngine
internal import ControlAPI
internal import Foundation
internal import LocalStack
internal import Logging
internal import Processes
internal import RecoveryCore
internal import ServiceLifecycle
internal import StateStore
internal import Topology
internal import UnixSignals

/// `breakwater agent --node NAME`: the daemon itself.
package struct AgentServeCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the agent of a node (what `breakwater agent` does by itself).",
        discussion: """
            On a web node it also answers its load balancer, people and Prometheus at the node's address and the port \
            of `load_balancer.health` (docs/agent.md).

            SIGTERM stops it: what runs is told to stop, and how it ended is noted. Nothing that it has started \
            survives it, not even when it is killed. Secrets come from the topology's references, as with every other \
            command.

            Exit codes: 0 stopped by a signal; 1 failed; 2 bad usage or invalid topology.
            """
    )

    @OptionGroup package var topology: TopologyOptions
    @Option(help: ArgumentHelp("Which of the topology's hosts this is.", valueName: "name"))
    package var node: String
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error.", valueName: "level"))
    package var logLevel = "info"
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level is no level") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let store = try topology.load(console)
        guard store.host(node) != nil else {
            throw UserFacingError(
                code: "agent.unknown_node", summary: "the topology has no host \(node)",
                hint: "its hosts: \(store.hosts.map(\.name).joined(separator: ", "))", status: .invalid)
        }
        let health = try WebNodeHealth(store, node: node)
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "breakwater.agent")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        // A store without backups has nodes that say how they are, all the same.
        if store.backup == nil, let health {
            try await run(health.services(logger, asking: nil), logger)
            return .done
        }
        do {
            let place = try BackupPlace(file: topology.file, console)
            let settings = try settings(place.topology ?? store)
            return try await place.withStores(console) { stores in
                try await place.withStores(console, pruning: true) { pruning in
                    try await serve(settings, stores, pruning, health, logger)
                    return .done
                }
            }
        } catch let error as AgentError {
            throw UserFacingError(error)
        } catch let error as StateStoreError {
            throw UserFacingError(
                code: "agent.state_unusable", summary: "\(error)", hint: "`agent.state` names another directory")
        } catch let error as ProcessError {
            throw UserFacingError(code: "agent.\(error.code)", summary: error.summary, cause: error.cause)
        }
    }

    private func serve(
        _ settings: AgentSettings, _ stores: [OpenStore], _ pruning: [OpenStore], _ health: WebNodeHealth?,
        _ logger: Logger
    ) async throws {
        guard let first = stores.first, let tidier = pruning.first else { preconditionFailure("there is a store") }
        let board = JobBoard(tidier.store)
        let agent = try Agent(
            settings,
            .init(
                board: JobBoard(first.store), tidy: { try await board.tidy($0) },
                facts: { try await StoreFacts(of: stores) }),
            logger: logger)
        // Left behind by an agent that was killed: the lock on the state says that there is none.
        unlink(settings.topology.socket)
        let control = ControlServer(
            socket: settings.topology.socket, actions: ControlActions(asking: agent), logger: logger)
        try await run([agent, control] + (health?.services(logger, asking: { await agent.status() }) ?? []), logger)
    }

    private func run(_ services: [any Service], _ logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(45)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func settings(_ store: StoreTopology) throws -> AgentSettings {
        let agent = store.agent(file: topology.file)
        for folder in [agent.state, URL(filePath: agent.socket).deletingLastPathComponent().path] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw UserFacingError(
                    code: "agent.state_unusable", summary: "\(folder) cannot be made", hint: "make it for this user",
                    cause: "\(error.localizedDescription)")
            }
        }
        let plan = AgentPlan(store, node: node, identity: agent.identity)
        return AgentSettings(
            store: store.store, node: node, plan: plan, topology: agent,
            file: URL(filePath: topology.file).absoluteURL.standardizedFileURL.path,
            program: Programs.thisProgram, state: agent.state,
            webhooks: try store.alerts.map { try $0.webhook.fetch() })
    }
}

extension ControlActions {
    fileprivate init(asking agent: Agent) {
        self.init(
            status: { await agent.status() },
            run: { job in
                switch await agent.request(job) {
                case .started(let due): .started(due: due)
                case .running(let node): .running(on: node)
                case .unknownJob: .unknownJob
                case .stopping: .stopping
                }
            },
            metrics: { try await agent.metrics() })
    }
}

extension StoreFacts {
    fileprivate init(of stores: [OpenStore]) async throws {
        let survey = try await StoreSurvey(stores, of: nil)
        self.init(survey)
    }

    private init(_ survey: StoreSurvey) {
        let readable = survey.entries.filter { $0.backup.manifest != nil }
        self.init(
            newestBackupAt: readable.map(\.backup.id.time).max(),
            newestVerifiedAt: readable.filter { $0.backup.candidate?.state == .verified }.map(\.backup.id.time).max(),
            unreachable: Dictionary(
                survey.readings.compactMap { reading in
                    reading.error.map { (reading.store.name, UserFacingError(presenting: $0).summary) }
                }, uniquingKeysWith: { first, _ in first }))
    }
}

extension UserFacingError {
    fileprivate init(_ error: AgentError) {
        switch error {
        case .runningAlready:
            self.init(
                code: "agent.running_already", summary: "\(error)",
                hint: "`breakwater agent status` asks it; `agent.state` names another directory", status: .refused)
        case .guardianGone:
            self.init(code: "agent.guardian_gone", summary: "\(error)", hint: "start the agent again")
        }
    }
}
