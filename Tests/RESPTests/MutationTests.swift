import NIOCore
import RESP
import Testing

/// Bounded fuzzing: valid streams are damaged at random and fed in random pieces. Nothing may trap, loop for ever or
/// claim bytes that are not there. The seed of a failing round is in the failure's message.
@Suite struct MutationTests {
    private static let rounds: UInt64 = 4000

    @Test func requestsSurviveMutation() {
        let corpus = Array(
            ("*3\r\n$3\r\nSET\r\n$5\r\nhello\r\n$5\r\nworld\r\n*1\r\n$4\r\nPING\r\nGET \"quoted key\"\r\n*0\r\n"
                + "*2\r\n$4\r\nECHO\r\n$64\r\n\(String(repeating: "e", count: 64))\r\n").utf8)
        for seed in 0..<Self.rounds {
            var random = SplitMix(state: seed)
            var parser = RequestParser(streamingThreshold: 32)
            feed(corpus.mutated(&random), &random) { bytes throws(RESPError) in
                switch try parser.next(bytes) {
                case .command(let frame):
                    #expect(frame.length > 0 && frame.length <= bytes.count, "seed \(seed)")
                    #expect(frame.name.upperBound <= frame.length && frame.firstArgument.upperBound <= frame.length)
                    return frame.length
                case .inline(let length):
                    #expect(length > 0 && length <= bytes.count, "seed \(seed)")
                    _ = try? InlineCommand.split(bytes[..<length])
                    return length
                case .nothing(let length):
                    #expect(length > 0 && length <= bytes.count, "seed \(seed)")
                    return length
                case .large(let frame):
                    #expect(frame.name.upperBound <= bytes.count, "seed \(seed)")
                    return 0
                case .incomplete:
                    #expect(parser.scannedBytes <= bytes.count, "seed \(seed)")
                    return nil
                }
            }
        }
    }

    @Test func repliesSurviveMutation() {
        let corpus = Array(replies.map(\.text).joined().utf8)
        for seed in 0..<Self.rounds {
            var random = SplitMix(state: seed)
            let damaged = corpus.mutated(&random)
            var framer = ReplyFramer()
            feed(damaged, &random) { bytes throws(RESPError) in
                guard case .reply(let length) = try framer.next(bytes) else { return nil }
                #expect(length > 0 && length <= bytes.count, "seed \(seed)")
                return length
            }
            var decoder = RESPValueDecoder()
            var buffer = ByteBuffer(bytes: damaged)
            var before = buffer.readableBytes
            while (try? decoder.decode(&buffer)) != nil {
                #expect(buffer.readableBytes < before, "seed \(seed): a value of no bytes")
                before = buffer.readableBytes
            }
        }
    }

    /// Feeds `input` in random pieces until the consumer refuses it. `consume` says how many bytes it took, or nil when
    /// it wants more.
    private func feed(
        _ input: [UInt8], _ random: inout SplitMix,
        consume: (UnsafeRawBufferPointer) throws(RESPError) -> Int?
    ) {
        var pending: [UInt8] = []
        var rest = input[...]
        while !rest.isEmpty {
            let piece = Int.random(in: 1...24, using: &random)
            pending += rest.prefix(piece)
            rest = rest.dropFirst(piece)
            do {
                while let taken = try pending.withUnsafeBytes({ bytes throws(RESPError) in try consume(bytes) }) {
                    pending.removeFirst(taken)
                }
            } catch {
                return
            }
        }
    }
}

/// A small generator with a seed, so that a failing round can be run again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension [UInt8] {
    fileprivate func mutated(_ random: inout SplitMix) -> [UInt8] {
        var bytes = self
        for _ in 0..<Int.random(in: 0...6, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(Array("*$:%|0123456789-\r\n".utf8).randomElement(using: &random) ?? 0, at: index)
            default: bytes.removeSubrange(index..<Swift.min(bytes.count, index + 8))
            }
        }
        return bytes
    }
}
