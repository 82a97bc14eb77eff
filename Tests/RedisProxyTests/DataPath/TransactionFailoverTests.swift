import RESP
import RedisClient
import Synchronization
import Testing

@testable import RedisProxy

/// MULTI, WATCH and other pinned state when the server is replaced.
@Suite struct TransactionFailoverTests {
    private static let transactional: ScriptedServer.Script = { command in
        switch command[0].uppercased() {
        case "MULTI", "WATCH", "DISCARD", "UNWATCH": .reply("+OK\r\n")
        case "EXEC": .reply("*1\r\n+done\r\n")
        default: .reply("+QUEUED\r\n")
        }
    }

    @Test func anOpenTransactionMovesWhole() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server(Self.transactional)
            let second = try await scene.server(Self.transactional)
            try await scene.setMaster(first)
            let client = try await scene.connect()
            #expect(try await client.send(["MULTI"]).string == "OK")
            #expect(try await client.send(["SET", "k", "v"]).string == "QUEUED")
            try await scene.setMaster(second, epoch: 2)
            #expect(try await client.send(["INCR", "n"]).string == "QUEUED")
            #expect(try await client.send(["EXEC"]) == .array([.simpleString("done")]))
            #expect(second.commands == [["MULTI"], ["SET", "k", "v"], ["INCR", "n"], ["EXEC"]])
            await client.close()
        }
    }

    @Test func aWatchedTransactionIsAnsweredAsNotHappened() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server(Self.transactional)
            let second = try await scene.server(Self.transactional)
            try await scene.setMaster(first)
            let client = try await scene.connect()
            #expect(try await client.send(["WATCH", "k"]).string == "OK")
            #expect(try await client.send(["MULTI"]).string == "OK")
            #expect(try await client.send(["SET", "k", "v"]).string == "QUEUED")
            try await scene.setMaster(second, epoch: 2)
            #expect(try await client.send(["EXEC"]) == .null)
            #expect(!second.commands.contains(["EXEC"]))
            #expect(second.commands.last == ["DISCARD"])
            // The next transaction is an ordinary one.
            #expect(try await client.send(["MULTI"]).string == "OK")
            #expect(try await client.send(["EXEC"]) == .array([.simpleString("done")]))
            await client.close()
        }
    }

    @Test func anExecInFlightIsOfUnknownOutcome() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server { $0[0] == "EXEC" ? .silence : Self.transactional($0) }
            let second = try await scene.server(Self.transactional)
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.pipeline([["MULTI"], ["INCR", "n"]])
            let exec = Task { try await client.send(["EXEC"]) }
            try await scene.until { first.commands.last == ["EXEC"] }
            try await scene.setMaster(second, epoch: 2)
            await #expect(throws: RedisConnectionError.self) { try await exec.value }
            #expect(second.commands.isEmpty)
        }
    }

    @Test func aBlockingCommandInFlightIsOfUnknownOutcome() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server { _ in .silence }
            let second = try await scene.server()
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let pop = Task { try await client.send(["BLPOP", "list", "0"]) }
            try await scene.until { first.commands == [["BLPOP", "list", "0"]] }
            try await scene.setMaster(second, epoch: 2)
            await #expect(throws: RedisConnectionError.self) { try await pop.value }
            #expect(second.commands.isEmpty)
        }
    }

    @Test func aBlockingCommandThatTheServerGaveUpWaitsOnTheNextMaster() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server { _ in
                .reply(
                    "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n")
            }
            let second = try await scene.server { _ in .reply("*2\r\n$4\r\nlist\r\n$1\r\nx\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let pop = Task { try await client.send(["BLPOP", "list", "0"]) }
            try await scene.until { scene.suspected.endpoints.withLock { $0.contains(first.endpoint) } }
            try await scene.setMaster(second, epoch: 2)
            #expect(try await pop.value.elements?.count == 2)
            await client.close()
        }
    }

    @Test func aSubscriberIsClosedRatherThanLeftDeaf() async throws {
        try await DataPathScene.with { scene in
            let confirm: ScriptedServer.Script = { _ in .reply("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n") }
            let first = try await scene.server(confirm)
            let second = try await scene.server(confirm)
            try await scene.setMaster(first)
            let client = try await scene.connect()
            #expect(try await client.send(["SUBSCRIBE", "c"]).elements?.first?.string == "subscribe")
            try await scene.setMaster(second, epoch: 2)
            try await scene.until { !client.isOpen }
        }
    }
}
