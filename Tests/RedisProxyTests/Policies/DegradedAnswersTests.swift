import NIOCore
import Testing

@testable import RedisProxy

/// What an empty cache that forgets everything would say, word for word.
@Suite struct DegradedAnswersTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let command: String
        /// To RESP2 and RESP3; nil for a closed connection.
        let second, third: String?

        init(_ command: String, _ second: String?, _ third: String? = nil) {
            self.command = command
            self.second = second
            self.third = third ?? second
        }

        var testDescription: String { command }
    }

    static let cases = [
        Case("GET k", "$-1\r\n", "_\r\n"),
        Case("MGET a b c", "*3\r\n$-1\r\n$-1\r\n$-1\r\n", "*3\r\n_\r\n_\r\n_\r\n"),
        Case("HGETALL h", "*0\r\n", "%0\r\n"),
        Case("HMGET h a b", "*2\r\n$-1\r\n$-1\r\n", "*2\r\n_\r\n_\r\n"),
        Case("SMEMBERS s", "*0\r\n", "~0\r\n"),
        Case("SMISMEMBER s a b", "*2\r\n:0\r\n:0\r\n"),
        Case("SRANDMEMBER s", "$-1\r\n", "_\r\n"),
        Case("SRANDMEMBER s 3", "*0\r\n"),
        Case("EXISTS a b", ":0\r\n"), Case("STRLEN k", ":0\r\n"), Case("TTL k", ":-2\r\n"), Case("TYPE k", "+none\r\n"),
        Case("ZSCORE z m", "$-1\r\n", "_\r\n"), Case("GETRANGE k 0 -1", "$0\r\n\r\n"),
        Case("SCAN 0 MATCH a*", "*2\r\n$1\r\n0\r\n*0\r\n"),
        Case("SORT l", "*0\r\n"), Case("SORT l STORE d", ":0\r\n"),
        // Writes are accepted and forgotten.
        Case("SET k v", "+OK\r\n"), Case("SET k v EX 60", "+OK\r\n"), Case("SET k v keepttl", "+OK\r\n"),
        Case("SETEX k 60 v", "+OK\r\n"), Case("MSET a 1 b 2", "+OK\r\n"), Case("FLUSHDB", "+OK\r\n"),
        Case("DEL a b", ":0\r\n"), Case("UNLINK a", ":0\r\n"), Case("EXPIRE k 60", ":0\r\n"),
        Case("HSET h f 1 g 2 f 3", ":2\r\n"), Case("ZADD z 1.5 m", ":1\r\n"), Case("ZADD z 1 a inf a", ":1\r\n"),
        // Nobody gets a lock: that nothing was set is true.
        Case("SET k v NX EX 10", "$-1\r\n", "_\r\n"), Case("SET k v PX 10 XX", "$-1\r\n", "_\r\n"),
        Case("SETNX k v", ":0\r\n"), Case("HSETNX h f v", ":0\r\n"), Case("MSETNX a 1", ":0\r\n"),
        // No answer would be true.
        Case("SET k v GET", nil), Case("SET k v NX GET", nil), Case("SET k v EX", nil), Case("SET k v WHAT", nil),
        Case("INCR n", nil), Case("DECRBY n 2", nil), Case("INCRBYFLOAT n 1", nil), Case("HINCRBY h f 1", nil),
        Case("ZINCRBY z 1 m", nil), Case("ZADD z INCR 1 m", nil), Case("ZADD z NX 1 m", nil), Case("APPEND k v", nil),
        Case("GETSET k v", nil), Case("SADD s m", nil), Case("SPOP s", nil), Case("LPUSH l v", nil),
        Case("RPOP l", nil), Case("BLPOP l 0", nil), Case("XADD s * f v", nil), Case("EVAL x 0", nil),
        Case("PUBLISH c m", nil), Case("SUBSCRIBE c", nil), Case("WATCH k", nil), Case("CONFIG SET a b", nil),
        Case("MODULE.COMMAND x", nil), Case("GET", nil),
        // The connection.
        Case("PING", "+PONG\r\n"), Case("PING hello", "$5\r\nhello\r\n"), Case("ECHO hello", "$5\r\nhello\r\n"),
        Case("TIME", "*2\r\n$2\r\n12\r\n$6\r\n345678\r\n"), Case("CONFIG GET maxmemory", "*0\r\n", "%0\r\n"),
        Case("WAIT 1 100", ":0\r\n"),
    ]

    @Test(arguments: cases) func anAnswer(_ item: Case) {
        let request = Request(item.command)
        let spec = CommandTable.shared.resolve(request)
        for (version, expected) in [(2, item.second), (3, item.third)] {
            let reply = DegradedAnswers(protocolVersion: version)
                .reply(to: spec, request, time: .milliseconds(12_345) + .microseconds(678))
            #expect(reply.map(Self.text) == expected, "RESP\(version)")
        }
    }

    private static func text(_ buffer: ByteBuffer) -> String { String(buffer: buffer) }

    @Test func infoCarriesTheVersionThatIsKnown() {
        let version = ServerVersion("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n")
        #expect(version?.text == "7.0.15")
        #expect(ServerVersion("redis_version:\r\n") == nil)
        #expect(ServerVersion("redis_version:7 \u{1}\r\n") == nil)
        let request = Request("INFO")
        let answers = DegradedAnswers(protocolVersion: 2, serverVersion: version?.text)
        let reply = answers.reply(to: CommandTable.shared.resolve(request), request, time: .zero)
        #expect(reply.map(Self.text)?.contains("\r\nredis_version:7.0.15\r\n") == true)
        let without = DegradedAnswers(protocolVersion: 2).reply(
            to: CommandTable.shared.resolve(request), request, time: .zero)
        #expect(without.map(Self.text)?.contains("redis_version") == false)
    }

    /// What counts, locks, waits, takes away or runs code is never made up, whatever is added to the table.
    @Test func nothingThatCannotBeTrueIsInTheTable() {
        for descriptor in CommandCatalogue.all where descriptor.degraded != .none {
            #expect(descriptor.handling != .blocking && descriptor.handling != .subscribe, "\(descriptor.name)")
            #expect(descriptor.effect != .publish && descriptor.commandClass != .script, "\(descriptor.name)")
            let counts = ["INCR", "DECR", "POP", "PUSH", "APPEND"].contains { descriptor.name.contains($0) }
            #expect(!counts || descriptor.degraded == .zero && descriptor.name.hasSuffix("PUSHX"), "\(descriptor.name)")
        }
    }
}
