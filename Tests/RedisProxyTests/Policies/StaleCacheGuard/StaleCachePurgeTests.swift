import RESP
import RedisClient
import Synchronization
import Testing

@testable import RedisProxy

/// The guard before scripted servers: what they are sent before any client's command, and what clients are told.
@Suite struct StaleCachePurgeTests {
    private static func scene<Result: Sendable>(
        role: ServiceRole = .cache, _ body: (DataPathScene) async throws -> Result
    ) async throws -> Result {
        try await DataPathScene.with(configure: { $0.role = role }, body)
    }

    private static func isGuard(_ command: [String]) -> Bool { ["UNLINK", "FLUSHDB"].contains(command[0]) }

    @Test func writtenKeysAreDeletedOnTheNextMasterBeforeAnythingElse() async throws {
        try await Self.scene { scene in
            let first = try await scene.server()
            let second = try await scene.server { $0[0] == "GET" ? .reply("$-1\r\n") : .reply("+OK\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.pipeline([["SET", "k", "v"], ["GET", "other"], ["DEL", "l"]])
            #expect(!first.commands.contains(where: Self.isGuard))
            try await scene.setMaster(second, epoch: 2)
            _ = try await client.send(["GET", "k"])
            let commands = second.commands
            #expect(commands.count == 2 && Set(commands[0]) == ["UNLINK", "k", "l"] && commands[1] == ["GET", "k"])
            await client.close()
        }
    }

    /// No read passes while the purge is not answered, also on connections of one's own.
    @Test func nothingPassesUntilTheKeysAreDeleted() async throws {
        try await Self.scene { scene in
            let first = try await scene.server()
            let second = try await scene.server { Self.isGuard($0) ? .silence : .reply("+OK\r\n") }
            let third = try await scene.server()
            try await scene.setMaster(first)
            let client = try await scene.connect()
            let pinned = try await scene.connect()
            _ = try await client.send(["SET", "k", "v"])
            _ = try await pinned.send(["MULTI"])
            try await scene.setMaster(second, epoch: 2)
            let read = Task { try await client.send(["GET", "k"]) }
            let queued = Task { try await pinned.pipeline([["GET", "k"], ["EXEC"]]) }
            try await scene.until { second.commands.count == 1 }
            try await scene.until { try await scene.heldCommands() == 1 }
            #expect(second.commands == [["UNLINK", "k"]])
            // The watcher gives that master up: the next one is purged as well.
            try await scene.setMaster(nil)
            try await scene.setMaster(third, epoch: 3)
            _ = try await read.value
            _ = try await queued.value
            #expect(third.commands.first == ["UNLINK", "k"] && third.commands.contains(["GET", "k"]))
            #expect(second.commands == [["UNLINK", "k"]])
            await client.close()
            await pinned.close()
        }
    }

    @Test func aProvisionalMasterIsPurgedOnceAndTheOneAfterItToo() async throws {
        try await Self.scene { scene in
            let first = try await scene.server()
            let second = try await scene.server()
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.send(["SET", "k", "v"])
            try await scene.setMaster(nil)
            try await scene.setMaster(second, epoch: 2, isProvisional: true)
            _ = try await client.send(["GET", "k"])
            try await scene.setMaster(second, epoch: 2)
            _ = try await client.send(["GET", "k"])
            #expect(second.commands == [["UNLINK", "k"], ["GET", "k"], ["GET", "k"]])
            // Quarantine: a majority names another after all.
            try await scene.setMaster(first, epoch: 3)
            _ = try await client.send(["GET", "k"])
            #expect(first.commands == [["SET", "k", "v"], ["UNLINK", "k"], ["GET", "k"]])
            await client.close()
        }
    }

    @Test(arguments: [
        "-NOREPLICAS Not enough good replicas to write.\r\n",
        "-READONLY You can't write against a read only replica.\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
    ])
    func aMasterThatRefusesForTheMomentIsAskedAgain(refusal: String) async throws {
        try await Self.scene { scene in
            let first = try await scene.server()
            let second = try await scene.server { Self.isGuard($0) ? .reply(refusal) : .reply("+OK\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.send(["SET", "k", "v"])
            try await scene.setMaster(second, epoch: 2)
            let read = Task { try await client.send(["GET", "k"]) }
            try await scene.until { second.commands.count >= 3 }
            #expect(second.commands.allSatisfy(Self.isGuard))
            second.setScript { _ in .reply("+OK\r\n") }
            _ = try await read.value
            #expect(second.commands.last == ["GET", "k"])
            await client.close()
        }
    }

    @Test func aServerThatForbidsItIsUsedAllTheSame() async throws {
        try await Self.scene { scene in
            let first = try await scene.server()
            let second = try await scene.server {
                Self.isGuard($0) ? .reply("-NOPERM this user has no permissions\r\n") : .reply("+OK\r\n")
            }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.pipeline([["SET", "k", "v"], ["EVAL", "s", "0"]])
            try await scene.setMaster(second, epoch: 2)
            _ = try await client.send(["GET", "k"])
            #expect(second.commands == [["FLUSHDB", "ASYNC"], ["GET", "k"]])
            await client.close()
        }
    }

    /// Where keys are durable, a database that counts as written is swept, and they stay.
    @Test func durableKeysSurviveASweep() async throws {
        try await DataPathScene.with(configure: {
            $0.role = .cache
            $0.durablePrefixes = ["d:"]
        }) { scene in
            let first = try await scene.server()
            let second = try await scene.server { command in
                switch command {
                case ["SCAN", "0", "COUNT", "1000"]:
                    .reply("*2\r\n$2\r\n17\r\n*3\r\n$1\r\na\r\n$3\r\nd:k\r\n$1\r\nd\r\n")
                case ["SCAN", "17", "COUNT", "1000"]: .reply("*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n")
                default: .reply("+OK\r\n")
                }
            }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.pipeline([["EVAL", "s", "0"], ["SELECT", "3"], ["SET", "k", "v"]])
            try await scene.setMaster(second, epoch: 2)
            _ = try await client.send(["GET", "k"])
            let sweep = [
                ["UNLINK", "k"], ["SCAN", "0", "COUNT", "1000"], ["UNLINK", "a", "d"], ["SCAN", "17", "COUNT", "1000"],
                ["UNLINK", "b"],
            ]
            #expect(Array(second.commands.prefix(sweep.count)) == sweep)
            #expect(second.commands.last == ["GET", "k"])
            await client.close()
        }
    }

    @Test func aPurgeThatLosesItsConnectionBeginsAnew() async throws {
        try await Self.scene { scene in
            let first = try await scene.server()
            let second = try await scene.server { Self.isGuard($0) ? .close : .reply("+OK\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.send(["SET", "k", "v"])
            try await scene.setMaster(second, epoch: 2)
            let read = Task { try await client.send(["GET", "k"]) }
            try await scene.until { second.commands.count >= 2 }
            second.setScript { _ in .reply("+OK\r\n") }
            _ = try await read.value
            #expect(scene.suspected.endpoints.withLock { $0.contains(second.endpoint) })
            await client.close()
        }
    }

    @Test func aReloadSwitchesItOnAndOff() async throws {
        try await Self.scene(role: .store) { scene in
            let first = try await scene.server()
            let second = try await scene.server { Self.isGuard($0) ? .silence : .reply("+OK\r\n") }
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.send(["SET", "before", "v"])
            try await scene.reload { $0.role = .cache }
            _ = try await client.send(["SET", "k", "v"])
            try await scene.setMaster(second, epoch: 2)
            try await scene.until { second.commands == [["UNLINK", "k"]] }
            let read = Task { try await client.send(["GET", "k"]) }
            try await scene.until { try await scene.heldCommands() == 1 }
            // What waits for the purge goes on once there is no guard.
            try await scene.reload { $0.role = .store }
            _ = try await read.value
            #expect(second.commands == [["UNLINK", "k"], ["GET", "k"]])
            await client.close()
        }
    }

    @Test func aStoreIsLeftAlone() async throws {
        try await Self.scene(role: .store) { scene in
            let first = try await scene.server()
            let second = try await scene.server()
            try await scene.setMaster(first)
            let client = try await scene.connect()
            _ = try await client.send(["SET", "k", "v"])
            try await scene.setMaster(second, epoch: 2)
            _ = try await client.send(["GET", "k"])
            #expect(second.commands == [["GET", "k"]])
            await client.close()
        }
    }
}
