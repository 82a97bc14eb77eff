import Foundation
import LoopbackServers
import Testing

/// Clients that break the protocol, vanish, do not read or come in crowds: each gets a clear error or a closed
/// connection, and the others notice nothing.
@Suite(.serialized)
struct HostileClientTests {
    static let pong = Array("+PONG\r\n".utf8)

    /// A well-behaved client, in the middle of something, while others misbehave.
    private final class Bystander {
        private let connection: BlockingConnection
        private var count = 0

        init(_ fixture: SidecarFixture) throws {
            connection = try fixture.sidecar.connectOverTCP()
            connection.setTimeout(seconds: 60)
            _ = try connection.call("SELECT", "7")
            _ = try connection.call("DEL", "bystander")
        }

        /// Goes on where it was: its database and its counter are as it left them.
        func goesOn() throws -> Bool {
            count += 1
            return try connection.call("INCR", "bystander") == Array(":\(count)\r\n".utf8)
        }
    }

    private static func connect(_ fixture: SidecarFixture) throws -> BlockingConnection {
        let connection = try fixture.sidecar.connectOverTCP()
        connection.setTimeout(seconds: 60)
        return connection
    }

    /// All that comes until the connection is closed; nil when it stays open.
    private static func repliesUntilClosed(_ connection: BlockingConnection) throws -> [[UInt8]]? {
        var replies: [[UInt8]] = []
        while true {
            do {
                replies.append(try connection.receiveReply())
            } catch let error as LoopbackError {
                return error.kind == .closed ? replies : nil
            }
        }
    }

    @Test func whatBreaksTheProtocolIsRefusedAndClosed() async throws {
        let broken = [
            "*-5x\r\n", "*1\r\n+PING\r\n", "*3\r\n$3\r\nSET\r\n$-2\r\n", "*1\r\n$99999999999999999999\r\n", "*x\r\n",
            "*2\r\n$3\r\nGET\r\n$600000000000\r\n", "SET key \"unbalanced\r\n", "*1\r\n$4\r\nPING\r\n*\r\n",
            "*1\r\n$0001\r\nX\r\n", String(repeating: "a", count: 70_000),
            "*\(String(repeating: "9", count: 70_000))",
        ]
        try await onThread {
            let fixture = try SidecarFixture()
            let bystander = try Bystander(fixture)
            for text in broken {
                let connection = try Self.connect(fixture)
                try connection.send(Array(text.utf8))
                let replies = try Self.repliesUntilClosed(connection)
                let last = replies?.last.map { String(decoding: $0, as: UTF8.self) }
                #expect(
                    last?.hasPrefix("-ERR Protocol error") == true, "\(text.prefix(60)): \(String(describing: last))")
                #expect(try bystander.goesOn())
            }
            #expect(fixture.sidecarProcess.isRunning)
        }
    }

    @Test func randomBytesHurtNobody() async throws {
        try await onThread {
            let fixture = try SidecarFixture()
            let bystander = try Bystander(fixture)
            var random = SeededGenerator(seed: 11)
            for round in 0..<400 {
                let connection = try Self.connect(fixture)
                // Half of them begin like a command.
                var bytes = round.isMultiple(of: 2) ? Array("*3\r\n$3\r\nSET\r\n".utf8) : []
                for _ in 0..<Int.random(in: 1...300, using: &random) {
                    bytes.append(
                        Int.random(in: 0..<4, using: &random) == 0
                            ? Array("*$\r\n0123456789".utf8).randomElement(using: &random) ?? 0
                            : UInt8.random(in: 0...255, using: &random))
                }
                try connection.send(bytes)
                connection.finishSending()
                #expect(try Self.repliesUntilClosed(connection) != nil, "round \(round) was left open")
            }
            #expect(try bystander.goesOn())
            #expect(fixture.sidecarProcess.isRunning)
        }
    }

    @Test func anAnnouncedGiantIsNotBuffered() async throws {
        try await onThread {
            let fixture = try SidecarFixture()
            let before = try fixture.sidecarProcess.residentBytes()
            let piece = [UInt8](repeating: 0x78, count: 1 << 20)
            let giants = try (0..<4).map { number in
                let connection = try Self.connect(fixture)
                try connection.send(Array("*3\r\n$3\r\nSET\r\n$6\r\ngiant\(number)\r\n$400000000\r\n".utf8))
                // Far less than announced; the rest never comes.
                for _ in 0..<48 { try connection.send(piece) }
                return connection
            }
            let grown = try fixture.sidecarProcess.residentBytes() - before
            #expect(grown < 64 * 1_048_576, "192 MB were sent, \(Int(grown / 1_048_576)) MiB are held")
            #expect(giants.count == 4)
            #expect(try Bystander(fixture).goesOn())
        }
    }

    @Test func aHalfClosedClientGetsItsAnswers() async throws {
        try await onThread {
            let fixture = try SidecarFixture()
            let connection = try Self.connect(fixture)
            let requests = (0..<100).map { Request("ECHO \($0)").bytes }
            try connection.send(Array(requests.joined()))
            connection.finishSending()
            let replies = try #require(try Self.repliesUntilClosed(connection))
            #expect(replies == (0..<100).map { Array("$\("\($0)".count)\r\n\($0)\r\n".utf8) })
        }
    }

    @Test func aClientThatDoesNotReadHoldsUpNobody() async throws {
        try await onThread {
            let fixture = try SidecarFixture()
            let bystander = try Bystander(fixture)
            let value = String(repeating: "v", count: 64 * 1024)
            let prepared = try Self.connect(fixture)
            _ = try prepared.call("SET", "large", value)
            let before = try fixture.sidecarProcess.residentBytes()

            let slow = try Self.connect(fixture)
            slow.setTimeout(seconds: 1)
            var sent = 0
            // 256 MB of answers are asked for and not read; the sidecar may stop taking requests at some point.
            while sent < 4000, (try? slow.send(Request("GET large").bytes)) != nil { sent += 1 }
            for _ in 0..<100 { #expect(try bystander.goesOn()) }
            let grown = try fixture.sidecarProcess.residentBytes() - before
            #expect(
                grown < 64 * 1_048_576, "\(sent) answers of 64 KB are waiting, \(Int(grown / 1_048_576)) MiB are held")

            // Then it reads: what comes is right, and comes to an end or to a closed connection.
            slow.setTimeout(seconds: 60)
            var received = 0
            while received < sent {
                do {
                    let reply = try slow.receiveReply()
                    #expect(reply.count == value.utf8.count + 10)
                    received += 1
                } catch let error as LoopbackError where error.kind == .closed {
                    break
                }
            }
            #expect(received > 0)
            #expect(try bystander.goesOn())
        }
    }

    @Test func clientsThatVanishLeaveNothingBehind() async throws {
        let starts = [
            "MULTI", "WATCH vanished", "BLPOP nothing 0", "SUBSCRIBE channel", "MONITOR", "CLIENT REPLY OFF", "HELLO 3",
        ]
        try await onThread {
            let fixture = try SidecarFixture()
            let bystander = try Bystander(fixture)
            for round in 0..<210 {
                let connection = try Self.connect(fixture)
                let start = Request(starts[round % starts.count]).bytes
                // The last command is cut off in the middle.
                try connection.send(start + Request("SET vanished \(round)").bytes.dropLast(5))
            }
            #expect(try bystander.goesOn())
            let backend = try fixture.backend.connectOverTCP()
            try fixture.sidecarProcess.wait(for: "the vanished clients' connections to go") {
                let clients = String(decoding: try backend.call("CLIENT", "LIST", "TYPE", "NORMAL"), as: UTF8.self)
                return clients.split(separator: "\n").count { $0.hasPrefix("id=") } < 40
            }
            #expect(try backend.call("EXISTS", "vanished") == Array(":0\r\n".utf8))
            #expect(try bystander.goesOn())
        }
    }

    @Test func tenThousandIdleClients() async throws {
        try await onThread {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // Fewer where the system does not allow as many open files.
            let count = Int(min(10_000, limit.rlim_max / 2))
            #expect(count >= 1000, "only \(limit.rlim_max) open files are allowed; raise ulimit -Hn")

            let fixture = try SidecarFixture(arguments: ["--max-clients", "10100"])
            let idle = try (0..<count).map { number in
                let connection =
                    try number.isMultiple(of: 2)
                    ? fixture.sidecar.connectOverTCP() : fixture.sidecar.connectOverUnix()
                connection.setTimeout(seconds: 60)
                #expect(try connection.call("PING") == Self.pong)
                return connection
            }
            #expect(try Bystander(fixture).goesOn())
            #expect(try fixture.sidecarProcess.residentBytes() < 160 * 1_048_576)
            for connection in idle { #expect(try connection.call("PING") == Self.pong) }
        }
    }
}
