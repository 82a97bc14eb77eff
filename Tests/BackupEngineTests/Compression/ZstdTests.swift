import BackupEngine
import Testing

@Suite struct ZstdTests {
    private static func text(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: 32 + ($0 &* $0 / 7) % 90) }
    }

    private static func noise(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func compress(_ bytes: [UInt8], pieces: Int, level: Int = 3) throws -> [UInt8] {
        let compressor = try ZstdCompressor(level: level)
        var output: [UInt8] = []
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(pieces)
                try compressor.compress(UnsafeRawBufferPointer(rebasing: piece), into: &output)
                rest = rest.dropFirst(pieces)
            }
        }
        try compressor.finish(into: &output)
        return output
    }

    private static func decompress(_ bytes: [UInt8], pieces: Int) throws -> [UInt8] {
        let decompressor = try ZstdDecompressor()
        var output: [UInt8] = []
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                try decompressor.decompress(UnsafeRawBufferPointer(rebasing: rest.prefix(pieces)), into: &output)
                rest = rest.dropFirst(pieces)
            }
        }
        try decompressor.finish()
        return output
    }

    @Test(arguments: [(0, 1), (1, 1), (1000, 1), (1000, 777), (300_000, 777), (300_000, 1 << 20)])
    func whatIsCompressedComesBack(size: Int, pieces: Int) throws {
        for bytes in [Self.text(size), Self.noise(size)] {
            let compressed = try Self.compress(bytes, pieces: pieces)
            #expect(try Self.decompress(compressed, pieces: pieces) == bytes)
        }
    }

    @Test func textBecomesSmaller() throws {
        let bytes = Self.text(1 << 20)
        #expect(try Self.compress(bytes, pieces: 1 << 16, level: 1).count < bytes.count / 2)
    }

    @Test func partsOfAPieceAreGivenOneAfterTheOther() throws {
        let bytes = [UInt8](repeating: 7, count: 5 << 20)
        let compressed = try Self.compress(bytes, pieces: 1 << 20)
        #expect(compressed.count < 4096)
        let decompressor = try ZstdDecompressor()
        decompressor.feed(compressed)
        var total = 0
        var part: [UInt8] = []
        while try decompressor.next(into: &part) {
            #expect(part.count <= 1 << 17)
            #expect(part.allSatisfy { $0 == 7 })
            total += part.count
            part.removeAll(keepingCapacity: true)
        }
        try decompressor.finish()
        #expect(total == bytes.count)
    }

    @Test func framesFollowEachOther() throws {
        let compressed = try Self.compress(Self.text(10), pieces: 10) + Self.compress(Self.text(20), pieces: 10)
        #expect(try Self.decompress(compressed, pieces: 3) == Self.text(10) + Self.text(20))
    }

    @Test func everyTruncationShows() throws {
        let compressed = try Self.compress(Self.text(500), pieces: 100)
        for length in 1..<compressed.count {
            #expect(throws: ZstdError.self, "\(length)") {
                try Self.decompress(Array(compressed.prefix(length)), pieces: 64)
            }
        }
    }

    @Test func everyChangedByteShows() throws {
        let original = Self.text(500)
        let compressed = try Self.compress(original, pieces: 100)
        for index in compressed.indices {
            var changed = compressed
            changed[index] ^= 0x10
            // A byte of the header may be one that no reader needs; then the content is whole.
            let read = try? Self.decompress(changed, pieces: 64)
            #expect(read == nil || read == original, "\(index)")
        }
    }

    @Test func noiseIsRefused() {
        #expect(throws: ZstdError.self) { try Self.decompress(Self.noise(1000), pieces: 100) }
    }

    /// A frame header that asks for a window of 2 GiB.
    @Test func aHugeWindowIsRefused() {
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00]
        #expect(throws: ZstdError.windowTooLarge) { try Self.decompress(frame, pieces: 100) }
    }

    @Test(arguments: [0, -1, 20]) func levelsAreLimited(level: Int) {
        #expect(throws: ZstdError.level(level)) { try ZstdCompressor(level: level) }
    }
}
