import RESP
import RedisClient
import Testing

@testable import RedisProxy

/// What the data path does while a switchover holds it.
@Suite struct BarrierDataPathTests {
    @Test func commandsAreHeldAndGoToWhoeverIsMasterAfterwards() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server()
            let second = try await scene.server { _ in .reply("+second\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            #expect(try await client.send(["SET", "k", "1"]) == .simpleString("OK"))
            try await scene.bar(true)
            let held = Task { try await client.send(["SET", "k", "2"]) }
            try await scene.until { try await scene.heldCommands() == 1 }
            // The new master is known before the barrier lifts, and gets nothing yet.
            try await scene.setMaster(second, epoch: 2)
            #expect(try await scene.inFlight() == 0)
            #expect(first.commands.count == 1 && second.commands.isEmpty)
            try await scene.bar(false)
            #expect(try await held.value == .simpleString("second"))
            #expect(first.commands.count == 1)
            await client.close()
        }
    }

    @Test func whatWasSentIsInFlightUntilItIsAnswered() async throws {
        try await DataPathScene.with { scene in
            let server = try await scene.server { $0[0] == "INCR" ? .silence : .reply("+OK\r\n") }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let reply = Task { try await client.send(["INCR", "k"]) }
            try await scene.until { server.commands == [["INCR", "k"]] }
            try await scene.bar(true)
            #expect(try await scene.inFlight() == 1)
            await client.close()
            _ = try? await reply.value
        }
    }

    @Test func transactionsWaitAndBlockingCommandsDoNotCount() async throws {
        try await DataPathScene.with { scene in
            let server = try await scene.server { command in
                switch command[0] {
                case "BLPOP": .silence
                case "EXEC": .reply("*1\r\n+OK\r\n")
                case "SET": .reply("+QUEUED\r\n")
                default: .reply("+OK\r\n")
                }
            }
            try await scene.setMaster(server)
            let blocked = try await scene.connect()
            let popped = Task { try await blocked.send(["BLPOP", "list", "0"]) }
            let client = try await scene.connect()
            _ = try await client.send(["MULTI"])
            _ = try await client.send(["SET", "k", "1"])
            try await scene.until { server.commands.contains(["BLPOP", "list", "0"]) }
            try await scene.bar(true)
            #expect(try await scene.inFlight() == 0)
            let result = Task { try await client.send(["EXEC"]) }
            try await scene.until { try await scene.inFlight() == 0 }
            #expect(!server.commands.contains(["EXEC"]))
            try await scene.bar(false)
            #expect(try await result.value.elements?.count == 1)
            await client.close()
            await blocked.close()
            _ = try? await popped.value
        }
    }
}
