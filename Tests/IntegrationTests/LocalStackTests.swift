import Foundation
import LocalStack
import RedisClient
import Testing
import Topology

@Suite(.serialized) struct LocalStackTests {
    @Test func everythingRunsAndIsGoneAfterwards() async throws {
        let (pids, group, path) = try await withStack { stack in
            #expect(stack.members.count == 6)
            #expect(await stack.master() == "redis-1")
            let readings = await stack.readings()
            #expect(readings.values.count { $0.role == .replica && $0.isLinked } == 2)
            let manifest = try #require(StackManifest.read(stack.state))
            #expect(manifest.ready)
            #expect(manifest.members == stack.members)
            #expect(StateLock.holder(stack.state) == getpid())
            return (stack.members.compactMap(\.pid), manifest.processGroup, stack.state.path)
        }
        #expect(pids.count == 6)
        for pid in pids { #expect(!isAlive(pid)) }
        try await eventually("the guardian ends") { kill(-group, 0) != 0 }
        #expect(StateLock.holder(StateDirectory(path)) == nil)
    }

    @Test func secretsAreReadableByTheirOwnerAlone() async throws {
        try await withStack { stack in
            let root = stack.state.path
            var found = 0
            for case let name as String in try #require(FileManager.default.enumerator(atPath: root)) {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(root)/\(name)")
                guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0, "\(name) has the mode \(String(mode, radix: 8))")
                found += 1
            }
            #expect(found > 10)
            let mode = try FileManager.default.attributesOfItem(atPath: root)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
    }

    @Test func aKilledNodeIsNoticedAndStartsAgain() async throws {
        try await withStack { stack in
            let former = try #require(stack.pid(of: "redis-2"))
            #expect(stack.signal("redis-2", SIGKILL))
            await stack.ended("redis-2")
            #expect(stack.pid(of: "redis-2") == nil)
            #expect(!stack.signal("redis-2", SIGTERM))
            try stack.start("redis-2")
            #expect(throws: StackError.self) { try stack.start("redis-2") }
            try await stack.ready()
            #expect(stack.pid(of: "redis-2") != former)
            #expect(StackManifest.read(stack.state)?.members == stack.members)
        }
    }

    @Test func aSecondStackInTheSameDirectoryIsRefused() async throws {
        try await withStack { stack in
            let error = await #expect(throws: StackError.self) {
                try await LocalStack.run(stack.topology, options: StackOptions(stateDirectory: stack.state.path)) { _ in
                }
            }
            #expect(error?.code == "stack.running_already")
        }
    }

    @Test func twoStacksAtOnceDoNotMeet() async throws {
        try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for _ in 0..<2 {
                group.addTask { try await withStack { stack in Set(stack.members.map(\.address)) } }
            }
            var seen: Set<String> = []
            for try await addresses in group {
                #expect(seen.isDisjoint(with: addresses))
                seen.formUnion(addresses)
            }
            #expect(seen.count == 12)
        }
    }

    @Test func aStackRemembersWhoWasTheMaster() async throws {
        let directory = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (master, addresses) = try await withStack {
            $1.stateDirectory = directory
            $1.stopsWithin = .seconds(8)
        } body: { stack in
            stack.signal("redis-1", SIGKILL)
            await stack.ended("redis-1")
            try await eventually("a replica is promoted") { await stack.master() != nil }
            try stack.start("redis-1")
            try await stack.ready()
            return (try #require(await stack.master()), stack.members.map(\.address))
        }
        #expect(master != "redis-1")
        try await withStack {
            $1.stateDirectory = directory
        } body: { stack in
            #expect(await stack.master() == master)
            #expect(stack.members.map(\.address) == addresses)
        }
    }

    @Test func aProgramThatIsMissingIsNamed() async throws {
        let error = await #expect(throws: StackError.self) {
            try await withStack {
                $1.sidecars = .all
                $1.proxyExecutable = "/nowhere/breakwater-proxy"
            } body: { _ in
            }
        }
        #expect(error?.code == "stack.program_missing")
        #expect(error?.summary.contains("/nowhere/breakwater-proxy") == true)
    }

    @Test func oneThatEndsAtOnceIsReportedAndNothingIsLeft() async throws {
        let error = await #expect(throws: StackError.self) {
            try await withStack {
                $1.sidecars = .first(1)
                $1.proxyExecutable = "/bin/false"
                $1.readyWithin = .seconds(20)
            } body: { _ in
            }
        }
        #expect(error?.code == "stack.ended")
        #expect(error?.summary.contains("sidecar-web-1") == true)
    }
}

/// Exists and is no zombie.
func isAlive(_ pid: pid_t) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")")
    else { return false }
    return !stat[end...].dropFirst(2).hasPrefix("Z")
}
