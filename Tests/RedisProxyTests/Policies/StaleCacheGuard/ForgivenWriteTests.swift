import RESP
import RedisClient
import Testing

@testable import RedisProxy

/// Writes of a cache whose connection is lost before they are answered.
@Suite struct ForgivenWriteTests {
    private static func losing(_ command: [String]) -> ScriptedServer.Answer {
        command[0] == "UNLINK" ? .reply(":1\r\n") : .close
    }

    @Test(arguments: [
        (["SET", "k", "v"], RESPValue.simpleString("OK")), (["SET", "k", "v", "EX", "5"], .simpleString("OK")),
        (["SETEX", "k", "5", "v"], .simpleString("OK")), (["DEL", "k"], .integer(0)), (["UNLINK", "k"], .integer(0)),
    ])
    func aPlainOverwriteIsSaidToBeDoneAndItsKeyDeleted(command: [String], answer: RESPValue) async throws {
        try await DataPathScene.with(configure: { $0.role = .cache }) { scene in
            let first = try await scene.server { _ in .close }
            let second = try await scene.server { $0[0] == "GET" ? .reply("$-1\r\n") : .reply(":1\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            #expect(try await client.send(command) == answer)
            try await scene.setMaster(second, epoch: 2)
            #expect(try await client.send(["GET", "k"]) == .null)
            #expect(second.commands == [["UNLINK", "k"], ["GET", "k"]])
            await client.close()
        }
    }

    /// The same master, whose connection was merely cut, holds the old value or the new one.
    @Test func theSameMasterIsPurgedToo() async throws {
        try await DataPathScene.with(configure: { $0.role = .cache }) { scene in
            let server = try await scene.server { $0[0] == "SET" ? .close : .reply(":1\r\n") }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            _ = try await client.send(["INCR", "n"])
            #expect(try await client.send(["SET", "k", "v"]) == .simpleString("OK"))
            _ = try await client.send(["GET", "k"])
            #expect(server.commands == [["INCR", "n"], ["SET", "k", "v"], ["UNLINK", "k"], ["GET", "k"]])
            await client.close()
        }
    }

    @Test(arguments: [
        ["SET", "k", "v", "NX"], ["SET", "k", "v", "GET"], ["SET", "k", "v", "XX"], ["SET", "k", "v", "IFEQ", "w"],
        ["INCR", "k"], ["SETNX", "k", "v"], ["EVAL", "s", "1", "k"], ["MSET", "k", "v"], ["GETDEL", "k"],
    ])
    func anythingElseIsOfUnknownOutcome(command: [String]) async throws {
        try await DataPathScene.with(configure: { $0.role = .cache }) { scene in
            let server = try await scene.server(Self.losing)
            try await scene.setMaster(server)
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await client.send(command) }
        }
    }

    @Test func aStoreForgivesNothing() async throws {
        try await DataPathScene.with { scene in
            let server = try await scene.server(Self.losing)
            try await scene.setMaster(server)
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await client.send(["SET", "k", "v"]) }
        }
    }

    /// Answers keep their order: behind a read that is sent again nothing is said to be done.
    @Test func nothingIsForgivenBehindWhatIsStillUnanswered() async throws {
        try await DataPathScene.with(configure: { $0.role = .cache }) { scene in
            let server = try await scene.server { $0[0] == "SET" ? .close : .silence }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) {
                try await client.pipeline([["GET", "a"], ["SET", "k", "v"]])
            }
        }
    }

    @Test func severalInARowAreForgivenAndWhatFollowsIsSentAgain() async throws {
        try await DataPathScene.with(configure: { $0.role = .cache }) { scene in
            let server = try await scene.server { $0[0] == "GET" ? .close : .silence }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let replies = Task { try await client.pipeline([["SET", "k", "v"], ["DEL", "l"], ["GET", "k"]]) }
            try await scene.until { server.commands.count >= 4 }
            server.setScript { $0[0] == "GET" ? .reply("$-1\r\n") : .reply(":1\r\n") }
            try await scene.setMaster(nil)
            try await scene.setMaster(server)
            #expect(try await replies.value == [.simpleString("OK"), .integer(0), .null])
            await client.close()
        }
    }
}
