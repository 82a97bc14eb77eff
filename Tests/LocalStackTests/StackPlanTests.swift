import Foundation
import RedisClient
import Rendering
import Testing
import Topology

@testable import LocalStack

@Suite struct StackPlanTests {
    private static let programs = Programs(
        redis: "/usr/bin/redis-server", sentinel: "/usr/bin/redis-sentinel", sentinelArguments: [], proxy: "/bin/proxy")

    private func plan(
        _ more: String = "", state: String = "/tmp/s", sidecars: StackOptions.Sidecars = .all,
        programs: Programs = programs
    ) throws -> StackPlan {
        let reading = StoreTopology.read(text: "version: 1\nstore: shop\nprovider: local\n\(more)", file: "t")
        let topology = try #require(reading.topology, "\(reading.diagnostics)")
            .assigningLoopback(network: LoopbackNetwork(second: 77, third: 3))
        var options = StackOptions(stateDirectory: state)
        options.sidecars = sidecars
        options.proxyArguments = ["--threads", "2"]
        return try StackPlan(
            topology: try #require(topology), state: StateDirectory(state), options: options, programs: programs,
            secrets: RedisSecrets(all: Topology.Secret("hunter2hunter2hunter2hunter2")), clientPasswordFile: nil)
    }

    @Test func everyHostHasItsAddressAndTheStandardPort() throws {
        let plan = try plan()
        #expect(plan.members(.redis).map(\.endpoint.description) == (1...3).map { "127.77.3.\($0):6379" })
        #expect(plan.members(.sentinel).map(\.endpoint.description) == (4...6).map { "127.77.3.\($0):26379" })
        #expect(plan.members(.sidecar).map(\.endpoint.description) == (7...9).map { "127.77.3.\($0):6379" })
        #expect(Set(plan.members.map(\.endpoint) + plan.members.compactMap(\.admin)).count == 12)
    }

    @Test func aSidecarIsToldEverythingAndNoSecret() throws {
        let plan = try plan("sidecar: { hold: 750ms }\n")
        let sidecar = try #require(plan.members(.sidecar).first)
        #expect(sidecar.socket == "/tmp/s/run/web-1.sock")
        let arguments = sidecar.arguments.joined(separator: " ")
        for part in [
            "--sentinel 127.77.3.4:26379", "--sentinel 127.77.3.6:26379", "--service mymaster",
            "--listen unix:/tmp/s/run/web-1.sock", "--listen 127.77.3.7:6379",
            "--password-file /tmp/s/secrets/app.password", "--hold 750ms", "--admin 127.77.3.7:",
        ] {
            #expect(arguments.contains(part), "\(part) is missing in \(arguments)")
        }
        #expect(sidecar.arguments.suffix(2) == ["--threads", "2"])
        for member in plan.members { #expect(!member.arguments.joined().contains("hunter2")) }
    }

    @Test func sidecarsCanBeFewerOrNone() throws {
        #expect(try plan(sidecars: .first(1)).members(.sidecar).map(\.name) == ["sidecar-web-1"])
        #expect(try plan(sidecars: .none).members(.sidecar).isEmpty)
        var programs = Self.programs
        programs.proxy = nil
        #expect(try plan(programs: programs).members(.sidecar).isEmpty)
    }

    @Test func aSocketPathThatTheKernelRefusesIsSaidSo() {
        let error = #expect(throws: StackError.self) { try plan(state: "/tmp/" + String(repeating: "d", count: 100)) }
        #expect(error?.code == "stack.path_too_long")
    }

    @Test func configurationIsBelowTheStateDirectory() throws {
        let plan = try plan()
        for member in plan.members(.redis) + plan.members(.sentinel) {
            #expect(member.arguments.first?.hasPrefix("/tmp/s/hosts/\(member.name)/") == true)
        }
    }

    @Test func secretsAreMadeOnceAndKept() throws {
        let directory = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let state = StateDirectory(directory)
        try state.create()
        let first = try state.password("a")
        #expect(first.reveal().utf8.count == 64)
        #expect(try state.password("a") == first)
        #expect(try state.password("b") != first)
        let mode = try FileManager.default.attributesOfItem(atPath: state.secretFile("a"))[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func theStateIsBesideTheTopology() {
        #expect(StateDirectory.besideTopology("/shops/one/breakwater.yaml") == "/shops/one/.breakwater")
        #expect(StateDirectory("/a/../b/").path == "/b")
    }

    @Test func aDirectoryIsLockedByOneAtATime() throws {
        let directory = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let state = StateDirectory(directory)
        try state.create()
        #expect(StateLock.holder(state) == nil)
        var lock: StateLock? = try StateLock.take(state)
        #expect(StateLock.holder(state) == getpid())
        #expect(throws: StackError.self) { try StateLock.take(state) }
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(StateLock.holder(state) == nil)
    }

    /// A host with a network of its own is entered, and the process id stays the program's: `nsenter` becomes it.
    @Test func hostsMayBeNetworksOfTheirOwn() throws {
        let topology = try #require(
            StoreTopology.read(text: "{version: 1, store: s, provider: local}", file: "f").topology)
        let names = topology.hosts.map(\.name)
        var options = StackOptions(stateDirectory: "/srv/s")
        let namespaces = HostNamespaces(
            places: Dictionary(
                uniqueKeysWithValues: names.enumerated().map {
                    ($1, .init(address: "10.231.0.\($0 + 1)", namespace: "/run/netns/\($1)"))
                }), program: "/usr/bin/nsenter")
        options.namespaces = namespaces
        let assigned = try #require(namespaces.assigned(topology))
        func plan(_ options: StackOptions) throws -> StackPlan {
            try StackPlan(
                topology: assigned, state: StateDirectory("/srv/s"), options: options, programs: Self.programs,
                secrets: RedisSecrets(all: Topology.Secret("hunter2hunter2hunter2hunter2")), clientPasswordFile: nil)
        }
        let members = try plan(options).members
        for (member, host) in zip(members, names) {
            #expect(member.executable == "/usr/bin/nsenter")
            #expect(member.arguments.prefix(2) == ["--net=/run/netns/\(host)", "--"])
            #expect(member.endpoint.host == assigned.address(of: host))
        }
        // Without them the addresses are no loopback's, and refused.
        options.namespaces = nil
        #expect(throws: StackError.self) { try plan(options) }
        #expect(HostNamespaces(places: [:], program: "").assigned(topology) == nil)
    }
}
