import Foundation
import LocalStack
import LoopbackServers
import RESP
import RedisClient
import Testing
import Topology

/// A replica without the last writes is promoted behind a real sidecar: nobody reads what it has of old.
@Suite(.serialized) struct StaleCacheGuardServerTests {
    @Test(.timeLimit(.minutes(2)), arguments: [ServerFlavour.redis, .valkey9])
    func aPromotedReplicaShowsNothingOld(_ flavour: ServerFlavour) async throws {
        try await withStack(flavour) { topology, options in
            topology.redis?.minReplicasToWrite = 0
            options.sidecars = .first(1)
            options.proxyExecutable = ServerProcess.builtProgram("breakwater-proxy").path
        } body: { stack in
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            let client = try await RedisConnection.connect(to: .tcp(sidecar))
            let seeded = [["SET", "cart", "old"], ["SET", "gone", "old"]]
            try await eventually("writes succeed") { try await client.send(["PING"]).string == "PONG" }
            _ = try await client.pipeline(seeded + [["SELECT", "3"], seeded[0], ["SELECT", "0"]])

            var options = RedisConnection.Options()
            options.credentials = stack.nodeCredentials
            let replicas = stack.members(.redis).filter { $0.name != "redis-1" }.compactMap(\.endpoint)
            for replica in replicas {
                let connection = try await RedisConnection.connect(to: .tcp(replica), options: options)
                try await eventually("a replica has everything") {
                    try await connection.pipeline([["SELECT", "3"], ["GET", "cart"]]).last?.string == "old"
                }
                let cut = try await connection.send(["REPLICAOF", "127.0.0.1", "1"])
                #expect(cut == .simpleString("OK"), "\(cut)")
                await connection.close()
            }
            let newer = try await client.pipeline([
                ["SET", "cart", "new"], ["DEL", "gone"], ["SELECT", "3"], ["SET", "cart", "new"], ["SELECT", "0"],
            ])
            #expect(newer[0] == .simpleString("OK") && newer[1] == .integer(1) && newer[3] == .simpleString("OK"))
            for replica in replicas {
                let connection = try await RedisConnection.connect(to: .tcp(replica), options: options)
                // It answers no reads without its master, and has what was deleted since.
                let keyspace = try await connection.send(["INFO", "keyspace"]).string ?? ""
                #expect(keyspace.contains("db0:keys=2,"), "\(keyspace)")
                await connection.close()
            }

            stack.signal("redis-1", SIGKILL)
            try await eventually("reads succeed again, of nothing old") {
                let client = try await RedisConnection.connect(to: .tcp(sidecar))
                defer { Task { await client.close() } }
                guard let cart = try? await client.send(["GET", "cart"]) else { return false }
                let rest = try await client.pipeline([["GET", "gone"], ["SELECT", "3"], ["GET", "cart"]])
                for value in [cart, rest[0], rest[2]] { #expect(value == .null, "\(value)") }
                return true
            }
            await client.close()
        }
    }
}
