import Foundation
import Testing

@testable import Binlog

@Suite struct InflateTests {
    /// As zlib made them, and what they hold: stored, fixed and dynamic codes, codes alone, nothing, long repetitions.
    private static let streams: [(String, [UInt8])] = [
        ("eAEBCgD1/3BsYWluIHRleHQVtAP6", Array("plain text".utf8)),
        ("eAFLTISBpGQEIloQAAASGAQ=", Array(String(repeating: "aaaaaaaaaabcabcabcabc", count: 3).utf8)),
        (
            dynamic,
            Array(
                (0..<30).map { "INSERT INTO wp_posts VALUES (\($0), 'text \($0 * 7 % 13)', \($0 * $0));" }.joined()
                    .utf8)
        ),
        ("eNoDAAAAAAE=", []),
        ("eNqrqBgFo2AUjIJRMApGwVAHAM9Aqa4=", [UInt8](repeating: 0x78, count: 2_000)),
    ]
    private static let dynamic =
        "eNqFk71qgzEMRV/FW1rIYMmybJMpQ4YPSgrNz9qpcwP5IHn82AUbeendD7J07/FyPB2+zm45nj/d4/Z9+72vd3fdf1wOJ/fmt26z"
        + "/jxX5zdb5993y38wdThVmADMHaYKC4BDh3OFC4Clw9zWUEDHTpdKcwS0djpUOqDZadzY4hO0eO64VFpRJmUMbwlmlDeNKmOLxcMy"
        + "R5v0lyPDB0aj2nhB+1OwbpGidEgmvQoKn6I1jGG1pFYyjnB+sp5xhvtna1pgmE+ZXYMfys+2wYaZrG8i8AGejJOMLuBglYuMEmKZ"
        + "lIsJVcDRKqewYlarnOL5ySqX8AHZKpdwQMUql1sDL1agjwE="

    private static func bytes(_ text: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: text))) }

    @Test func becomesWhatWasCompressed() throws {
        for (stream, text) in Self.streams {
            #expect(try Inflate.zlib(try Self.bytes(stream)[...], size: text.count) == text)
        }
    }

    @Test func anotherSizeIsRefused() throws {
        for (stream, text) in Self.streams {
            let bytes = try Self.bytes(stream)
            for size in [text.count - 1, text.count + 1, Int(Int32.max), -1] {
                #expect(throws: BinlogError.self) { try Inflate.zlib(bytes[...], size: size) }
            }
        }
    }

    @Test func damageIsAnErrorAlways() throws {
        for (stream, text) in Self.streams {
            let bytes = try Self.bytes(stream)
            for end in bytes.indices {
                #expect(throws: BinlogError.self) { try Inflate.zlib(bytes[..<end], size: text.count) }
            }
            // Few changes mean nothing, and fewer still get past zlib's checksum.
            var unseen = 0
            for index in bytes.indices {
                for bit in 0..<8 {
                    var damaged = bytes
                    damaged[index] ^= 1 << UInt8(bit)
                    if (try? Inflate.zlib(damaged[...], size: text.count)) ?? text != text { unseen += 1 }
                }
            }
            #expect(unseen < bytes.count / 100 + 1)
        }
    }

    @Test func statementsAndRowsOfMariaDB() throws {
        var events = Events()
        var parser = BinlogParser()
        _ = try parser.parse(events.formatDescription(version: "10.11.6-MariaDB"))
        let text = Array("text".utf8)
        let record = try [0x81, UInt8(text.count)] + Self.bytes("eJwrSa0oAQAEZwHG")
        let plain = events.query("text", variables: [0, 1, 2, 3, 4])
        let head = Array(plain[19..<(plain.count - 4 - text.count)])
        let compressed = try parser.parse(events.event(EventType.queryCompressed, head + record))
        let event = try parser.decompressed(compressed)
        #expect(event.content == (try parser.parse(plain)).content)
        #expect(event == (try parser.parse(event.bytes)))
        for (index, type) in [23, 24, 25, 30, 31, 32].enumerated() {
            let start = Events.little(108, 6) + [1, 0] + (index >= 3 ? [4, 0, 9, 9] : []) + [11]
            let maps = [UInt8](repeating: 0xFF, count: index % 3 == 1 ? 4 : 2)
            let compressed = try parser.parse(
                events.event(EventType.compressedRows.lowerBound + UInt8(index), start + maps + record))
            let event = try parser.decompressed(compressed)
            #expect(event.header.type == UInt8(type))
            #expect(Array(event.body) == start + maps + text)
            #expect(event == (try parser.parse(event.bytes)))
            guard case .rows(_, let id, true, false) = event.content else {
                Issue.record("\(event.content)")
                continue
            }
            #expect(id == 108)
        }
        let rows = try parser.parse(events.writeRows())
        #expect(try parser.decompressed(rows) == rows)
    }

    @Test func whatIsNoCompressedEventIsRefused() throws {
        var events = Events()
        var parser = BinlogParser()
        _ = try parser.parse(events.formatDescription(version: "10.11.6-MariaDB"))
        let start = Events.little(108, 6) + [1, 0]
        for body in [
            start, start + [11], start + [251], start + [254] + [UInt8](repeating: 255, count: 8) + [1, 2],
            start + [3, 1], start + [3, 1, 0x80], start + [3, 1, 0x91, 4], start + [3, 1, 0x84, 255, 255, 255, 255],
            start + [3, 1, 0x01, 4, 1, 2, 3, 4, 5, 6],
        ] {
            let event = try parser.parse(events.event(EventType.compressedRows.lowerBound, body))
            #expect(throws: BinlogError.self) { try parser.decompressed(event) }
        }
    }
}
