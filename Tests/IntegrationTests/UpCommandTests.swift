import Foundation
import LocalStack
import Testing

/// The built program, used as a person uses it.
@Suite(.serialized) struct UpCommandTests {
    @Test func nothingOutlivesAKilledSupervisor() async throws {
        try await withDirectory { directory in
            let up = try Breakwater(["up"], in: directory)
            let manifest = try await ready(directory)
            let pids = manifest.members.compactMap(\.pid)
            #expect(pids.count == 9)
            #expect(pids.allSatisfy(isAlive))
            #expect(kill(up.process.processIdentifier, SIGKILL) == 0)
            try await eventually(within: .seconds(10), "every process ends") {
                !pids.contains(where: isAlive) && !isAlive(manifest.processGroup)
            }
            // And the directory is free for the next one.
            let next = try Breakwater(["up"], in: directory)
            let again = try await ready(directory, after: manifest.supervisor)
            #expect(again.supervisor == next.process.processIdentifier)
            next.process.interrupt()
            next.process.waitUntilExit()
            #expect(next.process.terminationStatus == 0)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalStopsEverythingInOrder(signal: Int32) async throws {
        try await withDirectory { directory in
            let up = try Breakwater(["up", "--without-sidecars"], in: directory)
            let manifest = try await ready(directory)
            kill(up.process.processIdentifier, signal)
            up.process.waitUntilExit()
            #expect(up.process.terminationStatus == 0)
            #expect(!manifest.members.compactMap(\.pid).contains(where: isAlive))
            #expect(StackManifest.read(state(directory)) == nil)
        }
    }

    @Test func detachedItRunsUntilDown() async throws {
        try await withDirectory { directory in
            let up = try Breakwater(["up", "--without-sidecars", "--detach", "--json"], in: directory)
            let started = try await up.finished()
            #expect(started.status == 0, "\(started.errors)")
            let manifest = try #require(StackManifest.read(state(directory)))
            let pids = manifest.members.compactMap(\.pid)
            let status = try await Breakwater(["status", "--json"], in: directory).finished()
            #expect(status.status == 0, "\(status.errors)")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let reading = try decoder.decode(StackStatus.self, from: Data(status.output.utf8))
            #expect(reading.healthy)
            #expect(reading.master == "redis-1")
            #expect(reading.members.compactMap(\.pid) == pids)
            let second = try await Breakwater(["up", "--detach"], in: directory).finished()
            #expect(second.status == 3)
            let down = try await Breakwater(["down"], in: directory).finished()
            #expect(down.status == 0, "\(down.errors)")
            #expect(!pids.contains(where: isAlive))
            let after = try await Breakwater(["status"], in: directory).finished()
            #expect(after.status == 1)
            #expect(try await Breakwater(["down"], in: directory).finished().status == 0)
        }
    }

    @Test func aKilledMasterShowsAndComesBack() async throws {
        try await withDirectory { directory in
            let up = try Breakwater(["up", "--without-sidecars"], in: directory)
            let manifest = try await ready(directory)
            let master = try #require(manifest.members.first { $0.name == "redis-1" }?.pid)
            kill(master, SIGKILL)
            try await eventually("the status says so") {
                await StackStatus.read(state(directory))?.members.first?.process == .ended
            }
            try await eventually(within: .seconds(40), "another master leads and the node is back as a replica") {
                guard let status = await StackStatus.read(state(directory)) else { return false }
                return status.healthy && status.master != "redis-1" && status.members.first?.role == .replica
            }
            up.process.interrupt()
            up.process.waitUntilExit()
        }
    }

    private func state(_ directory: String) -> StateDirectory { StateDirectory("\(directory)/.breakwater") }

    private func ready(_ directory: String, after former: Int32? = nil) async throws -> StackManifest {
        try await eventually(within: .seconds(40), "the store is ready") {
            guard let manifest = StackManifest.read(state(directory)) else { return false }
            return manifest.ready && manifest.supervisor != former
        }
        return try #require(StackManifest.read(state(directory)))
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let topology = """
            version: 1
            store: test
            provider: local
            redis: { role: cache, persistence: off, down_after: 1s, failover_timeout: 6s, maxmemory: 32MiB }
            sidecar: { self_fence: 800ms }
            """
        try topology.write(toFile: "\(directory)/breakwater.yaml", atomically: true, encoding: .utf8)
        try await body(directory)
    }
}

/// One run of the built program; killed when this value goes, and with it all that it started.
private final class Breakwater {
    let process = Process()
    private let output: URL
    private let errors: URL

    init(_ arguments: [String], in directory: String) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "breakwater")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        let name = UUID().uuidString
        output = URL(filePath: "\(directory)/\(name).out")
        errors = URL(filePath: "\(directory)/\(name).err")
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    func finished() async throws -> (status: Int32, output: String, errors: String) {
        try await eventually(within: .seconds(60), "the command ends") { !self.process.isRunning }
        return (
            process.terminationStatus, try String(contentsOf: output, encoding: .utf8),
            try String(contentsOf: errors, encoding: .utf8)
        )
    }
}
