import Logging
import NIOPosix
import RedisProxy
import ServiceLifecycle
import UnixSignals

/// What a sidecar consists of, ready to run.
struct Startup {
    private let reader: ConfigurationReader
    private let configuration: ProxyConfiguration
    private let inherited: InheritedSockets
    private let logger: Logger

    /// Reads the configuration and prepares the process. Nothing is opened yet.
    init(_ options: ProxyOptions) throws(InvalidConfiguration) {
        do {
            inherited = try InheritedSockets.take()
        } catch {
            throw InvalidConfiguration(lines: [error.description])
        }
        reader = ConfigurationReader(options: options, inherited: inherited.addresses)
        let outcome = try reader.read()
        configuration = outcome.configuration

        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "breakwater-proxy")
        logger.logLevel = options.operation.logLevel
        self.logger = logger
        for warning in outcome.warnings { logger.warning("\(warning)") }
        for address in inherited.addresses where !configuration.listeners.map(\.address).contains(address) {
            logger.warning("a socket of the service manager is not used", metadata: ["address": "\(address)"])
        }
        ProcessLimits.prepare(clients: configuration.limits.clients, logger: logger)
    }

    /// Runs until SIGTERM or SIGINT, then drains.
    ///
    /// - Throws: `ConfigurationProblem` when an address cannot be opened.
    func run() async throws {
        let proxy = RedisProxyService(
            configuration: configuration, binder: ListenerBinder(inherited: inherited), logger: logger)
        var services: [any Service] = []
        if let admin = configuration.admin {
            services.append(
                try await AdminServer.bind(
                    to: admin, group: MultiThreadedEventLoopGroup.singleton, logger: logger,
                    status: { await proxy.status() }))
        }
        if let control = configuration.control {
            services.append(
                try await AdminServer.bind(
                    to: control.endpoint, group: MultiThreadedEventLoopGroup.singleton, logger: logger,
                    respond: ControlResponder(key: control.key, sidecar: proxy, logger: logger).respond))
        }
        services.append(ReloadOnHangup(proxy: proxy, reader: reader, current: configuration, logger: logger))
        services.append(proxy)
        // Ended from the last to the first: /readyz says that the sidecar drains until it has.
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = configuration.drainTimeout + .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }
}

/// Reads the configuration again on SIGHUP. One that cannot be used changes nothing.
struct ReloadOnHangup: Service {
    let proxy: RedisProxyService
    let reader: ConfigurationReader
    let current: ProxyConfiguration
    let logger: Logger

    func run() async throws {
        var current = current
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                let outcome = try reader.read()
                for warning in outcome.warnings { logger.warning("\(warning)") }
                let kept = outcome.configuration.needingRestart(since: current)
                if !kept.isEmpty {
                    logger.warning(
                        "these settings take effect only after a restart",
                        metadata: ["settings": "\(kept.joined(separator: " "))"])
                }
                await proxy.reload(outcome.configuration)
                current = outcome.configuration
                logger.info("reloaded")
            } catch {
                logger.error(
                    "the configuration cannot be used and is not changed",
                    metadata: ["problems": "\(error.lines.joined(separator: "; "))"])
            }
        }
    }
}
