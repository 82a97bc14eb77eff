import RESP
import RedisClient
import Synchronization
import Testing

@testable import RedisProxy

/// Reads that replicas may answer, before scripted servers: who is asked, in which order clients are answered, and that
/// a replica's end is nobody's error.
@Suite struct ReplicaReadTests {
    private struct Servers: Sendable {
        var scene: DataPathScene
        var master: ScriptedServer
        var replica: ScriptedServer
    }

    /// Every server answers with its own name, once the replica has been read from.
    private static func with(
        configure: @escaping (inout ProxyConfiguration) -> Void = { _ in },
        _ body: (Servers, RedisConnection) async throws -> Void
    ) async throws {
        try await DataPathScene.with(configure: {
            $0.replicaReads.prefixes = ["p:"]
            $0.replicaReads.maxLag = .seconds(30)
            configure(&$0)
        }) { scene in
            let master = try await scene.server { _ in .reply("+master\r\n") }
            let replica = try await scene.server { _ in .reply("+replica\r\n") }
            replica.setRole("slave")
            try await scene.setMaster(master)
            try await scene.setReplicas([replica], of: master)
            let client = try await scene.connect()
            try await scene.until { try await client.send(["GET", "p:1"]) == .simpleString("replica") }
            try await body(Servers(scene: scene, master: master, replica: replica), client)
            await client.close()
        }
    }

    @Test func onlyWhatIsDeclaredGoesToTheReplica() async throws {
        try await Self.with { (servers, client) async throws in
            #expect(try await client.send(["MGET", "p:1", "p:2"]).string == "replica")
            #expect(try await client.send(["MGET", "p:1", "q:2"]).string == "master")
            #expect(try await client.send(["GET", "q:1"]).string == "master")
            #expect(try await servers.scene.replicaReads().reads == 2)
        }
    }

    @Test func answersKeepTheirOrder() async throws {
        try await Self.with { servers, client in
            let replies = try await client.pipeline([
                ["GET", "p:1"], ["GET", "p:2"], ["GET", "q:1"], ["GET", "p:3"], ["SET", "p:1", "v"], ["GET", "p:1"],
            ])
            #expect(replies.map(\.string) == ["replica", "replica", "master", "master", "master", "master"])
            #expect(servers.replica.commands.suffix(2) == [["GET", "p:1"], ["GET", "p:2"]])
            #expect(
                servers.master.commands.suffix(4) == [
                    ["GET", "q:1"], ["GET", "p:3"], ["SET", "p:1", "v"], ["GET", "p:1"],
                ])
        }
    }

    @Test(arguments: [
        [["SET", "p:1", "v"]], [["SET", "x", "v"]], [["MULTI"], ["SET", "p:1", "v"], ["EXEC"]],
        [["BLPOP", "p:1", "1"]],
    ])
    func whoWroteReadsFromTheMaster(write: [[String]]) async throws {
        try await Self.with { servers, client in
            _ = try await client.pipeline(write)
            #expect(try await client.send(["GET", "p:1"]).string == "master")
            let other = try await servers.scene.connect()
            #expect(try await other.send(["GET", "p:1"]).string == "replica")
            await other.close()
        }
    }

    /// What clients say on every connection is no write.
    @Test func connectionStateIsNoWrite() async throws {
        try await Self.with { _, client in
            _ = try await client.pipeline([["PING"], ["CLIENT", "SETNAME", "n"], ["PUBLISH", "c", "m"]])
            #expect(try await client.send(["GET", "p:1"]).string == "replica")
        }
    }

    @Test func aLostReplicaIsNobodysError() async throws {
        try await Self.with { servers, client in
            servers.replica.setScript { command in
                command[1] == "p:2" ? .replyThenClose("+replica\r\n") : .reply("+replica\r\n")
            }
            let replies = try await client.pipeline((1...5).map { ["GET", "p:\($0)"] } + [["GET", "q:1"]])
            #expect(replies.map(\.string) == ["replica", "replica", "master", "master", "master", "master"])
            #expect(try await client.send(["GET", "p:1"]).string == "master")
            #expect(try await servers.scene.replicaReads().fallbacks[.lost] == 3)
            #expect(servers.scene.suspected.endpoints.withLock { $0 }.isEmpty)
        }
    }

    @Test func aReplicaThatStopsKeepsNobodyWaiting() async throws {
        try await Self.with { servers, client in
            servers.replica.setScript { _ in .silence }
            let start = ContinuousClock.now
            let replies = try await client.pipeline([["GET", "p:1"], ["GET", "p:2"], ["SET", "x", "v"]])
            #expect(replies.map(\.string) == ["master", "master", "master"])
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test(arguments: [
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
    ])
    func whatTheReplicaRefusesTheMasterAnswers(refusal: String) async throws {
        try await Self.with { servers, client in
            servers.replica.setScript { command in .reply(command[1] == "p:1" ? refusal : "+replica\r\n") }
            let replies = try await client.pipeline([["GET", "p:1"], ["GET", "p:2"], ["GET", "q:1"]])
            #expect(replies.map(\.string) == ["master", "master", "master"])
        }
    }

    @Test func aReplicaThatWasPromotedIsNotRead() async throws {
        try await DataPathScene.with(configure: { $0.replicaReads.prefixes = ["p:"] }) { scene in
            let master = try await scene.server { _ in .reply("+master\r\n") }
            let other = try await scene.server { _ in .reply("+other\r\n") }
            try await scene.setMaster(master)
            try await scene.setReplicas([other], of: master)
            let client = try await scene.connect()
            for _ in 0..<20 { #expect(try await client.send(["GET", "p:1"]).string == "master") }
            #expect(other.commands.isEmpty)
            await client.close()
        }
    }

    @Test func doubtAboutTheMasterIsDoubtAboutItsReplicas() async throws {
        try await Self.with { servers, client in
            try await servers.scene.setMaster(servers.master, epoch: 2, isProvisional: true)
            #expect(try await client.send(["GET", "p:1"]).string == "master")
            try await servers.scene.setMaster(servers.master, epoch: 2)
            #expect(try await client.send(["GET", "p:1"]).string == "replica")
            try await servers.scene.bar(true)
            async let held = client.send(["GET", "p:1"])
            try await servers.scene.until { try await servers.scene.heldCommands() == 1 }
            try await servers.scene.bar(false)
            let answer = try await held
            #expect(answer.string == "master")
            let next = try await servers.scene.server { _ in .reply("+next\r\n") }
            try await servers.scene.setMaster(next, epoch: 3)
            for _ in 0..<5 { #expect(try await client.send(["GET", "p:1"]).string == "next") }
        }
    }

    @Test func aSurveyGrowsOld() async throws {
        try await Self.with { servers, client in
            try await servers.scene.reload { $0.replicaReads.maxLag = .milliseconds(100) }
            try await servers.scene.until { try await client.send(["GET", "p:1"]).string == "master" }
            try await servers.scene.until {
                try await servers.scene.setReplicas([servers.replica], of: servers.master)
                return try await client.send(["GET", "p:1"]).string == "replica"
            }
        }
    }

    @Test func switchedOffWithReadsUnderWayAnswersKeepTheirOrder() async throws {
        try await Self.with { servers, client in
            servers.replica.setScript { _ in .silence }
            async let first = client.send(["GET", "p:1"])
            try await servers.scene.until { try await servers.scene.inFlight() == 1 }
            try await servers.scene.reload { $0.replicaReads.prefixes = [] }
            async let second = client.send(["SET", "x", "v"])
            let answers = try await [first, second]
            #expect(answers.map(\.string) == ["master", "master"])
            #expect(servers.master.commands.suffix(2) == [["GET", "p:1"], ["SET", "x", "v"]])
            #expect(try await client.send(["GET", "p:1"]).string == "master")
        }
    }
}
