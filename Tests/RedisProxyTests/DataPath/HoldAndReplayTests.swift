import RESP
import RedisClient
import Synchronization
import Testing

@testable import RedisProxy

/// What clients see when the server behind them vanishes, refuses or is replaced.
@Suite struct HoldAndReplayTests {
    @Test func commandsWaitForAMaster() async throws {
        try await DataPathScene.with { scene in
            let client = try await scene.connect()
            let reply = Task { try await client.send(["SET", "k", "v"]) }
            let server = try await scene.server()
            try await scene.setMaster(server)
            #expect(try await reply.value == .simpleString("OK"))
            #expect(server.commands == [["SET", "k", "v"]])
            await client.close()
        }
    }

    /// An answer that will not come: reads and idempotent overwrites go to the next master, all else closes the client.
    @Test(arguments: [
        (["GET", "k"], true),
        (["SET", "idem:k", "v"], true),
        (["DEL", "idem:a", "idem:b"], true),
        (["DEL", "idem:a", "other"], false),
        (["SET", "k", "v"], false),
        (["SET", "idem:k", "v", "NX"], false),
        (["INCR", "idem:k"], false),
        (["EVAL", "return 1", "0"], false),
        (["SCAN", "0"], false),
        (["PUBLISH", "c", "m"], false),
    ])
    func aCommandInFlight(command: [String], isReplayed: Bool) async throws {
        try await DataPathScene.with(configure: { $0.idempotentPrefixes = ["idem:"] }) { scene in
            let first = try await scene.server { _ in .silence }
            let second = try await scene.server { _ in .reply("+second\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let reply = Task { try await client.send(command) }
            try await scene.until { first.commands == [command] }
            try await scene.setMaster(second, epoch: 2)
            if isReplayed {
                #expect(try await reply.value == .simpleString("second"))
                #expect(second.commands == [command])
            } else {
                await #expect(throws: RedisConnectionError.self) { try await reply.value }
                #expect(second.commands.isEmpty)
            }
            await client.close()
        }
    }

    @Test func aRefusedCommandIsHeldAndSentAgainInOrder() async throws {
        try await DataPathScene.with { scene in
            let readonly = "-READONLY You can't write against a read only replica.\r\n"
            let first = try await scene.server { $0[0] == "GET" ? .reply("$3\r\nold\r\n") : .reply(readonly) }
            let second = try await scene.server { $0[0] == "GET" ? .reply("$3\r\nnew\r\n") : .reply("+OK\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let replies = Task { try await client.pipeline([["INCR", "n"], ["GET", "n"], ["SET", "k", "v"]]) }
            try await scene.until { first.commands.count >= 3 }
            // The demoted server goes on refusing until the Sentinels name another.
            try await scene.until { scene.suspected.endpoints.withLock { $0.contains(first.endpoint) } }
            try await scene.loseMaster()
            try await scene.setMaster(second, epoch: 2)
            let received = try await replies.value
            #expect(received.map(\.string) == ["OK", "new", "OK"])
            #expect(second.commands == [["INCR", "n"], ["GET", "n"], ["SET", "k", "v"]])
            await client.close()
        }
    }

    @Test func tooFewReplicasIsWaitedFor() async throws {
        try await DataPathScene.with { scene in
            let server = try await scene.server { _ in .reply("-NOREPLICAS Not enough good replicas to write.\r\n") }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let reply = Task { try await client.send(["INCR", "n"]) }
            try await scene.until { server.commands.count >= 3 }
            server.setScript { _ in .reply(":1\r\n") }
            #expect(try await reply.value == .integer(1))
            await client.close()
        }
    }

    /// The kernel of a sidecar that is cut off would deliver it when the link is back, to a master that was replaced.
    @Test(arguments: [["INCR", "n"], ["MULTI"]]) func whatIsGivenUpIsNotDeliveredLater(command: [String]) async throws {
        try await DataPathScene.with(configure: { $0.hold = .milliseconds(200) }) { scene in
            let server = try await scene.server { _ in .silence }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            let unknown = Task { try await client.send(command) }
            try await scene.until { server.commands.count == 1 }
            try await scene.setMaster(nil)
            await #expect(throws: RedisConnectionError.self) { try await unknown.value }
            try await scene.until { server.resets == 1 }
        }
    }

    @Test func nothingIsGivenToAMasterInDoubt() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server { $0[0] == "GET" ? .silence : .reply(":1\r\n") }
            let second = try await scene.server { $0[0] == "GET" ? .reply("$1\r\nv\r\n") : .reply(":2\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let hung = Task { try await client.send(["GET", "k"]) }
            try await scene.until { first.commands.count == 1 }
            try await scene.setMaster(nil)
            let other = try await scene.connect()
            let counted = Task { try await other.send(["INCR", "n"]) }
            let transaction = try await scene.connect()
            let started = Task { try await transaction.send(["MULTI"]) }
            try await scene.until { try await scene.heldCommands() > 0 }
            #expect(first.commands.count == 1, "a write was given to a master in doubt")
            try await scene.setMaster(second, epoch: 2)
            #expect(try await hung.value.string == "v")
            #expect(try await counted.value == .integer(2))
            #expect(try await started.value == .integer(2))
            await client.close()
        }
    }

    /// Out of reach, nothing is reset: somebody has to end the wait.
    @Test func aMasterInDoubtMayAnswerForAsLongAsAHold() async throws {
        try await DataPathScene.with(configure: {
            $0.hold = .milliseconds(300)
            $0.idempotentPrefixes = ["safe:"]
        }) { scene in
            let server = try await scene.server { _ in .silence }
            try await scene.setMaster(server)
            let commands = [["GET", "k"], ["INCR", "n"], ["SET", "safe:k", "v"], ["MULTI"]]
            let waiting = try await scene.send(commands, to: server)
            let start = ContinuousClock.now
            try await scene.setMaster(nil)
            for task in waiting {
                await #expect(throws: RedisConnectionError.self) { try await task.value }
            }
            let waited = ContinuousClock.now - start
            #expect(waited >= .milliseconds(290) && waited < .seconds(3), "\(waited)")
            server.setScript { _ in .reply(":1\r\n") }
            try await scene.setMaster(server, epoch: 2)
            let next = try await scene.connect()
            #expect(try await next.send(["INCR", "n"]) == .integer(1))
            #expect(server.commands.dropFirst(commands.count) == [["INCR", "n"]], "something was sent again")
            await next.close()
        }
    }

    /// The network heals, and TCP takes its time to send again what was lost.
    @Test func theDoubtEndsAndTheAnswersDoNotCome() async throws {
        try await DataPathScene.with(configure: { $0.hold = .milliseconds(300) }) { scene in
            let server = try await scene.server { _ in .silence }
            try await scene.setMaster(server)
            let commands = [["GET", "k"], ["MULTI"], ["INCR", "n"]]
            let waiting = try await scene.send(commands, to: server)
            let start = ContinuousClock.now
            try await scene.setMaster(nil)
            server.setScript { $0[0] == "GET" ? .reply("$1\r\nv\r\n") : .reply("+OK\r\n") }
            try await scene.setMaster(server)
            #expect(try await waiting[0].value.string == "v")
            #expect(try await waiting[1].value == .simpleString("OK"))
            await #expect(throws: RedisConnectionError.self) { try await waiting[2].value }
            #expect(ContinuousClock.now - start >= .milliseconds(290))
            #expect(Set(server.commands.dropFirst(commands.count)) == [["GET", "k"], ["MULTI"]])
        }
    }

    /// The master is not in doubt: it has all the time it wants.
    @Test func aSwitchoverLetsTheMasterAnswer() async throws {
        try await DataPathScene.with(configure: { $0.hold = .milliseconds(50) }) { scene in
            let server = try await scene.server { $0[0] == "GET" ? .silence : .reply(":1\r\n") }
            try await scene.setMaster(server)
            let slow = try await scene.connect()
            let answer = Task { try await slow.send(["GET", "k"]) }
            try await scene.until { server.commands.count == 1 }
            try await scene.bar(true)
            let other = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await other.send(["INCR", "n"]) }
            #expect(try await scene.inFlight() == 1)
            await slow.close()
            _ = try? await answer.value
        }
    }

    @Test func aRefusalIsPassedOnWhenTheHoldEnds() async throws {
        // Long enough for the first attempt on a busy machine: without one there would be no refusal to pass on.
        try await DataPathScene.with(configure: { $0.hold = .seconds(2) }) { scene in
            let server = try await scene.server { _ in .reply("-NOREPLICAS Not enough good replicas to write.\r\n") }
            try await scene.setMaster(server)
            let client = try await scene.connect()
            #expect(try await client.send(["INCR", "n"]).errorMessage?.hasPrefix("NOREPLICAS") == true)
            await client.close()
        }
    }

    @Test func theClientIsClosedWhenTheHoldEndsWithoutAMaster() async throws {
        try await DataPathScene.with(configure: { $0.hold = .milliseconds(60) }) { scene in
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await client.send(["GET", "k"]) }
            let server = try await scene.server()
            try await scene.setMaster(server)
            let next = try await scene.connect()
            #expect(try await next.send(["SET", "a", "b"]) == .simpleString("OK"))
            #expect(server.commands == [["SET", "a", "b"]], "a command of a client that gave up must not run late")
            await next.close()
        }
    }

    @Test func anAnswerThatBrokeOffIsNeverRepeated() async throws {
        try await DataPathScene.with { scene in
            let half = "$1000000\r\n" + String(repeating: "x", count: 600_000)
            let first = try await scene.server { _ in .replyThenClose(half) }
            let second = try await scene.server { _ in .reply("$1\r\ny\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await client.send(["GET", "big"]) }
            try await scene.setMaster(second, epoch: 2)
            let next = try await scene.connect()
            #expect(try await next.send(["GET", "big"]).string == "y")
            await next.close()
        }
    }

    @Test func aReplicaIsNeverTakenForAMaster() async throws {
        try await DataPathScene.with(configure: { $0.hold = .milliseconds(80) }) { scene in
            let server = try await scene.server()
            server.setRole("slave")
            try await scene.setMaster(server)
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await client.send(["SET", "k", "v"]) }
            #expect(server.commands.isEmpty)
        }
    }

    @Test func oneClientsUnknownOutcomeDoesNotTouchAnother() async throws {
        try await DataPathScene.with { scene in
            let first = try await scene.server { _ in .silence }
            let second = try await scene.server { $0[0] == "GET" ? .reply("$1\r\nv\r\n") : .reply(":1\r\n") }
            try await scene.setMaster(first)
            let writer = try await scene.connect()
            let reader = try await scene.connect()
            let write = Task { try await writer.send(["INCR", "n"]) }
            let read = Task { try await reader.send(["GET", "k"]) }
            try await scene.until { first.commands.count == 2 }
            try await scene.setMaster(second, epoch: 2)
            await #expect(throws: RedisConnectionError.self) { try await write.value }
            #expect(try await read.value.string == "v")
            #expect(second.commands == [["GET", "k"]])
            await reader.close()
        }
    }
}
