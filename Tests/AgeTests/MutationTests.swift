import Foundation
import LoopbackServers
import Testing

@testable import Age

/// Bounded fuzzing: files are damaged at random and read in random pieces. Nothing may trap, and whatever is released
/// must be the beginning of what was encrypted. `BREAKWATER_FUZZ_ROUNDS=N` lets it run longer.
@Suite struct MutationTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["BREAKWATER_FUZZ_ROUNDS"].flatMap { UInt64($0) } ?? 1_500

    @Test func aDamagedFileReleasesOnlyWhatWasEncrypted() throws {
        let plaintext = AgeFile.sample(PayloadCipher.chunkLength + 200)
        let file = try AgeFile.encrypted(plaintext, for: [X25519Identity().recipient, AgeFile.identity.recipient])
        // Most of the file is payload; most of the damage shall hit the header.
        let head = 400
        for seed in 0..<Self.rounds {
            var random = SeededGenerator(seed: seed)
            var damaged = file
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.damage(&damaged, head, &random) }
            guard damaged != file else { continue }
            let pieces = Int.random(in: 1...100_000, using: &random)
            let result = AgeFile.opened(damaged, pieces: pieces)
            #expect(result.error != nil, "seed \(seed)")
            #expect(plaintext.starts(with: result.plaintext), "seed \(seed)")
            #expect(result.plaintext.count % PayloadCipher.chunkLength == 0, "seed \(seed)")
        }
    }

    @Test func nonsenseIsRefused() {
        for seed in 0..<Self.rounds {
            var random = SeededGenerator(seed: seed)
            // Made of what headers are made of, so that the parser gets somewhere.
            let words = ["age-encryption.org/v1\n", "-> ", "X25519", "scrypt", " ", "\n", "---", "AAAA", "--- ", "18"]
            var file = Array("age-encryption.org/v1\n".utf8)
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                file += Array((words.randomElement(using: &random) ?? "").utf8)
                if Int.random(in: 0..<8, using: &random) == 0 {
                    file += AgeFile.sample(Int.random(in: 0...90, using: &random))
                }
            }
            let result = AgeFile.opened(file, pieces: Int.random(in: 1...50, using: &random))
            #expect(result.plaintext.isEmpty && result.error != nil, "seed \(seed)")
        }
    }

    @Test func keysSurviveMutation() {
        let texts = [AgeFile.identity.encoded(), AgeFile.identity.recipient.description]
        for seed in 0..<Self.rounds {
            var random = SeededGenerator(seed: seed)
            for text in texts {
                var bytes = Array(text.utf8)
                Self.damage(&bytes, bytes.count, &random)
                let damaged = String(decoding: bytes, as: UTF8.self)
                guard damaged.lowercased() != text.lowercased() else { continue }
                #expect(throws: AgeError.self, "seed \(seed)") { try X25519Recipient(damaged) }
                #expect(throws: AgeError.self, "seed \(seed)") { try X25519Identity(damaged) }
            }
        }
    }

    /// Changes, removes, repeats or adds a few bytes, mostly before `head`.
    private static func damage(_ bytes: inout [UInt8], _ head: Int, _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let isInHead = Int.random(in: 0..<4, using: &random) > 0
        let position = Int.random(in: 0..<(isInHead ? min(head, bytes.count) : bytes.count), using: &random)
        let end = min(bytes.count, position + Int.random(in: 1...4, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1: bytes[position] = [10, 13, 32, 45, 61, 0, 255].randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(position..<end)
        case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        default: bytes.removeLast(bytes.count - position)
        }
    }
}
