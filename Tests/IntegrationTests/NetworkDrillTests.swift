import Drills
import Foundation
import LoopbackServers
import Testing

/// Drills on hosts that are network namespaces. They need root, as CI has it; the built program enters a network of its
/// own, so this process cannot run them itself.
@Suite(.serialized) struct NetworkDrillTests {
    private let program: BreakwaterProgram

    init() throws { program = try BreakwaterProgram() }

    private func drill(_ arguments: String...) throws -> BreakwaterProgram.Running {
        try program.start(["drill"] + arguments, ProcessInfo.processInfo.environment)
    }

    /// A split of the Sentinels, verified by the kernel's counters, with the master's death in it.
    @Test(.timeLimit(.minutes(3))) func aSplitIsMadeSurvivedAndHealed() async throws {
        let text = try await drill("sentinel-split", "--client", "shopper:4", "--json").outcome().output
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
        #expect(report["failure"] == nil, "\(text)")
        let checks = try #require(report["checks"] as? [[String: Any]])
        // Times depend on the machine; everything else must hold.
        let failed = checks.filter { $0["passed"] as? Bool != true && $0["name"] as? String != "longest_stall" }
        #expect(failed.isEmpty, "\(text)")
        let events = try #require(report["timeline"] as? [[String: Any]]).compactMap { $0["event"] as? String }
        #expect(events.filter { $0 == "fault.verified" }.count == 2)
    }

    /// The kernel removes all of it with the last process: nothing runs on, and the machine never saw a link.
    @Test(.timeLimit(.minutes(2)), arguments: [SIGKILL, SIGTERM])
    func nothingIsLeftOfADrillThatWasKilled(signal: Int32) async throws {
        let state = program.folder.appending(path: "s").path
        let drill = try drill("redis-flap", "--client", "shopper:2", "--state", state)
        try await waitUntil { self.processes(of: state).count >= 9 }
        let links = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")
        #expect(!links.contains("bridge0"))
        drill.kill(signal)
        try await drill.ended()
        try await waitUntil { self.processes(of: state).isEmpty }
        #expect((try? FileManager.default.contentsOfDirectory(atPath: "/run/netns"))?.contains("redis-1") != true)
    }

    /// The process ids of whatever works in the directory or has it among its arguments; Redis overwrites those.
    private func processes(of directory: String) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(Int32.init).filter { pid in
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            if place?.hasPrefix(directory) == true { return true }
            guard let line = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")) else { return false }
            return line.range(of: Data(directory.utf8)) != nil
        }
    }

    private func waitUntil(_ limit: Duration = .seconds(40), _ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "it did not happen in time")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

/// The short form of `make soak`. Latency is left to the long one, on a quiet machine.
@Suite(.serialized) struct SoakTests {
    @Test(.timeLimit(.minutes(4))) func memoryAndDescriptorsStayFlat() async throws {
        let directory = try ScratchDirectory.make()
        defer { ScratchDirectory.remove(directory) }
        let report = try await Soak(duration: .seconds(24), stateDirectory: directory).run()
        let failed = report.checks.filter { !$0.passed && !["p50_ms", "p99_ms"].contains($0.name) }
        #expect(failed.isEmpty, "\(report.text)")
        #expect(report.drill.passed, "\(report.text)")
        #expect(report.connections > 500)
        #expect(report.samples.allSatisfy { $0.sidecars.count == 3 })
    }
}
