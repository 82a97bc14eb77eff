import ArgumentParser
import Foundation
import RedisClient
import RedisProxy
import Testing

@testable import breakwater_proxy

@Suite struct ConfigurationReaderTests {
    private static let flags = [
        "--sentinel", "10.0.0.21:26379", "10.0.0.22:26379", "--sentinel", "[fd00::23]:26379", "--service", "mymaster",
        "--listen", "127.0.0.1:6379", "unix:/run/redis.sock",
    ]

    private func reader(
        _ arguments: [String], environment: [String: String] = [:], inherited: [RedisAddress] = []
    ) throws -> ConfigurationReader {
        ConfigurationReader(
            options: try ProxyOptions.parse(arguments), inherited: inherited, environment: { environment[$0] })
    }

    private func read(_ arguments: [String], environment: [String: String] = [:]) throws -> ProxyConfiguration {
        try reader(arguments, environment: environment).read().configuration
    }

    /// The lines of what is found wrong.
    private func findings(_ arguments: [String], environment: [String: String] = [:]) throws -> [String] {
        do {
            _ = try reader(arguments, environment: environment).read()
            return []
        } catch let error as InvalidConfiguration {
            return error.lines
        }
    }

    @Test func flagsAloneAreEnough() throws {
        let configuration = try read(Self.flags)
        #expect(
            configuration.sentinels.map(\.description) == ["10.0.0.21:26379", "10.0.0.22:26379", "[fd00::23]:26379"])
        #expect(configuration.listeners.map(\.description) == ["127.0.0.1:6379", "unix:/run/redis.sock"])
        #expect(configuration.service == "mymaster")
        #expect(configuration.hold == .milliseconds(800))
        #expect(configuration.onTimeout == .close)
        #expect(configuration.serverCredentials == nil)
        #expect(configuration.clientPassword == nil)
        #expect(configuration.admin == nil)
    }

    @Test func everyFlagArrives() throws {
        let configuration = try read(
            Self.flags + [
                "--hold", "2s", "--on-timeout", "degrade", "--role", "cache", "--failover", "off", "--idempotent", "a:",
                "b:", "--idempotent", "c:", "--admin", ":9121", "--threads", "2", "--max-clients", "5",
                "--max-held-bytes", "1MiB", "--max-bulk-bytes", "64KiB", "--slow-log", "50ms", "--drain-timeout", "1m",
                "--socket-mode", "0600", "--guard-window", "45s", "--max-journal-bytes", "2MiB",
            ])
        #expect(configuration.guardWindow == .seconds(45))
        #expect(configuration.limits.journalBytes == 2 << 20)
        #expect(configuration.hold == .seconds(2))
        #expect(configuration.onTimeout == .degrade)
        #expect(configuration.role == .cache)
        #expect(configuration.failover == .off)
        #expect(configuration.idempotentPrefixes == ["a:", "b:", "c:"])
        #expect(configuration.admin == RedisEndpoint(host: "127.0.0.1", port: 9121))
        #expect(configuration.threads == 2)
        #expect(configuration.limits.clients == 5)
        #expect(configuration.limits.heldBytes == 1 << 20)
        #expect(configuration.limits.bulkLength == 64 << 10)
        #expect(configuration.slowLog == .milliseconds(50))
        #expect(configuration.drainTimeout == .seconds(60))
        #expect(configuration.listeners.map(\.mode) == [0o600, 0o600])
    }

    @Test func readsFromReplicasAreDeclaredByPrefixOrName() throws {
        #expect(try read(Self.flags).replicaReads.isActive == false)
        let reads = try read(
            Self.flags + ["--replica-read", "a:", "b:", "--replica-read-command", "get", "--replica-max-lag", "2s"]
        ).replicaReads
        #expect(reads.isActive)
        #expect(reads.prefixes == ["a:", "b:"])
        #expect(reads.commands == ["get"])
        #expect(reads.maxLag == .seconds(2))
    }

    @Test(arguments: [
        ["--sentinel", "nowhere"], ["--listen", "6379"], ["--listen", "unix:"], ["--hold", "5"], ["--hold", "-1s"],
        ["--socket-mode", "0999"], ["--socket-mode", "7777"], ["--on-timeout", "panic"], ["--threads", "many"],
        ["--max-held-bytes", "lots"], ["--admin", "nowhere"], ["--log-level", "loud"], ["--bogus"],
    ])
    func whatCannotBeReadIsBadUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try ProxyOptions.parse(Self.flags + arguments) }
    }

    @Test func problemsAreReportedTogether() throws {
        let lines = try findings(["--threads", "0"])
        for code in ["proxy.no_listener", "proxy.no_sentinel", "proxy.bad_service", "proxy.out_of_range"] {
            #expect(lines.contains { $0.contains("[\(code)]") }, "\(code)")
        }
        #expect(
            try findings(Self.flags + ["--durable", "cart:", "--durable-replicas", "0"]).contains {
                $0.contains("[proxy.bad_durable]")
            })
        #expect(
            try findings(Self.flags + ["--guard-window", "1ms"]).contains { $0.contains("[proxy.bad_guard_window]") })
        for (flags, code) in [
            (["--replica-read", ""], "empty_replica_prefix"), (["--replica-read-command", "GETT"], "unknown_command"),
            (["--replica-read-command", "GET", "SET"], "not_a_read"),
            (["--replica-read", "p:", "--replica-max-lag", "99ms"], "bad_replica_lag"),
            (["--replica-read", "p:", "--replica-max-lag", "61s"], "bad_replica_lag"),
        ] {
            #expect(try findings(Self.flags + flags).contains { $0.contains("[proxy.\(code)]") }, "\(code)")
        }
        #expect(try findings(Self.flags + ["--node", "web-1"]).contains { $0.contains("[proxy.node_without_file]") })
    }

    @Test func socketsOfTheServiceManagerAreListenersWhenNoneAreNamed() throws {
        let unix = RedisAddress.unix(path: "/run/inherited.sock")
        let flags = ["--sentinel", "10.0.0.21:26379", "10.0.0.22:26379", "--service", "mymaster"]
        let outcome = try reader(flags, inherited: [unix]).read()
        #expect(outcome.configuration.listeners.map(\.address) == [unix])
        let named = try reader(Self.flags, inherited: [unix]).read()
        #expect(!named.configuration.listeners.map(\.address).contains(unix))
    }

    // MARK: Passwords

    @Test func passwordsComeFromFilesOrVariables() throws {
        try withFile("from-file\n") { file in
            let environment = [
                "BREAKWATER_REDIS_PASSWORD": "redis", "BREAKWATER_SENTINEL_PASSWORD": "sentinel",
                "BREAKWATER_CLIENT_PASSWORD": "client",
            ]
            let variables = try read(Self.flags + ["--user", "app"], environment: environment)
            #expect(variables.serverCredentials == RedisCredentials(username: "app", password: Secret("redis")))
            #expect(variables.sentinelCredentials == RedisCredentials(password: Secret("sentinel")))
            #expect(variables.clientPassword == Secret("client"))
            // The flag is nearer than the environment.
            let files = try read(Self.flags + ["--password-file", file], environment: environment)
            #expect(files.serverCredentials == RedisCredentials(password: Secret("from-file")))
        }
    }

    @Test func aPasswordThatIsMissingIsSaid() throws {
        #expect(
            try findings(Self.flags + ["--password-file", "/nonexistent"])
                .contains { $0.contains("[proxy.secret_unreadable]") })
        #expect(
            try findings(Self.flags, environment: ["BREAKWATER_CLIENT_PASSWORD": ""])
                .contains { $0.contains("[proxy.secret_unset]") })
        #expect(
            try findings(Self.flags + ["--user", "app"]).contains { $0.contains("[proxy.user_without_password]") })
    }

    @Test func aReloadSeesAChangedPassword() throws {
        try withFile("old") { file in
            let reader = try reader(Self.flags + ["--client-password-file", file])
            #expect(try reader.read().configuration.clientPassword == Secret("old"))
            try "new".write(toFile: file, atomically: false, encoding: .utf8)
            #expect(try reader.read().configuration.clientPassword == Secret("new"))
        }
    }

    // MARK: The topology

    private static let topology = """
        version: 1
        store: shop
        provider: digitalocean
        regions: { primary: nyc3 }
        hosts:
          redis-1: { region: nyc3, address: 10.10.0.11 }
          redis-2: { region: nyc3, address: 10.10.0.12 }
          redis-3: { region: nyc3, address: 10.10.0.13 }
          web-1: { region: nyc3, address: 10.10.0.31 }
        redis:
          service: shopmaster
          role: cache
          nodes: [redis-1, redis-2, redis-3]
          sentinels: [redis-1, redis-2, redis-3]
          quorum: 2
          failover: sentinel
          idempotent: ["wp_:"]
          password: env:REDIS_PASSWORD
        sidecar:
          nodes: [web-1]
          listen: ["unix:/run/breakwater/redis.sock", ":6380"]
          hold: 700ms
          on_timeout: degrade
          password: env:SIDECAR_PASSWORD
        """

    private static let environment = ["REDIS_PASSWORD": "secret", "SIDECAR_PASSWORD": "own"]

    @Test func theTopologySaysItAll() throws {
        try withFile(Self.topology) { file in
            let configuration = try read(["-f", file, "--node", "web-1"], environment: Self.environment)
            #expect(configuration.service == "shopmaster")
            #expect(
                configuration.sentinels.map(\.description)
                    == ["10.10.0.11:26379", "10.10.0.12:26379", "10.10.0.13:26379"])
            #expect(
                configuration.listeners.map(\.description) == ["unix:/run/breakwater/redis.sock", "127.0.0.1:6380"])
            #expect(configuration.hold == .milliseconds(700))
            #expect(configuration.role == .cache)
            #expect(configuration.onTimeout == .degrade)
            #expect(configuration.failover == .sentinel)
            #expect(configuration.idempotentPrefixes == ["wp_:"])
            #expect(configuration.serverCredentials == RedisCredentials(password: Secret("secret")))
            #expect(configuration.clientPassword == Secret("own"))
            #expect(configuration.admin?.isLoopback == true)
        }
    }

    @Test func flagsTakePrecedenceOverTheTopology() throws {
        try withFile(Self.topology) { file in
            let configuration = try read(
                ["-f", file, "--hold", "5s", "--listen", "127.0.0.1:7000", "--on-timeout", "close"],
                environment: Self.environment)
            #expect(configuration.hold == .seconds(5))
            #expect(configuration.listeners.map(\.description) == ["127.0.0.1:7000"])
            #expect(configuration.onTimeout == .close)
            #expect(configuration.service == "shopmaster")
        }
    }

    @Test func aNodeMustBeOneOfTheTopologysSidecars() throws {
        try withFile(Self.topology) { file in
            let unknown = try findings(["-f", file, "--node", "web-9"], environment: Self.environment)
            #expect(unknown.contains { $0.contains("[proxy.unknown_node]") && $0.contains("web-1") })
            let other = try findings(["-f", file, "--node", "redis-1"], environment: Self.environment)
            #expect(other.contains { $0.contains("[proxy.no_sidecar_here]") })
        }
    }

    @Test func aBrokenTopologyIsReportedWithItsPlaces() throws {
        try withFile("version: 1\nstore: shop\nprovider: local\nrediss: {}\n") { file in
            let lines = try findings(["-f", file])
            #expect(lines.contains { $0.hasPrefix("\(file):4:1: error:") })
            // Not also everything that a broken file does not say.
            #expect(!lines.contains { $0.contains("proxy.no_listener") })
        }
        #expect(try findings(["-f", "/nonexistent.yaml"]).contains { $0.contains("there is no such file") })
    }

    @Test func aLocalStoreHasNoAddressesYet() throws {
        try withFile("version: 1\nstore: shop\nprovider: local\n") { file in
            let lines = try findings(["-f", file])
            #expect(lines.contains { $0.contains("[proxy.sentinel_without_address]") })
        }
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path() + "bw-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try body(path)
    }
}
