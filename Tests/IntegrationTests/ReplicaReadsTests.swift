import Foundation
import LocalStack
import LoopbackServers
import RESP
import RedisClient
import Testing
import Topology

/// Reads from replicas through a real sidecar before real nodes and Sentinels.
@Suite(.serialized) struct ReplicaReadsTests {
    private static func with(
        maxLag: Duration, _ body: @Sendable (LocalStack, RedisConnection) async throws -> Void
    ) async throws {
        try await withStack { topology, options in
            topology.redis?.replicaReads = .init(prefixes: ["page:"], commands: ["STRLEN"], maxLag: maxLag)
            options.sidecars = .first(1)
            options.proxyExecutable = ServerProcess.builtProgram("breakwater-proxy").path
        } body: { stack in
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            let client = try await RedisConnection.connect(to: .tcp(sidecar))
            try await eventually("the sidecar serves") {
                try await client.send(["SET", "page:1", "home"]) == .simpleString("OK")
            }
            try await body(stack, client)
            await client.close()
        }
    }

    /// How often each node was asked for this command.
    private static func calls(of command: String, _ stack: LocalStack) async throws -> [String: Int] {
        var calls: [String: Int] = [:]
        for node in stack.members(.redis) {
            var options = RedisConnection.Options()
            options.credentials = stack.nodeCredentials
            let connection = try await RedisConnection.connect(
                to: .tcp(try #require(node.endpoint)), options: options)
            let lines = try #require(try await connection.send(["INFO", "commandstats"]).string)
            let line = lines.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
            calls[node.name] = line.flatMap { Int($0.split(separator: "=")[1].prefix { $0.isNumber }) } ?? 0
            await connection.close()
        }
        return calls
    }

    private static func replicaCalls(of command: String, _ stack: LocalStack) async throws -> Int {
        try await calls(of: command, stack).filter { $0.key != "redis-1" }.values.reduce(0, +)
    }

    @Test(.timeLimit(.minutes(2))) func declaredReadsArriveAtReplicasAndOthersAtTheMaster() async throws {
        try await Self.with(maxLag: .milliseconds(500)) { stack, client in
            try await eventually("a read arrives at a replica") {
                #expect(try await client.send(["GET", "page:1"]).string == "home")
                return try await Self.replicaCalls(of: "get", stack) > 0
            }
            try await eventually("a command that is named does") {
                _ = try await client.send(["STRLEN", "other:1"])
                return try await Self.replicaCalls(of: "strlen", stack) > 0
            }
            let before = try await Self.replicaCalls(of: "get", stack)
            for _ in 0..<20 { #expect(try await client.send(["GET", "other:1"]) == .null) }
            #expect(try await Self.replicaCalls(of: "get", stack) == before)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aClientReadsWhatItWrote() async throws {
        try await Self.with(maxLag: .milliseconds(200)) { stack, client in
            for number in 0..<2000 {
                #expect(try await client.send(["SET", "page:n", "\(number)"]) == .simpleString("OK"))
                #expect(try await client.send(["GET", "page:n"]).string == "\(number)")
            }
            // And once it may read from replicas again, they have it.
            for number in 0..<3 {
                #expect(try await client.send(["SET", "page:n", "\(number)"]) == .simpleString("OK"))
                let before = try await Self.replicaCalls(of: "get", stack)
                try await eventually("its reads arrive at a replica") {
                    #expect(try await client.send(["GET", "page:n"]).string == "\(number)")
                    return try await Self.replicaCalls(of: "get", stack) > before
                }
            }
        }
    }

    /// The replicas stop in the middle of a stream of reads, and a write makes them old.
    @Test(.timeLimit(.minutes(2))) func replicasThatHangAreNotRead() async throws {
        try await Self.with(maxLag: .milliseconds(500)) { stack, client in
            try await eventually("a read arrives at a replica") {
                _ = try await client.send(["GET", "page:1"])
                return try await Self.replicaCalls(of: "get", stack) > 0
            }
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            let writer = try await RedisConnection.connect(to: .tcp(sidecar))
            let replicas = stack.members(.redis).map(\.name).filter { $0 != "redis-1" }
            for replica in replicas { stack.signal(replica, SIGSTOP) }
            #expect(try await writer.send(["SET", "page:1", "new"]) == .simpleString("OK"))
            let written = ContinuousClock.now
            var longest = Duration.zero
            while ContinuousClock.now - written < .seconds(2) {
                let asked = ContinuousClock.now
                let answer = try await client.send(["GET", "page:1"]).string
                longest = max(longest, ContinuousClock.now - asked)
                if asked - written > .milliseconds(500) { #expect(answer == "new") }
            }
            #expect(longest < .seconds(1), "a read took \(longest)")
            for replica in replicas { stack.signal(replica, SIGCONT) }
            let before = try await Self.replicaCalls(of: "get", stack)
            try await eventually("replicas are read again") {
                #expect(try await client.send(["GET", "page:1"]).string == "new")
                return try await Self.replicaCalls(of: "get", stack) > before
            }
            await writer.close()
        }
    }

    @Test(.timeLimit(.minutes(2))) func aReplicaThatIsKilledIsNobodysError() async throws {
        try await Self.with(maxLag: .milliseconds(500)) { stack, client in
            try await eventually("a read arrives at a replica") {
                _ = try await client.send(["GET", "page:1"])
                return try await Self.replicaCalls(of: "get", stack) > 0
            }
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            let started = ContinuousClock.now
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let reader = try await RedisConnection.connect(to: .tcp(sidecar))
                        var count = 0
                        while ContinuousClock.now - started < .seconds(2) {
                            let replies = try await reader.pipeline(Array(repeating: ["GET", "page:1"], count: 20))
                            for reply in replies where reply.string != "home" { Issue.record("\(reply)") }
                            count += replies.count
                        }
                        await reader.close()
                        return count
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                stack.signal("redis-2", SIGKILL)
                try await Task.sleep(for: .milliseconds(300))
                stack.signal("redis-3", SIGKILL)
                return try await group.reduce(0, +)
            }
            #expect(answers > 100)
        }
    }
}
