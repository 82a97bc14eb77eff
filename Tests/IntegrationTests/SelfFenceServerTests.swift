import Foundation
import Glibc
import LocalStack
import LoopbackServers
import RESP
import RedisClient
import Testing
import Topology

/// A sidecar whose Sentinels all fall silent, or all die.
@Suite(.serialized) struct SelfFenceServerTests {
    @Test(.timeLimit(.minutes(2))) func noWriteIsAcceptedOnceTheLimitHasPassed() async throws {
        try await withSidecar { stack, sidecar in
            for name in stack.topology.redis?.sentinels ?? [] { stack.signal(name, SIGSTOP) }
            // The hold is short: what is not accepted is refused soon.
            try await eventually("the sidecar stops writing") { await Self.write(sidecar) == false }
            for _ in 0..<5 { #expect(await Self.write(sidecar) == false) }
            for name in stack.topology.redis?.sentinels ?? [] { stack.signal(name, SIGCONT) }
            try await eventually("service resumes") { await Self.write(sidecar) }
        }
    }

    @Test(.timeLimit(.minutes(2))) func sentinelsThatDieStopNothing() async throws {
        try await withSidecar { stack, sidecar in
            for name in stack.topology.redis?.sentinels ?? [] { stack.signal(name, SIGKILL) }
            let deadline = ContinuousClock.now + .seconds(4)
            while ContinuousClock.now < deadline {
                #expect(await Self.write(sidecar))
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private static func write(_ endpoint: RedisEndpoint) async -> Bool {
        guard let connection = try? await RedisConnection.connect(to: .tcp(endpoint)) else { return false }
        defer { connection.abandon() }
        return (try? await connection.send(["SET", "fence", "1"]))?.string == "OK"
    }

    private func withSidecar(_ body: @escaping @Sendable (LocalStack, RedisEndpoint) async throws -> Void) async throws
    {
        try await withStack { topology, options in
            topology.redis?.downAfter = .seconds(2)
            topology.sidecar?.selfFence = .milliseconds(1_600)
            topology.sidecar?.hold = .milliseconds(100)
            options.sidecars = .first(1)
            options.proxyExecutable = ServerProcess.builtProgram("breakwater-proxy").path
        } body: { stack in
            try await stack.ready()
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            try await eventually("the sidecar serves") { await Self.write(sidecar) }
            try await body(stack, sidecar)
        }
    }
}
