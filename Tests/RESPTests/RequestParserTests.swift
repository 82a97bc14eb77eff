import NIOCore
import RESP
import Testing

@Suite struct RequestParserTests {
    private func outcomes(_ text: String, pieces: Int = .max, threshold: Int = .max) throws -> [RequestParser.Outcome] {
        var parser = RequestParser(streamingThreshold: threshold)
        var pending: [UInt8] = []
        var found: [RequestParser.Outcome] = []
        var input = Array(text.utf8)[...]
        while !input.isEmpty {
            pending += input.prefix(pieces)
            input = input.dropFirst(pieces)
            while true {
                let outcome = try pending.withUnsafeBytes { bytes throws(RESPError) in try parser.next(bytes) }
                switch outcome {
                case .command(let frame):
                    found.append(outcome)
                    pending.removeFirst(frame.length)
                    continue
                case .inline(let length), .nothing(let length):
                    found.append(outcome)
                    pending.removeFirst(length)
                    continue
                case .large:
                    found.append(outcome)
                    continue
                case .incomplete:
                    break
                }
                break
            }
        }
        return found
    }

    @Test(arguments: [1, 2, 3, 7, 64, .max])
    func findsCommandsHoweverTheyArrive(pieces: Int) throws {
        let found = try outcomes("*2\r\n$3\r\nGET\r\n$5\r\nhello\r\n*1\r\n$4\r\nPING\r\n", pieces: pieces)
        #expect(
            found == [
                .command(RequestFrame(length: 24, argumentCount: 2, name: 8..<11, firstArgument: 17..<22)),
                .command(RequestFrame(length: 14, argumentCount: 1, name: 8..<12, firstArgument: 0..<0)),
            ])
    }

    @Test func ignoresWhatRedisIgnores() throws {
        #expect(try outcomes("*0\r\n*-1\r\n\r\n  \r\n") == [4, 5, 2, 4].map { .nothing(length: $0) })
    }

    @Test func reportsInlineCommands() throws {
        #expect(try outcomes("PING hello\r\nGET a\n", pieces: 1) == [.inline(length: 12), .inline(length: 6)])
    }

    @Test(arguments: [
        ("*a\r\n", RESPError.invalidMultibulkLength),
        ("*99999999\r\n", .invalidMultibulkLength),
        ("*1000000000000000000000\r\n", .invalidMultibulkLength),
        ("*1\r\n+OK\r\n", .expectedBulk(UInt8(ascii: "+"))),
        ("*1\r\n$-1\r\n", .invalidBulkLength),
        ("*1\r\n$9999999999\r\n", .invalidBulkLength),
        ("*1\r\n$4 \r\nPING\r\n", .invalidBulkLength),
    ])
    func refusesWhatBreaksTheProtocol(text: String, error: RESPError) {
        #expect(throws: error) { try outcomes(text) }
    }

    @Test func boundsLines() {
        #expect(throws: RESPError.tooLongInlineRequest) { try outcomes(String(repeating: "x", count: 70_000)) }
    }

    @Test func announcesALargeFrameOnceAndGoesOn() throws {
        let value = String(repeating: "v", count: 500)
        let text = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500\r\n\(value)\r\n*1\r\n$4\r\nPING\r\n"
        let found = try outcomes(text, pieces: 50, threshold: 100)
        #expect(found.count == 3)
        guard case .large(let frame) = found[0] else { return #expect(Bool(false), "not announced: \(found)") }
        #expect(frame.argumentCount == 3)
        #expect(frame.name == 8..<11)
        guard case .command(let whole) = found[1] else { return #expect(Bool(false), "not finished: \(found)") }
        #expect(whole.length == frame.length)
    }

    @Test func streamsAFrameWhoseBeginningIsTakenAway() throws {
        var parser = RequestParser(streamingThreshold: 10)
        let text = Array("*2\r\n$4\r\nECHO\r\n$30\r\n\(String(repeating: "x", count: 30))\r\n".utf8)
        var taken = 0
        var pending: [UInt8] = []
        for byte in text {
            pending.append(byte)
            let outcome = try pending.withUnsafeBytes { bytes throws(RESPError) in try parser.next(bytes) }
            if case .command(let frame) = outcome {
                taken += frame.length
                break
            }
            let ready = parser.scannedBytes
            parser.discard(ready)
            pending.removeFirst(ready)
            taken += ready
        }
        #expect(taken == text.count)
        #expect(!parser.isInsideFrame)
    }
}

@Suite struct InlineCommandTests {
    @Test(arguments: [
        ("GET key", ["GET", "key"]),
        ("  set  a\t'it\\'s' ", ["set", "a", "it's"]),
        (#"SET k "a\x41\n\"q\" b""#, ["SET", "k", "aA\n\"q\" b"]),
        (#"SET k """#, ["SET", "k", ""]),
    ])
    func splits(line: String, expected: [String]) throws {
        #expect(try InlineCommand.split(line.utf8) == expected.map { Array($0.utf8) })
    }

    @Test(arguments: [#"GET "open"#, "GET 'open", #"GET "a"b"#])
    func refusesUnbalancedQuotes(line: String) {
        #expect(throws: RESPError.unbalancedQuotes) { try InlineCommand.split(line.utf8) }
    }

    @Test func becomesAnArray() throws {
        let buffer = try InlineCommand.multibulk("ECHO \"a b\"".utf8, allocator: ByteBufferAllocator())
        #expect(String(buffer: buffer) == "*2\r\n$4\r\nECHO\r\n$3\r\na b\r\n")
        #expect(buffer.commandArguments()?.map { String(buffer: $0) } == ["ECHO", "a b"])
    }
}
