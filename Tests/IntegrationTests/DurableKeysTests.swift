import Foundation
import LocalStack
import LoopbackServers
import RESP
import RedisClient
import Testing
import Topology

/// Durable prefixes through a real sidecar before real nodes.
@Suite(.serialized) struct DurableKeysTests {
    @Test(.timeLimit(.minutes(2))) func aWriteIsAcknowledgedOnlyWithAReplica() async throws {
        try await withStack { topology, options in
            topology.redis?.durable = ["order:"]
            topology.redis?.durableTimeout = .milliseconds(200)
            options.sidecars = .first(1)
            options.proxyExecutable = ServerProcess.builtProgram("breakwater-proxy").path
        } body: { stack in
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            let client = try await RedisConnection.connect(to: .tcp(sidecar))
            try await eventually("a durable write succeeds") {
                try await client.send(["SET", "order:1", "paid"]) == .simpleString("OK")
            }
            let replies = try await client.pipeline([["MULTI"], ["INCR", "order:n"], ["EXEC"], ["GET", "order:1"]])
            #expect(replies[2] == .array([.integer(1)]))
            #expect(replies[3].string == "paid")

            let replicas = stack.members(.redis).map(\.name).filter { $0 != "redis-1" }
            for replica in replicas { stack.signal(replica, SIGSTOP) }
            let other = try await RedisConnection.connect(to: .tcp(sidecar))
            async let refused = client.pipeline([["SET", "order:2", "paid"], ["EVAL", "return 1", "1", "order:3"]])
            #expect(try await other.send(["SET", "plain", "v"]) == .simpleString("OK"))
            for reply in try await refused { #expect(reply.errorMessage?.hasPrefix("NOTDURABLE ") == true, "\(reply)") }

            for replica in replicas { stack.signal(replica, SIGCONT) }
            try await eventually("durable writes succeed again") {
                try await client.send(["SET", "order:2", "paid"]) == .simpleString("OK")
            }
            await client.close()
            await other.close()
        }
    }
}
