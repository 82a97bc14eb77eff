import Foundation
import Testing
import Topology

/// Hostile and broken files: an answer always comes, and soon.
struct FuzzTests {
    /// Mutations of the files people write. `BREAKWATER_FUZZ_ROUNDS` makes it go on for longer.
    @Test func mutatedFilesAreAnswered() {
        let seeds = [completeFile, localFile, goodRedisFile("quorum: 2", "durable: [\"a:\"]")].map { Array($0.utf8) }
        let rounds = ProcessInfo.processInfo.environment["BREAKWATER_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1_500
        var random = SplitMix(state: 20_260_301)
        for round in 0..<rounds {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            let reading = StoreTopology.read(text: text, file: "fuzz")
            // What does not result in a topology says why, and where.
            #expect((reading.topology == nil) == reading.diagnostics.contains { $0.severity == .error })
            let lines = text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 2
            for diagnostic in reading.diagnostics
            where !((1...lines).contains(diagnostic.line) && diagnostic.column >= 1) {
                Issue.record("round \(round): \(diagnostic)")
            }
        }
    }

    private static let pieces = [
        "&a ", "*a", "<<: *a", "!!binary ", "? ", "- ", ": ", "{", "}", "[", "]", "\"", "'", "|\n", ">\n", "#", "\t",
        "\n",
        "---\n", "...\n", "%YAML 9\n", "\u{0}", "\u{FEFF}", "\u{85}", "\u{2028}", "\\x00", "\\uD800", "~", "null",
        "off",
        "99999999999999999999", "-1", "1e9", "store", "redis:", "  ", "\r\n", "🛒",
    ].map { Array($0.utf8) }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else {
            bytes = [UInt8.random(in: 0...255, using: &random)]
            return
        }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, index + Int.random(in: 1...40, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(index..<end)
        case 2: bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 3: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: index)
        case 4: bytes.replaceSubrange(index..<end, with: Self.pieces.randomElement(using: &random) ?? [])
        default: bytes.removeLast(bytes.count - end)
        }
    }

    @Test func nestedAliasesDoNotMultiply() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let before = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(before)]\n"
        }
        #expect(findings(text).contains { $0.hasSuffix("yaml.alias") })
        // As keys they would have to be compared.
        #expect(findings(text.replacing("&a30 [", with: "&a30 {[").replacing("]\n", with: "]: 1}\n")) != [])
    }

    @Test func aliasesThatFitTheLimitStayCheap() {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...10 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 3).joined(separator: ", "))]\n"
        }
        #expect(findings(text + "? *a10\n: 1\n").contains { $0.hasSuffix("yaml.alias") })
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "!!seq [", "{? "])
    func deepNestingIsAnswered(_ opening: String) {
        #expect(!findings(String(repeating: opening, count: 5_000)).isEmpty)
        #expect(!findings("version: 1\nredis: " + String(repeating: opening, count: 900)).isEmpty)
    }

    @Test func aLargeFileIsRefused() {
        #expect(findings(String(repeating: "a", count: 300_000)) == ["1:1 error file.too_large"])
        #expect(!findings(String(repeating: "a: 1\n", count: 10_000)).isEmpty)
        #expect(!findings(String(repeating: "- a\n", count: 20_000)).isEmpty)
    }

    @Test func theAnswerIsBoundedToo() {
        let keys = (0..<10_000).map { "key\($0): 1\n" }.joined()
        let found = StoreTopology.read(text: localFile + keys, file: "f").diagnostics
        #expect(found.count == 200)
    }
}

/// The same sequence in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
