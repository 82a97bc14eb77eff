import Foundation
import Glibc
import LocalStack
import Logging
import LoopbackServers
import NIOCore
import RESP
import RecoveryCore
import RedisClient
import Synchronization
import Testing
import Topology

/// Planned switchovers of real nodes by real Sentinels, through real sidecars with writing clients.
@Suite(.serialized) struct SwitchoverTests {
    @Test(.timeLimit(.minutes(2))) func nothingIsLostAndNobodySeesAnError() async throws {
        try await withSidecars { stack, manifest in
            let writers = try Writers(manifest)
            try await writers.run {
                for _ in 0..<2 {
                    let before = try #require(await stack.master())
                    var report = await SwitchoverCoordinator(settings: try settings(manifest), logger: quiet).run()
                    // The leader of the last failover speaks of it for a moment after it is over for everybody else,
                    // and the Sentinels promote no replica that they have not asked since.
                    while report.isTooSoon {
                        try await Task.sleep(for: .milliseconds(100))
                        report = await SwitchoverCoordinator(settings: try settings(manifest), logger: quiet).run()
                    }
                    guard case .switched(let node, true) = report.outcome else {
                        Issue.record("it ended with \(report.outcome) after \(report.steps)")
                        return
                    }
                    #expect(node != stack.endpoint(of: before))
                    #expect(report.markerFound == true)
                    try await stack.ready()
                }
            }
            #expect(writers.errors == [])
            #expect(try await writers.missing() == 0)
            #expect(writers.acknowledged > 50)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aNamedNodeBecomesMasterAndPrioritiesAreSetBack() async throws {
        try await withSidecars { stack, manifest in
            let before = try #require(await stack.master())
            let target = try #require(["redis-3", "redis-2"].first { $0 != before })
            var settings = try settings(manifest)
            settings.target = stack.endpoint(of: target)
            let report = await SwitchoverCoordinator(settings: settings, logger: quiet).run()
            #expect(report.outcome == .switched(try #require(settings.target), isConfirmed: true), "\(report.steps)")
            for node in manifest.members where node.kind == .redis {
                #expect(try await ask(node, manifest, ["CONFIG", "GET", "replica-priority"]).string(at: 1) == "100")
            }
        }
    }

    @Test(.timeLimit(.minutes(2))) func ofTwoAtOnceOneIsDone() async throws {
        try await withSidecars { _, manifest in
            let settings = try settings(manifest)
            async let first = SwitchoverCoordinator(settings: settings, logger: quiet).run()
            async let second = SwitchoverCoordinator(settings: settings, logger: quiet).run()
            let outcomes = await [first.outcome, second.outcome]
            #expect(outcomes.count { if case .switched = $0 { true } else { false } } == 1, "\(outcomes)")
            try await freed(manifest)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aSidecarThatHangsRefusesUnlessItIsNamed() async throws {
        try await withSidecars { stack, manifest in
            stack.signal("sidecar-web-2", SIGSTOP)
            var settings = try settings(manifest)
            let refused = await SwitchoverCoordinator(settings: settings, logger: quiet).run()
            guard case .refused(.sidecarSilent("web-2", _)) = refused.outcome else {
                Issue.record("it ended with \(refused.outcome)")
                return
            }
            settings.without = ["web-2"]
            let done = await SwitchoverCoordinator(settings: settings, logger: quiet).run()
            if case .switched = done.outcome {} else { Issue.record("it ended with \(done.outcome)") }
            stack.signal("sidecar-web-2", SIGCONT)
            try await freed(manifest)
        }
    }

    /// The coordinator is killed as it begins each of its steps: the sidecars go on by themselves, there is one master,
    /// and nothing that was acknowledged is missing.
    @Test(
        .timeLimit(.minutes(3)),
        arguments: [
            "claim", "hold", "mark", "pause", "compare", "announce", "request", "promotion", "repoint", "release",
        ])
    func aCoordinatorIsKilled(step: String) async throws {
        try await withSidecars(hold: .seconds(8)) { stack, manifest in
            let writers = try Writers(manifest)
            try await writers.run {
                try await kill(atStep: step, stack)
                try await freed(manifest)
                try await stack.ready()
                let count = writers.acknowledged
                try await eventually("writes go on") { writers.acknowledged > count + 20 }
            }
            #expect(writers.errors == [])
            #expect(try await writers.missing() == 0)
        }
    }

    /// Runs the built program and kills it when it says that it begins the step.
    private func kill(atStep step: String, _ stack: LocalStack) async throws {
        let process = Process()
        process.executableURL = ServerProcess.builtProgram("breakwater")
        process.arguments = ["switchover", "redis", "--state", stack.state.path]
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let pid = process.processIdentifier
        let wasKilled = try await onThread {
            var text = ""
            while true {
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { return false }
                text += String(decoding: data, as: UTF8.self)
                if text.contains("\(step)\n") {
                    Glibc.kill(pid, SIGKILL)
                    return true
                }
            }
        }
        process.waitUntilExit()
        #expect(wasKilled, "the program never came to \(step)")
    }
}

extension SwitchoverCoordinator.Report {
    /// Another switchover was just over.
    fileprivate var isTooSoon: Bool {
        outcome == .refused(.failoverUnderWay) || outcome == .refused(.notSelectable)
    }
}

private let quiet = Logger(label: "switchover") { _ in SwiftLogNoOpLogHandler() }

private func settings(_ manifest: StackManifest) throws -> SwitchoverSettings {
    var settings = SwitchoverSettings(
        service: manifest.service, sentinels: manifest.members.filter { $0.kind == .sentinel }.compactMap(\.endpoint),
        credentials: manifest.nodeCredentials,
        sidecars: manifest.members.compactMap { member in
            member.control.flatMap { RedisEndpoint(parsing: $0) }.map {
                .init(name: String(member.name.dropFirst("sidecar-".count)), control: $0)
            }
        },
        key: try #require(manifest.controlKey))
    settings.operatorCredentials = manifest.operatorCredentials
    return settings
}

/// No sidecar is under a barrier any more.
private func freed(_ manifest: StackManifest) async throws {
    let settings = try settings(manifest)
    let client = ControlClient(key: settings.key)
    try await eventually("every sidecar is let go and serves") {
        for sidecar in settings.sidecars {
            let report = try? await client.ask(
                sidecar.control, .status, as: SidecarReport.self, timeout: .seconds(1))
            guard let report, report.ready, report.barrier == nil, !report.holding else { return false }
        }
        return true
    }
}

private func ask(
    _ member: StackManifest.Member, _ manifest: StackManifest, _ command: [String]
) async throws -> RESPValue {
    var options = RedisConnection.Options()
    options.credentials = manifest.nodeCredentials
    let endpoint = try #require(member.endpoint)
    let connection = try await RedisConnection.connect(to: .tcp(endpoint), options: options)
    defer { connection.abandon() }
    return try await connection.send(command)
}

extension RESPValue {
    fileprivate func string(at index: Int) -> String? {
        guard let elements, elements.indices.contains(index) else { return nil }
        return elements[index].string
    }
}

/// A store with two sidecars.
private func withSidecars(
    hold: Duration = .seconds(2), _ body: @escaping @Sendable (LocalStack, StackManifest) async throws -> Void
) async throws {
    try await withStack { topology, options in
        topology.redis?.downAfter = .seconds(5)
        topology.redis?.role = .store
        topology.sidecar?.hold = hold
        topology.sidecar?.selfFence = .seconds(4)
        options.sidecars = .first(2)
        options.proxyExecutable = ServerProcess.builtProgram("breakwater-proxy").path
    } body: { stack in
        try await stack.ready()
        let manifest = try #require(StackManifest.read(stack.state))
        try await freed(manifest)
        try await body(stack, manifest)
    }
}

/// Clients that count up, each its own key, through the sidecars, and remember what was acknowledged.
private final class Writers: Sendable {
    private let routes: [RedisEndpoint]
    private let state = Mutex<(counts: [Int64], errors: [String])>(([], []))

    init(_ manifest: StackManifest) throws {
        routes = manifest.members.filter { $0.kind == .sidecar }.compactMap(\.endpoint)
        try #require(routes.count == 2)
        state.withLock { $0.counts = Array(repeating: 0, count: 4) }
    }

    var acknowledged: Int64 { state.withLock { $0.counts.reduce(0, +) } }
    var errors: [String] { state.withLock(\.errors) }

    func run(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<4 { group.addTask { await self.write(index) } }
            defer { group.cancelAll() }
            try await eventually("every client writes") { self.state.withLock { $0.counts.allSatisfy { $0 > 3 } } }
            try await body()
            let count = acknowledged
            try await eventually("writes go on") { self.acknowledged > count + 8 }
        }
    }

    private func write(_ index: Int) async {
        var options = RedisConnection.Options()
        options.commandTimeout = .seconds(20)
        do {
            let connection = try await RedisConnection.connect(to: .tcp(routes[index % 2]), options: options)
            defer { connection.abandon() }
            while !Task.isCancelled {
                let reply = try await connection.send(["INCR", "writer:\(index)"])
                guard let value = reply.integer else {
                    state.withLock { $0.errors.append("\(index): \(reply)") }
                    return
                }
                state.withLock { $0.counts[index] = value }
                try await Task.sleep(for: .milliseconds(2))
            }
        } catch is CancellationError {
        } catch {
            state.withLock { $0.errors.append("\(index): \(error)") }
        }
    }

    /// How many acknowledged increments are not there.
    func missing() async throws -> Int64 {
        let connection = try await RedisConnection.connect(to: .tcp(routes[0]))
        defer { connection.abandon() }
        var missing: Int64 = 0
        for (index, count) in state.withLock(\.counts).enumerated() {
            let value = try await connection.send(["GET", "writer:\(index)"]).string.flatMap { Int64($0) } ?? 0
            missing += max(0, count - value)
        }
        return missing
    }
}
