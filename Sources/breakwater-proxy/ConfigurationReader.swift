import Glibc
import RedisClient
import RedisProxy
import Topology

/// Puts a configuration together from the topology, the flags, and the files and variables with passwords. Reads
/// everything anew each time, so that a reload sees what has changed.
struct ConfigurationReader: Sendable {
    var options: ProxyOptions
    /// Listeners when neither flags nor topology name any: the sockets of the service manager.
    var inherited: [RedisAddress] = []
    var environment: @Sendable (String) -> String? = { name in getenv(name).map { String(cString: $0) } }

    /// What was read, and what is doubtful about it, for people.
    struct Outcome {
        var configuration: ProxyConfiguration
        var warnings: [String]
    }

    /// - Throws: `InvalidConfiguration` with everything that was found.
    func read() throws(InvalidConfiguration) -> Outcome {
        var findings = Findings()
        var settings = topologySettings(&findings) ?? TopologySettings()
        apply(to: &settings.passwords)
        apply(to: &settings.configuration)
        read(settings.passwords, into: &settings.configuration, &findings)
        settings.tls.apply(options.tls)
        settings.tls.read(into: &settings.configuration, &findings)
        readControl(settings, into: &settings.configuration, &findings)
        // What a broken topology does not say would only be found missing again.
        if findings.errors.isEmpty { findings.add(settings.configuration.problems()) }
        guard findings.errors.isEmpty else { throw InvalidConfiguration(lines: findings.warnings + findings.errors) }
        return Outcome(configuration: settings.configuration, warnings: findings.warnings)
    }

    private func topologySettings(_ findings: inout Findings) -> TopologySettings? {
        guard let file = options.file else {
            if options.node != nil {
                findings.add(
                    .unusable(
                        "node_without_file", "--node names a machine of a topology, and there is no topology.",
                        hint: "give the topology with -f FILE"))
            }
            return nil
        }
        let reading = TopologyFile.load(file)
        for diagnostic in reading.diagnostics { findings.add(diagnostic) }
        guard let topology = reading.topology else { return nil }
        do {
            return try TopologySettings(topology, node: options.node, withSentinels: options.sentinel.isEmpty)
        } catch {
            findings.add(error)
            return nil
        }
    }

    // MARK: Flags

    private func apply(to passwords: inout PasswordSources) {
        func source(_ file: String?, _ variable: String, _ topology: SecretReference?) -> SecretReference? {
            if let file { return .file(file) }
            return topology ?? (environment(variable) == nil ? nil : .environment(variable))
        }
        passwords.server = source(options.passwordFile, "BREAKWATER_REDIS_PASSWORD", passwords.server)
        passwords.sentinel = source(options.sentinelPasswordFile, "BREAKWATER_SENTINEL_PASSWORD", passwords.sentinel)
        passwords.control = source(
            options.assisted.controlPasswordFile, "BREAKWATER_CONTROL_PASSWORD", passwords.control)
        passwords.controlSecret = source(
            options.control.controlSecretFile, "BREAKWATER_CONTROL_SECRET", passwords.controlSecret)
        passwords.client = source(options.clientPasswordFile, "BREAKWATER_CLIENT_PASSWORD", passwords.client)
    }

    private func apply(to configuration: inout ProxyConfiguration) {
        if !options.listen.isEmpty { configuration.listeners = options.listen.map { ProxyListener($0) } }
        if configuration.listeners.isEmpty { configuration.listeners = inherited.map { ProxyListener($0) } }
        if let mode = options.socketMode {
            for index in configuration.listeners.indices { configuration.listeners[index].mode = mode }
        }
        if !options.sentinel.isEmpty { configuration.sentinels = options.sentinel }
        if let service = options.service { configuration.service = service }
        if let hold = options.hold { configuration.hold = hold }
        if let onTimeout = options.onTimeout { configuration.onTimeout = onTimeout }
        if let role = options.role { configuration.role = role }
        if let window = options.guardWindow { configuration.guardWindow = window }
        if let failover = options.failover { configuration.failover = failover }
        if let hangAfter = options.assisted.hangAfter { configuration.hangAfter = hangAfter }
        if let earlyRelease = options.assisted.earlyRelease { configuration.earlyRelease = earlyRelease == .on }
        if let selfFence = options.selfFence { configuration.selfFence = selfFence }
        if !options.control.peer.isEmpty { configuration.peers = options.control.peer }
        if !options.idempotent.isEmpty { configuration.idempotentPrefixes = options.idempotent }
        if !options.durable.isEmpty { configuration.durablePrefixes = options.durable }
        if let count = options.durableReplicas { configuration.durableReplicas = count }
        if let timeout = options.durableTimeout { configuration.durableTimeout = timeout }
        if !options.replicas.prefixes.isEmpty { configuration.replicaReads.prefixes = options.replicas.prefixes }
        if !options.replicas.commands.isEmpty { configuration.replicaReads.commands = options.replicas.commands }
        if let maxLag = options.replicas.maxLag { configuration.replicaReads.maxLag = maxLag }
        if let admin = options.admin { configuration.admin = admin }

        let operation = options.operation
        if let threads = operation.threads { configuration.threads = threads }
        if let count = operation.maxClients { configuration.limits.clients = count }
        if let bytes = operation.maxHeldBytes { configuration.limits.heldBytes = bytes }
        if let bytes = operation.maxBulkBytes { configuration.limits.bulkLength = bytes }
        if let bytes = operation.maxJournalBytes { configuration.limits.journalBytes = bytes }
        if let slowLog = operation.slowLog { configuration.slowLog = slowLog }
        if let drainTimeout = operation.drainTimeout { configuration.drainTimeout = drainTimeout }
    }

    // MARK: Passwords

    private func read(
        _ passwords: PasswordSources, into configuration: inout ProxyConfiguration, _ findings: inout Findings
    ) {
        func credentials(_ source: SecretReference?, user: String?, flag: String) -> RedisCredentials? {
            if let password = secret(source, &findings) { return RedisCredentials(username: user, password: password) }
            if user != nil, source == nil {
                findings.add(
                    .unusable(
                        "user_without_password", "\(flag) names a user, and there is no password.",
                        hint: "give its file, or set the variable (see --help)"))
            }
            return nil
        }
        configuration.serverCredentials = credentials(passwords.server, user: options.user, flag: "--user")
        configuration.sentinelCredentials = credentials(
            passwords.sentinel, user: options.sentinelUser, flag: "--sentinel-user")
        if configuration.failover == .assisted, let password = secret(passwords.control, &findings) {
            configuration.controlCredentials = RedisCredentials(
                username: options.assisted.controlUser ?? "breakwater", password: password)
        }
        configuration.clientPassword = secret(passwords.client, &findings)
    }

    /// The control API needs an address and a secret; an address of the topology without any password stays closed.
    private func readControl(
        _ settings: TopologySettings, into configuration: inout ProxyConfiguration, _ findings: inout Findings
    ) {
        guard let endpoint = options.control.control ?? settings.control else {
            configuration.peers = []
            return
        }
        guard settings.passwords.controlSecret != nil else {
            configuration.peers = []
            guard options.control.control != nil else { return }
            return findings.add(
                .unusable(
                    "control_without_secret", "--control opens the control API, and there is no secret.",
                    hint: "give --control-secret-file; every sidecar and `breakwater switchover` use the same one"))
        }
        if let secret = secret(settings.passwords.controlSecret, &findings) {
            configuration.control = ControlAddress(endpoint: endpoint, key: ControlKey(secret))
        }
    }

    private func secret(_ source: SecretReference?, _ findings: inout Findings) -> RedisClient.Secret? {
        switch source {
        case nil:
            return nil
        case .file(let path):
            do {
                return try SecretFile.contents(of: path) { findings.add($0) }
            } catch {
                findings.add(error)
                return nil
            }
        case .environment(let name):
            if let value = environment(name), !value.isEmpty { return RedisClient.Secret(value) }
            findings.add(
                .unusable(
                    "secret_unset", "The variable \(name) is to hold a password and is empty or not set.",
                    hint: "set it in the service's environment file, or give a password file"))
            return nil
        }
    }
}

/// Where the passwords are.
struct PasswordSources: Equatable {
    var server: SecretReference?
    var sentinel: SecretReference?
    /// Of the user that asks and re-points replicas.
    var control: SecretReference?
    /// What the control API's users prove to know.
    var controlSecret: SecretReference?
    var client: SecretReference?
}

/// Why a configuration cannot be used: one or more lines for each finding, warnings first.
struct InvalidConfiguration: Error {
    var lines: [String]
}

/// What is found on the way, of both kinds that there are.
struct Findings {
    private(set) var errors: [String] = []
    private(set) var warnings: [String] = []

    mutating func add(_ problem: ConfigurationProblem) {
        if problem.severity == .error {
            errors.append(problem.description)
        } else {
            warnings.append(problem.description)
        }
    }

    mutating func add(_ problems: [ConfigurationProblem]) {
        for problem in problems { add(problem) }
    }

    mutating func add(_ diagnostic: Diagnostic) {
        let text = diagnostic.description + (diagnostic.hint.map { "\n  hint: \($0)" } ?? "")
        if diagnostic.severity == .error { errors.append(text) } else { warnings.append(text) }
    }
}
