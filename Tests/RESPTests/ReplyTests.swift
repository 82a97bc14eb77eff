import NIOCore
import RESP
import Testing

/// Replies with the value each must decode to; together they use every type of RESP2 and RESP3.
let replies: [(text: String, value: RESPValue)] = [
    ("+OK\r\n", .simpleString("OK")),
    ("-READONLY You can't write\r\n", .error("READONLY You can't write")),
    (":-42\r\n", .integer(-42)),
    ("$5\r\nhello\r\n", .bulkString(ByteBuffer(string: "hello"))),
    ("$0\r\n\r\n", .bulkString(ByteBuffer())),
    ("$-1\r\n", .null),
    ("*-1\r\n", .null),
    ("_\r\n", .null),
    ("*0\r\n", .array([])),
    (
        "*2\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n",
        .array([.bulkString(ByteBuffer(string: "a")), .array([.integer(1), .array([])])])
    ),
    (",3.5\r\n", .double(3.5)),
    (",inf\r\n", .double(.infinity)),
    ("#t\r\n", .boolean(true)),
    ("(3492890328409238509324850943850943825024385\r\n", .bigNumber("3492890328409238509324850943850943825024385")),
    ("!9\r\nSYNTAX no\r\n", .error("SYNTAX no")),
    ("=8\r\ntxt:some\r\n", .verbatim(format: "txt", ByteBuffer(string: "some"))),
    ("%1\r\n+k\r\n:1\r\n", .map([RESPPair(key: .simpleString("k"), value: .integer(1))])),
    ("~2\r\n:1\r\n:2\r\n", .set([.integer(1), .integer(2)])),
    (">2\r\n+message\r\n:1\r\n", .push([.simpleString("message"), .integer(1)])),
    ("|1\r\n+ttl\r\n:3\r\n:7\r\n", .integer(7)),
]

@Suite struct ReplyTests {
    @Test(arguments: replies.indices)
    func decodes(index: Int) throws {
        var decoder = RESPValueDecoder()
        var buffer = ByteBuffer(string: replies[index].text)
        #expect(try decoder.decode(&buffer) == replies[index].value)
        #expect(buffer.readableBytes == 0)
    }

    @Test(arguments: [1, 2, 3, 11])
    func decodesHoweverRepliesArrive(pieces: Int) throws {
        var decoder = RESPValueDecoder()
        var input = Array(replies.map(\.text).joined().utf8)[...]
        var buffer = ByteBuffer()
        var values: [RESPValue] = []
        while !input.isEmpty {
            buffer.writeBytes(input.prefix(pieces))
            input = input.dropFirst(pieces)
            while let value = try decoder.decode(&buffer) { values.append(value) }
        }
        #expect(values == replies.map(\.value))
    }

    @Test func framesAStreamedReply() throws {
        var framer = ReplyFramer()
        let text = Array("*2\r\n$20\r\n\(String(repeating: "x", count: 20))\r\n:1\r\n+OK\r\n".utf8)
        var pending: [UInt8] = []
        var first = 0
        var lengths: [Int] = []
        for byte in text {
            pending.append(byte)
            let outcome = try pending.withUnsafeBytes { bytes throws(RESPError) in try framer.next(bytes) }
            if case .reply(let length) = outcome {
                lengths.append(first + length)
                first = 0
                pending.removeFirst(length)
            } else {
                let ready = framer.scannedBytes
                framer.discard(ready)
                pending.removeFirst(ready)
                first += ready
            }
        }
        #expect(lengths == [text.count - 5, 5])
    }

    @Test(arguments: [
        ("?\r\n", RESPError.unknownType(UInt8(ascii: "?"))),
        ("$x\r\n", .invalidLength),
        ("$?\r\n", .invalidLength),
        ("*1000000000000\r\n", .tooManyElements),
        ("+no line end\rx", .missingTerminator),
        ("$600000000\r\n", .tooLongBulk),
    ])
    func refusesNonsense(text: String, error: RESPError) {
        var decoder = RESPValueDecoder()
        var buffer = ByteBuffer(string: text)
        #expect(throws: error) { try decoder.decode(&buffer) }
    }

    @Test func boundsDepth() {
        var decoder = RESPValueDecoder()
        var buffer = ByteBuffer(string: String(repeating: "*1\r\n", count: 100_000) + ":1\r\n")
        #expect(throws: RESPError.tooDeep) { try decoder.decode(&buffer) }
    }
}
