import Foundation
import LocalStack
import Logging
import LoopbackServers
import RESP
import RecoveryCore
import RedisClient
import Synchronization
import Testing
import Topology

/// Assisted failovers of real Redis nodes by real Sentinels, with a down-after that would make them wait.
@Suite(.serialized) struct AssistedFailoverTests {
    @Test(.timeLimit(.minutes(2)), arguments: ServerFlavour.all)
    func aCrashIsFailedOverWithoutWaitingForSentinel(_ flavour: ServerFlavour) async throws {
        try await withObservers(flavour) { stack, observers in
            stack.signal("redis-1", SIGKILL)
            try await Self.moved(observers, from: stack)
            // One Sentinel was asked, by one or more observers; nobody waited for the half minute of down-after.
            let counts = observers.compactMap(\.watcher.status.assisted)
            #expect(counts.reduce(0) { $0 + $1.requests + $1.joined } >= 1)
            for observer in observers { #expect(observer.watcher.status.quarantines == 0) }
            try stack.start("redis-1")
            try await stack.ready()
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [ServerFlavour.redis, .valkey9])
    func aHungMasterIsFailedOver(_ flavour: ServerFlavour) async throws {
        try await withObservers(flavour) { stack, observers in
            stack.signal("redis-1", SIGSTOP)
            try await Self.moved(observers, from: stack)
            stack.signal("redis-1", SIGCONT)
            try await stack.ready()
        }
    }

    @Test(.timeLimit(.minutes(2))) func theStrictRuleWaitsForTheMajority() async throws {
        try await withObservers(earlyRelease: false) { stack, observers in
            stack.signal("redis-1", SIGKILL)
            try await Self.moved(observers, from: stack)
            for observer in observers {
                #expect(observer.watcher.status.earlyReleases == 0)
                #expect(!observer.published.contains { if case .provisional = $0 { true } else { false } })
            }
        }
    }

    /// The asked Sentinel dies half-way, after its election or after the promotion. Nobody else is asked; the two that
    /// are left fail over by their own timers, and every observer ends where their majority does.
    @Test(
        .timeLimit(.minutes(3)),
        arguments: [
            ("crash-after-election", ServerFlavour.redis), ("crash-after-promotion", .redis),
            ("crash-after-promotion", .valkey9),
        ])
    func theLeaderDiesHalfWay(failure: String, flavour: ServerFlavour) async throws {
        try await withObservers(flavour, downAfter: .seconds(2)) { stack, observers in
            let first = try #require(
                observers[0].watcher.status.sentinels.min { ($0.runID ?? "~") < ($1.runID ?? "~") }?.endpoint)
            let connection = try await RedisConnection.connect(to: .tcp(first))
            let reply = try await connection.send(["SENTINEL", "SIMULATE-FAILURE", failure])
            #expect(reply.errorMessage == nil)
            await connection.close()
            stack.signal("redis-1", SIGKILL)
            try await eventually("the asked Sentinel dies") {
                observers[0].watcher.status.answering == 2
            }
            try await Self.moved(observers, from: stack, within: .seconds(60))
            let total = observers.compactMap(\.watcher.status.assisted).reduce(0) { $0 + $1.requests }
            #expect(total >= 1 && total <= UInt64(observers.count))
        }
    }

    /// The leader dies after the promotion, and the others may not choose the node that it promoted: what was released
    /// early is given up for the majority's word. With the strict rule nothing was released.
    @Test(.timeLimit(.minutes(3)), arguments: [true, false])
    func theOthersChooseAnotherNode(earlyRelease: Bool) async throws {
        try await withObservers(downAfter: .seconds(2), earlyRelease: earlyRelease) { stack, observers in
            let first = try #require(
                observers[0].watcher.status.sentinels.min { ($0.runID ?? "~") < ($1.runID ?? "~") }?.endpoint)
            let connection = try await RedisConnection.connect(to: .tcp(first))
            let reply = try await connection.send(["SENTINEL", "SIMULATE-FAILURE", "crash-after-promotion"])
            #expect(reply.errorMessage == nil)
            await connection.close()
            stack.signal("redis-1", SIGKILL)
            let promoted = Mutex<RedisEndpoint?>(nil)
            try await eventually("a node is promoted") {
                let node = await stack.readings().first { $0.key != "redis-1" && $0.value.role == .master }?.key
                promoted.withLock { $0 = node.flatMap { stack.endpoint(of: $0) } }
                return node != nil
            }
            let early = try #require(promoted.withLock { $0 })
            if earlyRelease {
                try await eventually("it is used before the majority names it") {
                    observers.allSatisfy { $0.watcher.status.phase.usable?.endpoint == early }
                }
            }
            // From now on it is never to be promoted.
            var options = RedisConnection.Options()
            options.credentials = stack.operatorCredentials
            let node = try await RedisConnection.connect(to: .tcp(early), options: options)
            #expect(try await node.send(["CONFIG", "SET", "replica-priority", "0"]).errorMessage == nil)
            await node.close()
            try await Self.moved(observers, from: stack, within: .seconds(60))
            for observer in observers {
                guard case .available(let state)? = observer.published.last else { continue }
                #expect(state.endpoint != early)
                #expect(observer.watcher.status.quarantines == (earlyRelease ? 1 : 0))
            }
        }
    }

    /// All observers end at one confirmed master that is not the old one.
    private static func moved(
        _ observers: [Observer], from stack: LocalStack, within limit: Duration = .seconds(20)
    ) async throws {
        let old = stack.endpoint(of: "redis-1")
        try await eventually(within: limit, "every observer confirms another master") {
            let confirmed = observers.compactMap { observer -> RedisEndpoint? in
                if case .available(let state)? = observer.published.last { state.endpoint } else { nil }
            }
            return confirmed.count == observers.count && Set(confirmed).count == 1 && confirmed.first != old
        }
    }
}

/// A sidecar's watcher, without the sidecar.
private final class Observer: Sendable {
    let watcher: SentinelWatcher
    private let phases: Phases

    private final class Phases: Sendable {
        let all = Mutex<[MasterPhase]>([])
    }

    init(_ stack: LocalStack, earlyRelease: Bool) {
        let phases = Phases()
        self.phases = phases
        var configuration = SentinelWatcher.Configuration(
            sentinels: stack.sentinels, service: stack.service, serverCredentials: stack.appCredentials)
        configuration.assisted = AssistedFailoverSettings(credentials: stack.nodeCredentials)
        configuration.timing.earlyRelease = earlyRelease
        watcher = SentinelWatcher(
            configuration: configuration, logger: Logger(label: "observer") { _ in SwiftLogNoOpLogHandler() }
        ) { phase in
            phases.all.withLock { $0.append(phase) }
        }
    }

    var published: [MasterPhase] { phases.all.withLock { $0 } }
}

/// Three observers of one store whose Sentinels would wait for half a minute.
private func withObservers(
    _ flavour: ServerFlavour = .redis, downAfter: Duration = .seconds(30), earlyRelease: Bool = true,
    _ body: @escaping @Sendable (LocalStack, [Observer]) async throws -> Void
) async throws {
    try await withStack(flavour) { topology, _ in
        topology.redis?.downAfter = downAfter
    } body: { stack in
        let observers = (0..<3).map { _ in Observer(stack, earlyRelease: earlyRelease) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for observer in observers { group.addTask { try await observer.watcher.run() } }
            defer { group.cancelAll() }
            try await eventually("every observer knows the master") {
                observers.allSatisfy { $0.watcher.status.phase.usable != nil && $0.watcher.status.answering == 3 }
            }
            try await eventually("the replicas follow") {
                await stack.readings().values.count { $0.role == .replica && $0.isLinked } == 2
            }
            try await body(stack, observers)
        }
    }
}
