import Foundation
import LocalStack
import Testing

/// The built program, used as a person uses it.
@Suite(.serialized) struct UpCommandTests {
    @Test func nothingOutlivesAKilledSupervisor() async throws {
        try await withStore { breakwater in
            let up = try breakwater.start(["up"])
            let manifest = try await ready(breakwater)
            let pids = manifest.members.compactMap(\.pid)
            #expect(pids.count == 9)
            #expect(pids.allSatisfy(isAlive))
            up.kill(SIGKILL)
            try await eventually(within: .seconds(10), "every process ends") {
                !pids.contains(where: isAlive) && !isAlive(manifest.processGroup)
            }
            // And the directory is free for the next one.
            let next = try breakwater.start(["up"])
            let again = try await ready(breakwater, after: manifest.supervisor)
            #expect(again.supervisor == next.process.processIdentifier)
            next.kill(SIGINT)
            #expect(try await next.outcome().status == 0)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalStopsEverythingInOrder(signal: Int32) async throws {
        try await withStore { breakwater in
            let up = try breakwater.start(["up", "--without-sidecars"])
            let manifest = try await ready(breakwater)
            up.kill(signal)
            #expect(try await up.outcome().status == 0)
            #expect(!manifest.members.compactMap(\.pid).contains(where: isAlive))
            #expect(StackManifest.read(state(breakwater)) == nil)
        }
    }

    @Test func detachedItRunsUntilDown() async throws {
        try await withStore { breakwater in
            let up = try breakwater.start(["up", "--without-sidecars", "--detach", "--json"])
            let started = try await up.outcome()
            #expect(started.status == 0, "\(started.errors)")
            let manifest = try #require(StackManifest.read(state(breakwater)))
            let pids = manifest.members.compactMap(\.pid)
            let status = try await breakwater.run(["status", "--json"])
            #expect(status.status == 0, "\(status.errors)")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let reading = try decoder.decode(StackStatus.self, from: Data(status.output.utf8))
            #expect(reading.healthy)
            #expect(reading.master == "redis-1")
            #expect(reading.members.compactMap(\.pid) == pids)
            let second = try await breakwater.run(["up", "--detach"])
            #expect(second.status == 3)
            let down = try await breakwater.run(["down"])
            #expect(down.status == 0, "\(down.errors)")
            #expect(!pids.contains(where: isAlive))
            let after = try await breakwater.run(["status"])
            #expect(after.status == 1)
            #expect(try await breakwater.run(["down"]).status == 0)
        }
    }

    @Test func aKilledMasterShowsAndComesBack() async throws {
        try await withStore { breakwater in
            let up = try breakwater.start(["up", "--without-sidecars"])
            let manifest = try await ready(breakwater)
            let master = try #require(manifest.members.first { $0.name == "redis-1" }?.pid)
            kill(master, SIGKILL)
            try await eventually("the status says so") {
                await StackStatus.read(state(breakwater))?.members.first?.process == .ended
            }
            try await eventually(within: .seconds(40), "another master leads and the node is back as a replica") {
                guard let status = await StackStatus.read(state(breakwater)) else { return false }
                return status.healthy && status.master != "redis-1" && status.members.first?.role == .replica
            }
            up.kill(SIGINT)
            try await up.ended()
        }
    }

    private func state(_ breakwater: BreakwaterProgram) -> StateDirectory {
        StateDirectory(breakwater.folder.appending(path: ".breakwater").path)
    }

    private func ready(_ breakwater: BreakwaterProgram, after former: Int32? = nil) async throws -> StackManifest {
        try await eventually(within: .seconds(40), "the store is ready") {
            guard let manifest = StackManifest.read(state(breakwater)) else { return false }
            return manifest.ready && manifest.supervisor != former
        }
        return try #require(StackManifest.read(state(breakwater)))
    }

    private func withStore(_ body: (BreakwaterProgram) async throws -> Void) async throws {
        let breakwater = try BreakwaterProgram()
        let topology = """
            version: 1
            store: test
            provider: local
            redis: { role: cache, persistence: off, down_after: 1s, failover_timeout: 6s, maxmemory: 32MiB }
            sidecar: { self_fence: 800ms }
            """
        try breakwater.write(topology, to: "breakwater.yaml")
        try await body(breakwater)
    }
}
