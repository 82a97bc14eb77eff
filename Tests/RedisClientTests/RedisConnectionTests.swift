import Foundation
import NIOCore
import NIOPosix
import RESP
import Synchronization
import Testing

@testable import RedisClient

@Suite struct RedisConnectionTests {
    private static func echo(_ command: [String]) -> ScriptedServer.Answer {
        switch command.first {
        case "PING": .send("+PONG\r\n")
        case "FAIL": .send("-ERR no\r\n")
        case "ECHO": .send("$\(command[1].utf8.count)\r\n\(command[1])\r\n")
        case "QUIT": .hangUp
        default: .silence
        }
    }

    @Test func repliesMatchCommandsInOrder() async throws {
        try await ScriptedServer.running(Self.echo) { server in
            let connection = try await server.connect()
            let replies = try await connection.pipeline([["PING"], ["FAIL"], ["ECHO", "a"]])
            #expect(replies == [.simpleString("PONG"), .error("ERR no"), .bulkString(ByteBuffer(string: "a"))])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let reply = try await connection.send(["ECHO", "\(number)"])
                        #expect(reply.string == "\(number)")
                    }
                }
                try await group.waitForAll()
            }
            await connection.close()
            #expect(!connection.isOpen)
        }
    }

    @Test func aReplyThatDoesNotComeClosesTheConnection() async throws {
        try await ScriptedServer.running(Self.echo) { server in
            let connection = try await server.connect()
            await #expect(throws: RedisConnectionError.timedOut) {
                try await connection.send(["HANG"], timeout: .milliseconds(20))
            }
            await #expect(throws: RedisConnectionError.notSent) { try await connection.send(["PING"]) }
        }
    }

    @Test func aLostConnectionLeavesTheOutcomeOpen() async throws {
        try await ScriptedServer.running(Self.echo) { server in
            let connection = try await server.connect()
            let error = await #expect(throws: RedisConnectionError.self) { try await connection.send(["QUIT"]) }
            guard case .connectionLost? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aCancelledCommandDoesNotDisturbTheNext() async throws {
        let held = Mutex(true)
        try await ScriptedServer.running { command in
            if command.first == "SLOW" { return .silence }
            return held.withLock { $0 } ? Self.echo(command) : .silence
        } body: { server in
            let connection = try await server.connect()
            let slow = Task { try await connection.send(["SLOW"], timeout: .seconds(60)) }
            slow.cancel()
            await #expect(throws: CancellationError.self) { try await slow.value }
            #expect(connection.isOpen)
        }
    }

    @Test(arguments: [
        "?what\r\n", "*3\r\n:1\r\n$abc\r\n", "$99999999999\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
    ])
    func nonsenseClosesTheConnection(text: String) async throws {
        try await ScriptedServer.running { _ in
            .send(text)
        } body: { server in
            let connection = try await server.connect()
            let error = await #expect(throws: RedisConnectionError.self) {
                try await connection.send(["PING"], timeout: .seconds(60))
            }
            guard case .badReply? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            await #expect(throws: RedisConnectionError.notSent) { try await connection.send(["PING"]) }
        }
    }

    @Test func aReplyWithoutEndIsBounded() async throws {
        try await ScriptedServer.running { _ in
            .endless("*1000000\r\n:1\r\n:1\r\n:1\r\n")
        } body: { server in
            let connection = try await server.connect {
                $0.maximumReplyBytes = 1 << 16
                $0.commandTimeout = .seconds(30)
            }
            let error = await #expect(throws: RedisConnectionError.self) { try await connection.send(["PING"]) }
            guard case .badReply? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aReplyThatNobodyAskedForClosesTheConnection() async throws {
        try await ScriptedServer.running { _ in
            .send("+PONG\r\n-ERR max number of clients reached\r\n")
        } body: { server in
            let connection = try await server.connect()
            _ = try await connection.send(["PING"])
            let error = await #expect(throws: RedisConnectionError.self) {
                while true { _ = try await connection.send(["PING"], timeout: .seconds(60)) }
            }
            #expect(error != .timedOut)
        }
    }

    @Test func greetsWithCredentials() async throws {
        let seen = Mutex<[[String]]>([])
        try await ScriptedServer.running { command in
            seen.withLock { $0.append(command) }
            return .send("+OK\r\n")
        } body: { server in
            _ = try await server.connect { $0.credentials = RedisCredentials(password: Secret("p")) }
            _ = try await server.connect { $0.credentials = RedisCredentials(username: "u", password: Secret("p")) }
            let third = try await server.connect {
                $0.credentials = RedisCredentials(password: Secret("p"))
                $0.protocolVersion = .resp3
                $0.clientName = "n"
            }
            #expect(third.isOpen)
        }
        #expect(
            seen.withLock { $0 } == [
                ["AUTH", "p"], ["AUTH", "u", "p"], ["HELLO", "3", "AUTH", "default", "p"], ["CLIENT", "SETNAME", "n"],
            ])
    }

    @Test func aRefusedGreetingNamesTheReplyAndNotThePassword() async throws {
        try await ScriptedServer.running { _ in
            .send("-WRONGPASS invalid\r\n")
        } body: { server in
            let error = await #expect(throws: RedisConnectionError.self) {
                _ = try await server.connect { $0.credentials = RedisCredentials(password: Secret("hunter2")) }
            }
            #expect(error == .refused(.tcp(server.endpoint), reply: "WRONGPASS invalid"))
            #expect(!"\(String(describing: error))".contains("hunter2"))
        }
    }

    @Test func connectionsThatCannotBeMade() async throws {
        let refused = await #expect(throws: RedisConnectionError.self) {
            _ = try await RedisConnection.connect(to: .tcp(RedisEndpoint(host: "127.0.0.1", port: 1)))
        }
        #expect(refused?.description == "cannot connect to 127.0.0.1:1: Connection refused")
        let missing = await #expect(throws: RedisConnectionError.self) {
            _ = try await RedisConnection.connect(to: .unix(path: "/nowhere/redis.sock"))
        }
        #expect(missing?.description == "cannot connect to unix:/nowhere/redis.sock: No such file or directory")
        try await ScriptedServer.running { _ in
            .silence
        } body: { server in
            await #expect(throws: RedisConnectionError.connectTimedOut(.tcp(server.endpoint))) {
                _ = try await server.connect {
                    $0.protocolVersion = .resp3
                    $0.connectTimeout = .milliseconds(50)
                }
            }
        }
    }

    @Test func pushesAreNotReplies() async throws {
        let pushed = Mutex<[RESPValue]>([])
        try await ScriptedServer.running { command in
            switch command.first {
            case "HELLO": .send("%0\r\n")
            case "SUBSCRIBE":
                .send(
                    ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
                        + ">3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n")
            default: .send(">3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$1\r\ny\r\n+PONG\r\n")
            }
        } body: { server in
            let connection = try await server.connect { options in
                options.protocolVersion = .resp3
                options.onPush = { push in pushed.withLock { $0.append(push) } }
            }
            #expect(try await connection.subscribe(to: ["a", "b"]) == nil)
            #expect(try await connection.send(["PING"]) == .simpleString("PONG"))
        }
        #expect(pushed.withLock { $0 }.compactMap { $0.elements?.last?.string } == ["x", "y"])
    }

    @Test func aRefusedSubscriptionIsSaid() async throws {
        try await ScriptedServer.running { _ in
            .send("-NOPERM no\r\n")
        } body: { server in
            let connection = try await server.connect()
            #expect(try await connection.subscribe(to: ["a"]) == "NOPERM no")
        }
    }
}
