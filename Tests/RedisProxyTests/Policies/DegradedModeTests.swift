import NIOCore
import RESP
import RedisClient
import Testing

@testable import RedisProxy

/// A cache whose hold has run out, from the client's side.
@Suite struct DegradedModeTests {
    private static let server: ScriptedServer.Script = { command in
        switch command[0].uppercased() {
        case "INFO": .reply("$22\r\nredis_version:7.0.15\r\n\r\n")
        case "GET": .reply("$4\r\nreal\r\n")
        case "MULTI": .reply("+OK\r\n")
        case "EXEC": .reply("*1\r\n:7\r\n")
        case "INCR": .reply("+QUEUED\r\n")
        default: .reply("+OK\r\n")
        }
    }

    private static func with(
        hold: Duration = .milliseconds(50), _ more: (inout ProxyConfiguration) -> Void = { _ in },
        _ body: (DataPathScene) async throws -> Void
    ) async throws {
        try await DataPathScene.with(
            configure: { configuration in
                configuration.role = .cache
                configuration.onTimeout = .degrade
                configuration.hold = hold
                more(&configuration)
            }, body)
    }

    /// A client that waited in vain: the mode is on afterwards.
    private static func degrade(_ scene: DataPathScene) async throws {
        let client = try await scene.connect()
        #expect(try await client.send(["GET", "k"]) == .null)
        await client.close()
    }

    /// The mode ends once the stale-cache guard has let the master open.
    private static func recover(_ scene: DataPathScene, at server: ScriptedServer) async throws {
        try await scene.setMaster(server)
        let client = try await scene.connect()
        try await scene.until { try await client.send(["GET", "probe"]).string == "real" }
        await client.close()
    }

    private static func isOfAClient(_ command: [String]) -> Bool {
        command[0] != "INFO" && command != ["GET", "probe"]
    }

    @Test func heldCommandsAreAnsweredInOrderAndNewOnesAtOnce() async throws {
        try await Self.with(hold: .milliseconds(300)) { scene in
            let client = try await scene.connect()
            let held = try await client.pipeline([["SET", "k", "v"], ["MGET", "a", "b"], ["DEL", "k"], ["PING"]])
            #expect(held == [.simpleString("OK"), .array([.null, .null]), .integer(0), .simpleString("PONG")])
            let start = ContinuousClock.now
            for _ in 0..<20 { #expect(try await client.send(["GET", "k"]) == .null) }
            // Twenty holds would be six seconds.
            #expect(ContinuousClock.now - start < .seconds(3))
            let server = try await scene.server(Self.server)
            try await Self.recover(scene, at: server)
            #expect(try await client.send(["GET", "k"]).string == "real")
            // No forgotten command ran, and the guard deleted what they would have written.
            #expect(server.commands.filter(Self.isOfAClient) == [["UNLINK", "k"], ["GET", "k"]])
            await client.close()
        }
    }

    @Test(arguments: [
        ["INCR", "n"], ["SET", "k", "v", "GET"], ["EVAL", "return 1", "0"], ["LPUSH", "l", "v"], ["BLPOP", "l", "0"],
        ["SUBSCRIBE", "c"], ["WATCH", "k"], ["SPOP", "s"], ["GET", "order:1"], ["SET", "order:1", "v"],
    ])
    func whatHasNoTrueAnswerClosesItsClient(command: [String]) async throws {
        try await Self.with({ $0.durablePrefixes = ["order:"] }) { scene in
            let early = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await early.send(command) }
            try await Self.degrade(scene)
            let late = try await scene.connect()
            let other = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await late.send(command) }
            #expect(try await other.send(["GET", "k"]) == .null)
            await other.close()
        }
    }

    /// A read that the hung master has is a miss in time; a write is of unknown outcome, as always.
    @Test func whatAHungMasterHasIsJudged() async throws {
        try await Self.with { scene in
            let server = try await scene.server { $0[0] == "INFO" ? .reply("+OK\r\n") : .silence }
            try await scene.setMaster(server)
            let reader = try await scene.connect()
            let counter = try await scene.connect()
            let miss = Task { try await reader.send(["GET", "k"]) }
            let unknown = Task { try await counter.send(["INCR", "n"]) }
            try await scene.until { server.commands.filter { $0[0] != "INFO" }.count == 2 }
            try await scene.setMaster(nil)
            #expect(try await miss.value == .null)
            await #expect(throws: RedisConnectionError.self) { try await unknown.value }
            #expect(try await reader.send(["SET", "k", "v"]).string == "OK")
            await reader.close()
        }
    }

    @Test func aNewConnectionIsSetUp() async throws {
        try await Self.with { scene in
            let server = try await scene.server(Self.server)
            try await scene.setMaster(server)
            let first = try await scene.connect()
            #expect(try await first.send(["AUTH", "shop", "secret"]).string == "OK")
            #expect(try await first.send(["GET", "k"]).string == "real")
            await first.close()
            try await scene.setMaster(nil)
            try await Self.degrade(scene)
            let client = try await scene.connect()
            let replies = try await client.pipeline([
                ["AUTH", "shop", "secret"], ["SELECT", "3"], ["CLIENT", "SETNAME", "page"], ["CLIENT", "GETNAME"],
                ["PING"], ["INFO"], ["HELLO", "3", "AUTH", "shop", "secret"], ["GET", "k"], ["HGETALL", "h"],
            ])
            #expect(replies.prefix(5).map(\.string) == ["OK", "OK", "OK", "page", "PONG"])
            #expect(replies[5].string?.contains("redis_version:7.0.15") == true)
            #expect(replies[6].errorMessage == nil)
            #expect(replies[7] == .null)
            await client.close()
            // A password that no server has accepted cannot be called right.
            let stranger = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await stranger.send(["AUTH", "shop", "wrong"]) }
        }
    }

    @Test func aTransactionIsAnsweredWhole() async throws {
        try await Self.with { scene in
            try await Self.degrade(scene)
            let client = try await scene.connect()
            let replies = try await client.pipeline([
                ["MULTI"], ["SET", "k", "v"], ["GET", "k"], ["EXEC"], ["GET", "k"], ["MULTI"], ["DISCARD"], ["PING"],
            ])
            #expect(replies.prefix(3).map(\.string) == ["OK", "QUEUED", "QUEUED"])
            #expect(replies[3] == .array([.simpleString("OK"), .null]))
            #expect(replies[4] == .null)
            #expect(replies.suffix(3).map(\.string) == ["OK", "OK", "PONG"])
            let counting = try await client.pipeline([["MULTI"], ["INCR", "n"]])
            #expect(counting.map(\.string) == ["OK", "QUEUED"])
            await #expect(throws: RedisConnectionError.self) { try await client.send(["EXEC"]) }
        }
    }

    /// Begun in the outage and ended after it: the whole block runs on the master, so any command may be in it.
    @Test func aTransactionThatOutlivesTheOutageRuns() async throws {
        try await Self.with(hold: .milliseconds(500)) { scene in
            try await Self.degrade(scene)
            let client = try await scene.connect()
            #expect(try await client.pipeline([["MULTI"], ["INCR", "n"]]).map(\.string) == ["OK", "QUEUED"])
            let server = try await scene.server(Self.server)
            try await Self.recover(scene, at: server)
            #expect(try await client.send(["EXEC"]) == .array([.integer(7)]))
            let commands = server.commands.filter(Self.isOfAClient).filter { $0[0] != "UNLINK" }
            #expect(commands == [["MULTI"], ["INCR", "n"], ["EXEC"]])
            await client.close()
        }
    }

    @Test func aLongValueIsForgottenToo() async throws {
        try await Self.with { scene in
            let value = String(repeating: "x", count: 3 << 20)
            let early = try await scene.connect()
            #expect(try await early.send(["SET", "k", value]).string == "OK")
            #expect(try await early.pipeline([["SET", "k", value], ["GET", "k"]]) == [.simpleString("OK"), .null])
            await early.close()
        }
    }

    /// A switchover holds: its master is there, and nothing is made up.
    @Test func aBarrierDoesNotDegrade() async throws {
        try await Self.with { scene in
            let server = try await scene.server(Self.server)
            try await scene.setMaster(server)
            try await scene.bar(true)
            let client = try await scene.connect()
            await #expect(throws: RedisConnectionError.self) { try await client.send(["GET", "k"]) }
            try await scene.bar(false)
            let other = try await scene.connect()
            #expect(try await other.send(["GET", "k"]).string == "real")
            await other.close()
        }
    }

    @Test func everyOutageIsCounted() {
        var mode = DegradedMode()
        let start = NIODeadline.now()
        let (idle, first) = (mode.leave(at: start), mode.enter(at: start))
        let (second, duration) = (mode.enter(at: start + .seconds(1)), mode.leave(at: start + .seconds(2)))
        #expect(idle == nil && first && !second)
        #expect(duration == .seconds(2))
        #expect(!mode.isOn)
        let metrics = ShardMetrics()
        metrics.countDegraded(nanoseconds: 1_000_000_000)
        metrics.setDegraded(since: start, now: start + .seconds(2))
        let snapshot = metrics.snapshot(clients: 0, pinned: 0, lanes: 0)
        #expect(snapshot.counters.degraded.nanoseconds == 3_000_000_000)
        #expect(snapshot.gauges.degraded == 1)
    }
}
