import ArgumentParser
import Logging
import RedisClient
import RedisProxy
import Topology

/// The flags. Those left out leave the topology's word, or the default.
struct ProxyOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("A topology to take the settings from.", valueName: "file")
    )
    var file: String?

    @Option(help: ArgumentHelp("The topology's name for the machine the sidecar runs on.", valueName: "name"))
    var node: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("A Sentinel. Name all of them.", valueName: "host:port"),
        transform: OptionText.endpoint)
    var sentinel: [RedisEndpoint] = []

    @Option(help: ArgumentHelp("The name the Sentinels know the master under.", valueName: "name"))
    var service: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Where clients connect.", valueName: "host:port|unix:path"),
        transform: OptionText.address)
    var listen: [RedisAddress] = []

    @Option(
        help: ArgumentHelp("Permissions of unix sockets, in octal (default: 0660).", valueName: "mode"),
        transform: OptionText.mode)
    var socketMode: UInt32?

    @Option(help: ArgumentHelp("The ACL user at the Redis servers.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("The password at the Redis servers.", valueName: "file"))
    var passwordFile: String?

    @Option(help: ArgumentHelp("The ACL user at the Sentinels.", valueName: "name"))
    var sentinelUser: String?

    @Option(help: ArgumentHelp("The password at the Sentinels.", valueName: "file"))
    var sentinelPasswordFile: String?

    @Option(help: ArgumentHelp("The password that clients must give.", valueName: "file"))
    var clientPasswordFile: String?

    @OptionGroup(title: "TLS") var tls: TLSOptions

    @Option(
        help: ArgumentHelp("How long commands wait for a master (default: 800ms).", valueName: "duration"),
        transform: OptionText.duration)
    var hold: Duration?

    @Option(help: "What follows when they waited in vain (default: close).")
    var onTimeout: HoldTimeout?

    @Option(help: "Whether the data may be forgotten (default: store).")
    var role: ServiceRole?

    @Option(
        help: ArgumentHelp(
            "With --role cache: how long written keys are remembered, to be deleted on a new master (default: 30s).",
            valueName: "duration"),
        transform: OptionText.duration)
    var guardWindow: Duration?

    @Option(help: "How much the sidecar helps Sentinel to fail over (default: assisted).")
    var failover: FailoverLevel?

    @Option(
        help: ArgumentHelp(
            "How long to use the master without word of a majority of the Sentinels (default: for ever).",
            valueName: "duration"),
        transform: OptionText.duration)
    var selfFence: Duration?

    @OptionGroup(title: "Assisted failover") var assisted: AssistedOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Keys beginning so may have their SET, SETEX and DEL sent again when the outcome is unknown.",
            valueName: "prefix"))
    var idempotent: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Keys beginning so are acknowledged only after replicas have them.", valueName: "prefix"))
    var durable: [String] = []

    @Option(help: ArgumentHelp("How many replicas (default: 1).", valueName: "count"))
    var durableReplicas: Int?

    @Option(
        help: ArgumentHelp("How long a durable write waits for them (default: 500ms).", valueName: "duration"),
        transform: OptionText.duration)
    var durableTimeout: Duration?

    @OptionGroup(title: "Reads from replicas") var replicas: ReplicaOptions

    @Option(
        help: ArgumentHelp("Serve /livez, /readyz and /metrics there.", valueName: "host:port"),
        transform: OptionText.admin)
    var admin: RedisEndpoint?

    @OptionGroup(title: "Control") var control: ControlOptions

    @OptionGroup(title: "Limits and operation") var operation: OperationOptions
}

/// TLS on either side. Files are in PEM form.
struct TLSOptions: ParsableArguments {
    @Flag(name: .customLong("tls"), help: "Speak TLS to servers and Sentinels.")
    var isOn = false

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp("The authorities whose servers are trusted (default: the system's).", valueName: "file"))
    var ca: String?

    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp("What the sidecar shows to servers that ask.", valueName: "file"))
    var certificate: String?

    @Option(name: .customLong("tls-key"), help: ArgumentHelp("Its private key.", valueName: "file"))
    var key: String?

    @Option(
        name: .customLong("tls-server-name"),
        help: ArgumentHelp("The name in the servers' certificates (default: each one's address).", valueName: "name"))
    var serverName: String?

    @Option(
        name: .customLong("listen-tls-certificate"),
        help: ArgumentHelp("Speak TLS to clients on TCP addresses, with this certificate.", valueName: "file"))
    var listenCertificate: String?

    @Option(name: .customLong("listen-tls-key"), help: ArgumentHelp("Its private key.", valueName: "file"))
    var listenKey: String?

    @Option(
        name: .customLong("listen-tls-ca"),
        help: ArgumentHelp("The authorities whose clients are trusted.", valueName: "file"))
    var listenCA: String?

    @Option(
        name: .customLong("listen-tls-clients"),
        help: "Whether clients need a certificate of those authorities (default: required, given --listen-tls-ca).")
    var listenClients: ListenerTLS.Clients?
}

/// Which reads replicas may answer; see docs/breakwater-proxy.md.
struct ReplicaOptions: ParsableArguments {
    @Option(
        name: .customLong("replica-read"), parsing: .upToNextOption,
        help: ArgumentHelp("Reads of keys beginning so may be answered by replicas.", valueName: "prefix"))
    var prefixes: [String] = []

    @Option(
        name: .customLong("replica-read-command"), parsing: .upToNextOption,
        help: ArgumentHelp("These reads may be, whatever their keys.", valueName: "name"))
    var commands: [String] = []

    @Option(
        name: .customLong("replica-max-lag"),
        help: ArgumentHelp("How far behind a replica may be (default: 1s).", valueName: "duration"),
        transform: OptionText.duration)
    var maxLag: Duration?
}

/// How `--failover assisted` goes about it.
struct AssistedOptions: ParsableArguments {
    enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

    @Option(
        help: ArgumentHelp(
            "How long a master may be silent before it counts as hung (default: 600ms).", valueName: "duration"),
        transform: OptionText.duration)
    var hangAfter: Duration?

    @Option(help: "Whether commands go on before a Sentinel majority confirms the new master (default: on).")
    var earlyRelease: Switch?

    @Option(
        help: ArgumentHelp(
            "The ACL user that asks and re-points replicas (default: breakwater, given its password).",
            valueName: "name"))
    var controlUser: String?

    @Option(help: ArgumentHelp("That user's password.", valueName: "file"))
    var controlPasswordFile: String?
}

/// Where other sidecars and `breakwater switchover` reach this one.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve the control API there, for the other sidecars and for switchovers. Needs the secret.",
            valueName: "host:port"),
        transform: OptionText.admin)
    var control: RedisEndpoint?

    @Option(
        help: ArgumentHelp("The secret that every user of the control API proves to know.", valueName: "file"))
    var controlSecretFile: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The control address of another sidecar, to ask what it sees of the master.", valueName: "host:port"),
        transform: OptionText.endpoint)
    var peer: [RedisEndpoint] = []
}

/// The flags that few installations need.
struct OperationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Event loops (default: 1).", valueName: "count"))
    var threads: Int?

    @Option(help: ArgumentHelp("Client connections at once (default: 10000).", valueName: "count"))
    var maxClients: Int?

    @Option(
        help: ArgumentHelp("Bytes of commands held at once (default: 64MiB).", valueName: "size"),
        transform: OptionText.size)
    var maxHeldBytes: Int?

    @Option(
        help: ArgumentHelp("The longest string of a request (default: 512MiB).", valueName: "size"),
        transform: OptionText.size)
    var maxBulkBytes: Int?

    @Option(
        help: ArgumentHelp("Bytes of written keys that a cache remembers (default: 32MiB).", valueName: "size"),
        transform: OptionText.size)
    var maxJournalBytes: Int?

    @Option(
        help: ArgumentHelp("Log commands that take this long, without keys.", valueName: "duration"),
        transform: OptionText.duration)
    var slowLog: Duration?

    @Option(
        help: ArgumentHelp("How long SIGTERM waits for commands under way (default: 10s).", valueName: "duration"),
        transform: OptionText.duration)
    var drainTimeout: Duration?

    @Option(
        help: ArgumentHelp("The least severe messages to log: trace to critical (default: info).", valueName: "level"),
        transform: OptionText.logLevel)
    var logLevel = Logger.Level.info
}

extension ListenerTLS.Clients: ExpressibleByArgument {}
extension HoldTimeout: ExpressibleByArgument {}
extension ServiceRole: ExpressibleByArgument {}
extension FailoverLevel: ExpressibleByArgument {}

/// Reads the values of flags, and says what was expected when one cannot be read.
enum OptionText {
    static func endpoint(_ text: String) throws -> RedisEndpoint {
        guard let endpoint = RedisEndpoint(parsing: text) else {
            throw ValidationError("'\(text)' is not HOST:PORT, such as 10.0.0.21:26379 or [fd00::21]:26379")
        }
        return endpoint
    }

    /// `HOST:PORT`; `:PORT` or `PORT` alone is on loopback.
    static func admin(_ text: String) throws -> RedisEndpoint {
        let port = text.hasPrefix(":") ? String(text.dropFirst()) : text
        return try endpoint(port.allSatisfy(\.isNumber) ? "127.0.0.1:\(port)" : text)
    }

    static func address(_ text: String) throws -> RedisAddress {
        guard let address = RedisAddress(parsing: text) else {
            throw ValidationError(
                "'\(text)' is neither HOST:PORT nor unix:PATH (of at most 107 bytes), such as 127.0.0.1:6379 or "
                    + "unix:/run/breakwater/redis.sock")
        }
        return address
    }

    static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(topologyText: text) else {
            throw ValidationError("'\(text)' is not a duration, such as 800ms, 5s or 1m")
        }
        return duration
    }

    static func size(_ text: String) throws -> Int {
        guard let size = ByteSize(text) else {
            throw ValidationError("'\(text)' is not a size, such as 64MiB or 1048576")
        }
        return size.bytes
    }

    static func logLevel(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("'\(text)' is none of \(known)")
        }
        return level
    }

    static func mode(_ text: String) throws -> UInt32 {
        guard let mode = UInt32(text, radix: 8), mode <= 0o777 else {
            throw ValidationError("'\(text)' is not a mode in octal, such as 0660")
        }
        return mode
    }
}
