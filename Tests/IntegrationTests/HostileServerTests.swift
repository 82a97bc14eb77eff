import Foundation
import LoopbackServers
import Testing

/// What the sidecar does when the servers behind it refuse it, are away or talk nonsense: its clients are told within
/// the hold, it goes on trying, and it never exits.
@Suite(.serialized)
struct HostileServerTests {
    static let pong = Array("+PONG\r\n".utf8)

    private static func connect(_ fixture: SidecarFixture) throws -> BlockingConnection {
        let connection = try fixture.sidecar.connectOverTCP()
        connection.setTimeout(seconds: 60)
        return connection
    }

    /// Whether a client that wants data is turned away: by an error, or by a closed connection.
    private static func turnsAway(_ fixture: SidecarFixture) throws -> Bool {
        do {
            return try connect(fixture).call("GET", "key").first == UInt8(ascii: "-")
        } catch let error as LoopbackError {
            return error.kind == .closed
        }
    }

    @Test func sentinelsThatCannotBeReached() async throws {
        try await onThread {
            let fixture = try SidecarFixture(hold: "800ms", sentinels: 3, running: 1)
            #expect(try Self.turnsAway(fixture), "one Sentinel of three is no majority")
            #expect(fixture.sidecarProcess.isRunning)

            try fixture.startSentinel(1)
            try fixture.sidecarProcess.waitUntilServing { try Self.connect(fixture) }
            try fixture.startSentinel(2)
            #expect(try Self.connect(fixture).call("SET", "key", "value") == Array("+OK\r\n".utf8))
        }
    }

    static let nonsense: [[UInt8]] = [
        Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array("*-2\r\n".utf8), Array(":1\r\n".utf8),
        Array("*3\r\n$-1\r\n:5\r\n*0\r\n".utf8), Array("$900000000\r\n".utf8), [UInt8](repeating: 0x61, count: 300_000),
        Array(String(repeating: "*1\r\n", count: 20_000).utf8), Array("-ERR no\r\n".utf8),
    ]

    @Test(arguments: nonsense.indices)
    func aSentinelThatTalksNonsense(number: Int) async throws {
        try await onThread {
            let fixture = try SidecarFixture(sentinels: 3, running: 2)
            let liar = try NonsenseServer(at: fixture.watchers[2], answering: Self.nonsense[number])
            defer { liar.stop() }
            try fixture.sidecarProcess.wait(for: "the sidecar to ask the third Sentinel") { liar.accepted > 1 }
            let client = try Self.connect(fixture)
            #expect(try client.call("SET", "key", "value") == Array("+OK\r\n".utf8))
            #expect(try client.call("GET", "key") == Array("$5\r\nvalue\r\n".utf8))
            #expect(try fixture.sidecarProcess.residentBytes() < 120 * 1_048_576)
        }
    }

    @Test func nothingButNonsense() async throws {
        try await onThread {
            let fixture = try SidecarFixture(hold: "800ms", sentinels: 1, running: 0)
            let liar = try NonsenseServer(at: fixture.watchers[0], answering: Self.nonsense[2])
            defer { liar.stop() }
            try fixture.sidecarProcess.wait(for: "the sidecar to ask again") { liar.accepted > 1 }
            #expect(try Self.turnsAway(fixture))
            #expect(fixture.sidecarProcess.isRunning)
        }
    }

    @Test func aWrongPasswordForTheServers() async throws {
        try await onThread {
            let file = FileManager.default.temporaryDirectory.appending(path: "breakwater-\(UUID().uuidString)")
            try Data("wrong\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            defer { try? FileManager.default.removeItem(at: file) }
            // Redis answers AUTH with an error when it has no such user; the master is never usable.
            let fixture = try SidecarFixture(
                arguments: ["--user", "nosuchuser", "--password-file", file.path], hold: "800ms", sentinels: 1,
                running: 0)
            try fixture.startSentinel(0)
            #expect(try Self.turnsAway(fixture))
            #expect(fixture.sidecarProcess.isRunning)
        }
    }

    @Test func aPasswordForClients() async throws {
        try await onThread {
            let file = FileManager.default.temporaryDirectory.appending(path: "breakwater-\(UUID().uuidString)")
            try Data("secret\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            defer { try? FileManager.default.removeItem(at: file) }
            let fixture = try SidecarFixture(
                arguments: ["--client-password-file", file.path], sentinels: 1, running: 0)
            try fixture.startSentinel(0)
            try fixture.sidecarProcess.waitUntilServing {
                let connection = try Self.connect(fixture)
                _ = try connection.call("AUTH", "secret")
                return connection
            }
            let client = try Self.connect(fixture)
            #expect(try String(decoding: client.call("GET", "key"), as: UTF8.self).hasPrefix("-NOAUTH"))
            #expect(try String(decoding: client.call("AUTH", "guess"), as: UTF8.self).hasPrefix("-WRONGPASS"))
            #expect(try String(decoding: client.call("GET", "key"), as: UTF8.self).hasPrefix("-NOAUTH"))
            #expect(try client.call("AUTH", "secret") == Array("+OK\r\n".utf8))
            #expect(try client.call("PING") == Self.pong)
            // A long command before AUTH is not gathered first.
            let other = try Self.connect(fixture)
            try other.send(Array("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100000000\r\n".utf8))
            _ = try? other.send([UInt8](repeating: 0x61, count: 4 << 20))
            #expect(throws: LoopbackError.self) {
                while try other.receiveReply().first == UInt8(ascii: "-") {}
            }
        }
    }
}
