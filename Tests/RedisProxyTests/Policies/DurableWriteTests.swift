import RESP
import RedisClient
import Testing

@testable import RedisProxy

/// Writes to durable keys before scripted servers: what is sent, and what the client is told.
@Suite struct DurableWriteTests {
    private static func scene<Result: Sendable>(
        _ body: (DataPathScene) async throws -> Result
    ) async throws -> Result {
        try await DataPathScene.with(configure: { $0.durablePrefixes = ["d:"] }, body)
    }

    private static func script(replicas: Int) -> ScriptedServer.Script {
        { command in
            switch command[0] {
            case "WAIT": .reply(":\(replicas)\r\n")
            case "INCR": .reply(":7\r\n")
            case "MULTI": .reply("+OK\r\n")
            case "EXEC": .reply("*1\r\n:7\r\n")
            default: .reply("+OK\r\n")
            }
        }
    }

    @Test func aWriteIsAcknowledgedBehindItsWait() async throws {
        try await Self.scene { scene in
            let server = try await scene.server(Self.script(replicas: 1))
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let replies = try await client.pipeline([["INCR", "d:n"], ["SET", "k", "v"], ["INCR", "d:n"]])
            #expect(replies == [.integer(7), .simpleString("OK"), .integer(7)])
            #expect(
                server.commands == [
                    ["INCR", "d:n"], ["WAIT", "1", "500"], ["SET", "k", "v"], ["INCR", "d:n"], ["WAIT", "1", "500"],
                ])
            await client.close()
        }
    }

    @Test func tooFewReplicasAreAnErrorInPlaceOfTheAnswer() async throws {
        try await Self.scene { scene in
            let server = try await scene.server(Self.script(replicas: 0))
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let replies = try await client.pipeline([["INCR", "d:n"], ["SET", "k", "v"]])
            #expect(replies[0].errorMessage?.hasPrefix("NOTDURABLE ") == true)
            #expect(replies[1] == .simpleString("OK"))
            await client.close()
        }
    }

    @Test func aTransactionWaitsOnceBehindExec() async throws {
        try await Self.scene { scene in
            let server = try await scene.server(Self.script(replicas: 0))
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let replies = try await client.pipeline([["MULTI"], ["INCR", "d:n"], ["EXEC"], ["GET", "x"]])
            #expect(replies[2].errorMessage?.hasPrefix("NOTDURABLE ") == true)
            #expect(replies[3] == .simpleString("OK"))
            #expect(server.commands == [["MULTI"], ["INCR", "d:n"], ["EXEC"], ["WAIT", "1", "500"], ["GET", "x"]])
            await client.close()
        }
    }

    @Test(arguments: [true, false])
    func aConnectionLostBeforeWaitIsAnsweredClosesTheClient(byReset: Bool) async throws {
        try await Self.scene { scene in
            let first = try await scene.server { command in
                command[0] != "WAIT" ? .reply("+OK\r\n") : byReset ? .close : .silence
            }
            let second = try await scene.server(Self.script(replicas: 1))
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let reply = Task { try await client.send(["SET", "d:k", "v"]) }
            try await scene.until { first.commands.count == 2 }
            try await scene.setMaster(second, epoch: 2)
            await #expect(throws: RedisConnectionError.self) { try await reply.value }
            #expect(second.commands.isEmpty)
        }
    }

    /// What the server refused did not run: it is sent again, and waits for replicas there.
    @Test func aRefusedWriteIsSentAgain() async throws {
        try await Self.scene { scene in
            let first = try await scene.server {
                $0[0] == "WAIT"
                    ? .reply(":0\r\n") : .reply("-READONLY You can't write against a read only replica.\r\n")
            }
            let second = try await scene.server(Self.script(replicas: 1))
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let reply = Task { try await client.send(["INCR", "d:n"]) }
            try await scene.until { first.commands.contains(["INCR", "d:n"]) }
            try await scene.loseMaster()
            try await scene.setMaster(second, epoch: 2)
            #expect(try await reply.value == .integer(7))
            await client.close()
        }
    }

    @Test func nothingDurableIsGivenToAMasterBeforeTheMajorityConfirmsIt() async throws {
        try await Self.scene { scene in
            let server = try await scene.server(Self.script(replicas: 1))
            try await scene.setMaster(server, isProvisional: true)
            let client = try await scene.connect()
            let other = try await scene.connect()
            let durable = Task { try await client.send(["SET", "d:k", "v"]) }
            let transaction = Task {
                let third = try await scene.connect()
                let replies = try await third.pipeline([["MULTI"], ["INCR", "d:n"], ["EXEC"]])
                await third.close()
                return replies
            }
            try await scene.until { server.commands.contains(["INCR", "d:n"]) }
            #expect(try await other.send(["SET", "k", "v"]) == .simpleString("OK"))
            #expect(!server.commands.contains(["SET", "d:k", "v"]) && !server.commands.contains(["EXEC"]))
            try await scene.setMaster(server)
            #expect(try await durable.value == .simpleString("OK"))
            #expect(try await transaction.value.last == .array([.integer(7)]))
            await client.close()
            await other.close()
        }
    }
}
