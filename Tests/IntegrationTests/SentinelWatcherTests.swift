import Foundation
import LocalStack
import Logging
import LoopbackServers
import NIOCore
import RedisClient
import Synchronization
import Testing
import Topology

/// The watcher against real Redis nodes and Sentinels that are killed, stopped and restarted.
@Suite(.serialized) struct SentinelWatcherTests {
    @Test(arguments: ServerFlavour.all)
    func findsTheMasterAndFollowsACrash(_ flavour: ServerFlavour) async throws {
        try await withWatchedStack(flavour) { stack, watched in
            try await watched.waits(for: "redis-1", stack)
            let first = try #require(watched.current)
            stack.signal("redis-1", SIGKILL)
            try await eventually("the loss is noticed") { watched.isSuspected }
            try await eventually("another master is published") {
                watched.current.map { $0.endpoint != first.endpoint } ?? false
            }
            let second = try #require(watched.current)
            #expect(second.epoch > first.epoch)
            #expect(await stack.master().flatMap { stack.endpoint(of: $0) } == second.endpoint)
            // The old master comes back, says that it is a master for a while, and is not believed.
            try stack.start("redis-1")
            try await eventually("the old master says that it is one") {
                await stack.readings()["redis-1"]?.role == .master
            }
            try await stack.ready()
            #expect(watched.after(second).allSatisfy { $0.last != first })
        }
    }

    @Test(arguments: [ServerFlavour.redis, .valkey9])
    func followsAHungMasterAndIgnoresItsWaking(_ flavour: ServerFlavour) async throws {
        try await withWatchedStack(flavour) { stack, watched in
            try await watched.waits(for: "redis-1", stack)
            stack.signal("redis-1", SIGSTOP)
            try await eventually("the hang is noticed") { watched.isSuspected }
            let old = stack.endpoint(of: "redis-1")
            try await eventually("another master is published") { watched.current.map { $0.endpoint != old } ?? false }
            let new = try #require(watched.current)
            stack.signal("redis-1", SIGCONT)
            try await eventually("the old one follows") { await stack.readings()["redis-1"]?.role == .replica }
            #expect(watched.after(new).allSatisfy { $0.last.map { $0.epoch >= new.epoch } ?? false })
        }
    }

    @Test func aHangTooShortForSentinelIsTakenBack() async throws {
        try await withWatchedStack(downAfter: .seconds(10)) { stack, watched in
            try await watched.waits(for: "redis-1", stack)
            stack.signal("redis-1", SIGSTOP)
            try await eventually("the hang is noticed") { watched.isSuspected }
            stack.signal("redis-1", SIGCONT)
            try await watched.waits(for: "redis-1", stack)
        }
    }

    @Test func sentinelsComeAndGo() async throws {
        try await withWatchedStack(downAfter: .seconds(10)) { stack, watched in
            try await watched.waits(for: "redis-1", stack)
            stack.signal("sentinel-1", SIGKILL)
            await stack.ended("sentinel-1")
            try await eventually("one is missed") { watched.watcher.status.answering == 2 }
            #expect(watched.watcher.status.known == 3)
            try stack.start("sentinel-1")
            try await eventually("it is back") { watched.watcher.status.answering == 3 }
            #expect(watched.watcher.status.known == 3)
            stack.signal("sentinel-2", SIGSTOP)
            try await eventually("a hung one is missed") { watched.watcher.status.answering == 2 }
            stack.signal("sentinel-2", SIGCONT)
            for name in ["sentinel-1", "sentinel-2", "sentinel-3"] {
                stack.signal(name, SIGKILL)
                await stack.ended(name)
            }
            try await eventually("all are missed") { watched.watcher.status.answering == 0 }
            // The master is still the master.
            #expect(watched.current?.endpoint == stack.endpoint(of: "redis-1"))
            for name in ["sentinel-1", "sentinel-2", "sentinel-3"] { try stack.start(name) }
            try await eventually("all are back") { watched.watcher.status.answering == 3 }
            try await eventually("all are subscribed to") {
                watched.watcher.status.sentinels.allSatisfy(\.isSubscribed)
            }
            #expect(watched.published.allSatisfy { $0.last.map { $0.endpoint == watched.current?.endpoint } ?? true })
        }
    }

    @Test func oneSentinelIsEnoughToBeginWith() async throws {
        try await withWatchedStack(sentinels: 1) { stack, watched in
            try await watched.waits(for: "redis-1", stack)
            try await eventually("the others are discovered") { watched.watcher.status.answering == 3 }
            stack.signal("sentinel-1", SIGKILL)
            stack.signal("redis-1", SIGKILL)
            let old = stack.endpoint(of: "redis-1")
            try await eventually("another master is published") { watched.current.map { $0.endpoint != old } ?? false }
        }
    }

    @Test func aSuspicionWithoutCauseIsTakenBackAtOnce() async throws {
        try await withWatchedStack(downAfter: .seconds(10)) { stack, watched in
            try await watched.waits(for: "redis-1", stack)
            let endpoint = try #require(stack.endpoint(of: "redis-1"))
            for _ in 0..<1000 { watched.watcher.suspect(endpoint) }
            try await eventually("it was suspected") {
                watched.published.contains { if case .suspected = $0 { true } else { false } }
            }
            try await watched.waits(for: "redis-1", stack)
            #expect(watched.current?.endpoint == endpoint)
        }
    }

    @Test func itWaitsForSentinelsThatDoNotExistYet() async throws {
        let nowhere = [
            RedisEndpoint(host: "no-such-host.invalid", port: 26379), RedisEndpoint(host: "127.99.99.99", port: 1),
        ]
        let watcher = SentinelWatcher(
            configuration: .init(sentinels: nowhere, service: "mymaster"), logger: quiet
        ) { _ in }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watcher.run() }
            try await eventually("both are tried") {
                watcher.status.sentinels.count { sentinel in
                    switch sentinel.excluded {
                    case .unreachable, .notListening: true
                    default: false
                    }
                } == 2
            }
            #expect(watcher.status.phase.usable == nil)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

private let quiet = Logger(label: "watcher") { _ in SwiftLogNoOpLogHandler() }

/// A watcher, and all that it published.
private final class Watched: Sendable {
    let watcher: SentinelWatcher
    private let phases: PhaseLog

    init(_ stack: LocalStack, sentinels: Int) {
        let log = PhaseLog()
        phases = log
        watcher = SentinelWatcher(
            configuration: .init(
                sentinels: Array(stack.sentinels.prefix(sentinels)), service: stack.service,
                serverCredentials: stack.appCredentials),
            logger: quiet
        ) { log.append($0) }
    }

    var published: [MasterPhase] { phases.all }
    var current: MasterState? { published.last?.usable }
    /// What was published once this state was.
    func after(_ state: MasterState) -> [MasterPhase] {
        let all = published
        return Array(all[(all.firstIndex(of: .available(state)) ?? all.endIndex)...])
    }
    var isSuspected: Bool { if case .suspected? = published.last { true } else { false } }

    func waits(for name: String, _ stack: LocalStack) async throws {
        try await eventually("\(name) is published") { current?.endpoint == stack.endpoint(of: name) }
    }
}

private final class PhaseLog: Sendable {
    private let phases = Mutex<[MasterPhase]>([])
    var all: [MasterPhase] { phases.withLock { $0 } }
    func append(_ phase: MasterPhase) { phases.withLock { $0.append(phase) } }
}

private func withWatchedStack(
    _ flavour: ServerFlavour = .redis, sentinels: Int = 3, downAfter: Duration = .seconds(2),
    _ body: @escaping @Sendable (LocalStack, Watched) async throws -> Void
) async throws {
    // Sentinel finds servers down that a busy machine merely lets wait; most tests can do without that.
    try await withStack(flavour) {
        $0.redis?.downAfter = downAfter
        _ = $1
    } body: { stack in
        let watched = Watched(stack, sentinels: sentinels)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watched.watcher.run() }
            defer { group.cancelAll() }
            try await body(stack, watched)
        }
    }
}
