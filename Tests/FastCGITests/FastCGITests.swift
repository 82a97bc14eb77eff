import FastCGI
import NIOCore
import Testing

@Suite struct FastCGITests {
    private static func record(_ kind: UInt8, _ content: [UInt8], padding: UInt8 = 0) -> [UInt8] {
        [1, kind, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), padding, 0] + content
            + [UInt8](repeating: 0, count: Int(padding))
    }

    private static let end = record(3, [0, 0, 0, 0, 0, 0, 0, 0])

    private static func response(_ records: [UInt8]...) throws -> FastCGIResponse? {
        var assembler = FastCGIAssembler(limit: 1_000)
        return try assembler.add(ByteBuffer(bytes: records.joined()))
    }

    @Test func aRequestIsWhatTheSpecificationSays() throws {
        let long = String(repeating: "x", count: 300)
        var bytes = FastCGIRequest(["A": "b", "LONG": long]).bytes
        let begin = try #require(try bytes.readFastCGIRecord())
        #expect(begin.kind == .beginRequest)
        #expect(Array(begin.content.readableBytesView) == [0, 1, 0, 0, 0, 0, 0, 0])
        let params = try #require(try bytes.readFastCGIRecord())
        #expect(params.kind == .params && params.requestID == begin.requestID)
        let expected = [1, 1] + Array("Ab".utf8) + [4, 0x80, 0, 1, 0x2C] + Array("LONG".utf8) + Array(long.utf8)
        #expect(Array(params.content.readableBytesView) == expected)
        #expect(try bytes.readFastCGIRecord()?.content.readableBytes == 0)
        #expect(try bytes.readFastCGIRecord()?.kind == .stdin)
        #expect(bytes.readableBytes == 0)
    }

    @Test func parametersBeyondOneRecordGoOnInTheNext() throws {
        var bytes = FastCGIRequest(["A": String(repeating: "x", count: 100_000)]).bytes
        _ = try bytes.readFastCGIRecord()
        #expect(try bytes.readFastCGIRecord()?.content.readableBytes == 65_535)
        #expect(try bytes.readFastCGIRecord()?.content.readableBytes == 100_000 + 6 - 65_535)
    }

    @Test func anAnswerIsPutTogetherFromItsRecords() throws {
        let response = try Self.response(
            Self.record(6, Array("Status: 404 Not Found\r\nContent-Type:  text/html\r\n\r\n<p>".utf8), padding: 3),
            Self.record(7, Array("PHP Warning".utf8)), Self.record(6, Array("no</p>\n".utf8)), Self.record(6, []),
            Self.end)
        let found = try #require(response)
        #expect(found.status == 404)
        #expect(found.header("content-type") == "text/html")
        #expect(String(buffer: found.body) == "<p>no</p>\n")
        #expect(String(buffer: found.errors) == "PHP Warning")
    }

    @Test func withoutAStatusItIs200AndPlainLineEndsDo() throws {
        let response = try Self.response(Self.record(6, Array("X: y\n\npong".utf8)), Self.end)
        #expect(response?.status == 200)
        #expect(response.map { String(buffer: $0.body) } == "pong")
    }

    @Test func piecesOfAnySizeGiveTheSame() throws {
        let bytes = Self.record(6, Array("X: y\r\n\r\nbody".utf8), padding: 5) + Self.end
        var assembler = FastCGIAssembler(limit: 100)
        var answers: [FastCGIResponse] = []
        for byte in bytes {
            if let answer = try assembler.add(ByteBuffer(bytes: [byte])) { answers.append(answer) }
        }
        #expect(answers.map { String(buffer: $0.body) } == ["body"])
    }

    @Test func whatIsNoAnswer() {
        let bad: [([UInt8], FastCGIError)] = [
            (Array("HTTP/1.1 400 Bad Request\r\n".utf8), .malformed),
            (Self.record(3, [0, 0, 0, 0, 2, 0, 0, 0]), .refused(protocolStatus: 2)),
            (Self.record(3, [0]), .malformed),
            (Self.record(6, Array("no header".utf8)) + Self.end, .malformed),
            (Self.record(6, Array("no header\r\n\r\n".utf8)) + Self.end, .malformed),
            (Self.record(6, Array("Status: x\r\n\r\n".utf8)) + Self.end, .malformed),
            (Self.record(6, [UInt8](repeating: 65, count: 1_001)), .tooLarge),
        ]
        for (bytes, error) in bad {
            #expect(throws: error) { try Self.response(bytes) }
        }
    }
}
