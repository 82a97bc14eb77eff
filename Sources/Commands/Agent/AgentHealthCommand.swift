package import ArgumentParser
internal import FastCGI
internal import Foundation
internal import Logging
internal import MySQLClient
internal import NodeHealth
internal import RecoveryCore
internal import RedisClient
internal import ServiceLifecycle
internal import Topology
internal import UnixSignals

/// `breakwater agent health`: the endpoints of a web node alone, without jobs and without a topology.
package struct AgentHealthCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Serve a web node's health alone: what a load balancer asks for, without any job.",
        discussion: """
            Answers GET /livez, /healthz, /readyz and /metrics from checks that run in the background, however many \
            ask. What is not named is not looked at. /healthz says 503 only for faults of this node: its web server, \
            PHP-FPM, its folders, its disk, and while the drain file is there. A lost Redis or database is shared by \
            all nodes and empties no balancer, unless --strict names it.

            `breakwater agent --node NAME` serves the same on web nodes, with everything from the topology.

            Examples:

              breakwater agent health --listen 10.10.0.31:8080 --php-fpm unix:/run/php/php8.2-fpm.sock \\
                --docroot /var/www/html --redis unix:/run/breakwater/redis.sock
            """
    )

    @Option(help: ArgumentHelp("Where it answers.", valueName: "host:port"))
    package var listen: String
    @Option(
        help: ArgumentHelp("PHP-FPM, unix:/PATH or HOST:PORT; its pool has `ping.path = /ping`.", valueName: "address"))
    package var phpFpm: String?
    @Option(help: ArgumentHelp("The web server, which answers /breakwater-live by itself.", valueName: "host:port"))
    package var webServer: String?
    @Option(help: ArgumentHelp("WordPress' folder.", valueName: "directory"))
    package var docroot: String?
    @Option(help: ArgumentHelp("Make a page of this host through PHP-FPM now and then.", valueName: "name"))
    package var pageHost: String?
    @Option(help: ArgumentHelp("Redis as PHP reaches it, unix:/PATH or HOST:PORT.", valueName: "address"))
    package var redis: String?
    @Option(help: ArgumentHelp("A file with Redis' password.", valueName: "file"))
    package var redisPasswordFile: String?
    @Option(help: ArgumentHelp("A Sentinel; may be repeated.", valueName: "host:port"))
    package var sentinel: [String] = []
    @Option(help: ArgumentHelp("What the Sentinels call the master.", valueName: "name"))
    package var service = "mymaster"
    @Option(help: ArgumentHelp("The database, mysql://USER@HOST:PORT/NAME.", valueName: "url"))
    package var database: String?
    @Option(help: ArgumentHelp("A replica of the database; may be repeated.", valueName: "url"))
    package var replica: [String] = []
    @OptionGroup package var databaseOptions: DatabaseOptions
    @Option(help: ArgumentHelp("WordPress' options table, whose jobs must not be overdue.", valueName: "table"))
    package var optionsTable: String?
    @Option(help: ArgumentHelp("A certificate that must not run out; may be repeated.", valueName: "file"))
    package var certificate: [String] = []
    @Option(help: ArgumentHelp("Also answer 503 when this shared check fails; may be repeated.", valueName: "check"))
    package var strict: [String] = []
    @Option(help: ArgumentHelp("The node is drained as long as this file is there.", valueName: "file"))
    package var drainFile = "/var/lib/breakwater/drain"
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error.", valueName: "level"))
    package var logLevel = "info"
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level is no level") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let address = try endpoint(listen, "--listen")
        let settings = try settings(console)
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "breakwater.health")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        let health = settings.health
        let server = HealthServer(host: address.host, port: address.port, health: health, logger: logger)
        for check in strict {
            logger.warning("a failed shared check takes every node out at once", metadata: ["check": "\(check)"])
        }
        let configuration = ServiceGroupConfiguration(
            services: [health, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await ServiceGroup(configuration: configuration).run()
        return .done
    }

    private func settings(_ console: Console) throws -> HealthSettings {
        var settings = HealthSettings(drainFile: drainFile)
        settings.phpFPM = try phpFpm.map { text in
            switch try Self.listenAddress(text, "--php-fpm") {
            case .unix(let path): .unix(path)
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .loopback(let port): .tcp(host: "127.0.0.1", port: port)
            }
        }
        settings.webServer = try webServer.map { try endpoint($0, "--web-server") }
        (settings.docroot, settings.pageHost) = (docroot, pageHost)
        settings.redis = try redis.map { text in
            guard let address = RedisAddress(parsing: text) else { throw Self.unusable(text, "--redis") }
            return address
        }
        settings.redisCredentials = try redisPasswordFile.map {
            RedisCredentials(password: RedisClient.Secret(try PrivateFile($0).secret(console).reveal()))
        }
        settings.sentinels = try sentinel.map { try endpoint($0, "--sentinel") }
        settings.service = service
        settings.database = try database.map {
            HealthSettings.Database(
                try databaseOptions.settings(try MySQLAddress($0, option: "--database"), nil, console),
                options: optionsTable)
        }
        settings.replicas = try replica.map {
            try databaseOptions.settings(try MySQLAddress($0, option: "--replica"), nil, console)
        }
        settings.certificates = certificate
        settings.strict = Set(strict)
        let known = Set(settings.probes.map(\.check.name))
        for check in strict where !known.contains(check) {
            throw UserFacingError(
                code: "agent.unknown_check", summary: "--strict names \(check), which is not looked at",
                hint: "looked at: \(known.sorted().joined(separator: ", "))", status: .invalid)
        }
        return settings
    }

    private func endpoint(_ text: String, _ option: String) throws -> RedisEndpoint {
        guard let endpoint = RedisEndpoint(parsing: text) else { throw Self.unusable(text, option) }
        return endpoint
    }

    private static func listenAddress(_ text: String, _ option: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else { throw unusable(text, option) }
        return address
    }

    private static func unusable(_ text: String, _ option: String) -> UserFacingError {
        UserFacingError(
            code: "agent.unusable_address", summary: "\(option) names no address: \(text)",
            hint: "10.10.0.31:8080, or unix:/path where sockets are taken", status: .invalid)
    }
}
