import Testing

@testable import Age

private let chunk = PayloadCipher.chunkLength
private let sealed = PayloadCipher.sealedLength

@Suite struct StreamTests {
    @Test(arguments: [0, 1, 100, chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 77, 5 * chunk])
    func whatWasEncryptedIsReadBack(count: Int) throws {
        let plaintext = AgeFile.sample(count)
        for pieces in [nil, 1, 1_000, chunk - 1, chunk, sealed, sealed + 1] where pieces != 1 || count <= chunk + 1 {
            let file = try AgeFile.encrypted(plaintext, pieces: pieces)
            let chunks = max(1, (count + chunk - 1) / chunk)
            #expect(file.count - count == Self.head(of: file) + 16 * chunks)
            #expect(AgeFile.opened(file, pieces: pieces) == .init(plaintext), "in pieces of \(pieces ?? 0)")
        }
    }

    @Test func noTwoFilesAreAlike() throws {
        let (one, other) = (try AgeFile.encrypted([1]), try AgeFile.encrypted([1]))
        #expect(one.suffix(17) != other.suffix(17))
        #expect(one.prefix(Self.head(of: one)) != other.prefix(Self.head(of: other)))
    }

    @Test func everyRecipientCanReadAndNobodyElse() throws {
        let identities = (0..<4).map { _ in X25519Identity() }
        let file = try AgeFile.encrypted([1, 2, 3], for: identities.map(\.recipient))
        for identity in identities {
            #expect(
                AgeFile.opened(file, AgeDecryptor(identities: [X25519Identity(), identity])).plaintext == [1, 2, 3])
        }
        #expect(AgeFile.opened(file).error == .noMatchingIdentity)
        #expect(AgeFile.opened(file, AgeDecryptor(identities: [])).error == .noMatchingIdentity)
        let passphrase = try AgePassphrase("x")
        #expect(AgeFile.opened(file, AgeDecryptor(passphrase: passphrase)).error == .noMatchingIdentity)
    }

    @Test func passphrases() throws {
        var encryptor = try AgeEncryptor(passphrase: try AgePassphrase("correct horse"), workFactor: 10)
        var file: [UInt8] = []
        try encryptor.encrypt([4, 5, 6], into: &file)
        try encryptor.finish(into: &file)
        func opened(_ text: String, limit: Int = 12) throws -> AgeFile.Outcome {
            AgeFile.opened(file, AgeDecryptor(passphrase: try AgePassphrase(text), maximumWorkFactor: limit))
        }
        #expect(try opened("correct horse").plaintext == [4, 5, 6])
        #expect(try opened("wrong horse").error == .wrongPassphrase)
        #expect(try opened("correct horse", limit: 9).error == .workFactorTooHigh(10))
        #expect(AgeFile.opened(file).error == .passphraseNeeded)
    }

    // MARK: - Files that were changed

    /// Where the payload begins, behind header and nonce.
    private static func head(of file: [UInt8]) -> Int {
        guard case (_, let length)? = try? AgeHeader.parse(file) else { return 0 }
        return length + PayloadCipher.nonceLength
    }

    private static let plaintext = AgeFile.sample(3 * chunk + 500)

    /// Four chunks, as parts of a file.
    private static func parts() throws -> (head: [UInt8], chunks: [[UInt8]]) {
        let file = try AgeFile.encrypted(plaintext)
        let start = head(of: file)
        return (Array(file[..<start]), Array(file[start...]).pieces(of: sealed))
    }

    /// Opens the parts in several ways, which must agree: of what is wrong from `chunk` on, nothing is released.
    private func expect(
        _ error: AgeError, after chunks: Int, _ head: [UInt8], _ parts: [[UInt8]],
        _ location: SourceLocation = #_sourceLocation
    ) {
        for pieces in [nil, 4_096, sealed] {
            let result = AgeFile.opened(head + parts.flatMap(\.self), pieces: pieces)
            #expect(result.error == error, sourceLocation: location)
            #expect(result.plaintext == Array(Self.plaintext.prefix(chunks * chunk)), sourceLocation: location)
        }
    }

    @Test func aChangedByteIsFoundInEveryChunk() throws {
        let (head, chunks) = try Self.parts()
        for number in chunks.indices {
            for position in [0, chunks[number].count / 2, chunks[number].count - 1] {
                var changed = chunks
                changed[number][position] ^= 0x40
                expect(.chunkTampered(UInt64(number)), after: number, head, changed)
            }
        }
        for position in (head.count - 16)..<head.count {
            var changed = head
            changed[position] ^= 1
            expect(.chunkTampered(0), after: 0, changed, chunks)
        }
    }

    @Test func chunksCannotBeMovedCutOrAdded() throws {
        let (head, chunks) = try Self.parts()
        let other = try Self.parts().chunks
        expect(.chunkTampered(0), after: 0, head, [chunks[1], chunks[0], chunks[2], chunks[3]])
        expect(.chunkTampered(1), after: 1, head, [chunks[0], chunks[2], chunks[3]])
        expect(.chunkTampered(1), after: 1, head, [chunks[0], chunks[0], chunks[1], chunks[2], chunks[3]])
        expect(.chunkTampered(2), after: 2, head, [chunks[0], chunks[1], other[2], chunks[3]])
        // Behind the last one.
        expect(.chunkTampered(3), after: 3, head, chunks + [[UInt8](repeating: 0, count: sealed)])
        expect(.chunkTampered(3), after: 3, head, chunks + [[0]])
        expect(.chunkTampered(3), after: 3, head, chunks + [chunks[3]])
        // The last one somewhere else.
        expect(.chunkTampered(0), after: 0, head, [chunks[3]])
    }

    @Test func aFileThatWasCutIsNotWhole() throws {
        let (head, chunks) = try Self.parts()
        for count in 1...3 { expect(.truncated, after: count - 1, head, Array(chunks.prefix(count))) }
        expect(.truncated, after: 0, head, [])
        expect(.truncated, after: 0, Array(head.dropLast()), [])
        for length in [1, 15] { expect(.truncated, after: 1, head, [chunks[0], Array(chunks[1].prefix(length))]) }
        expect(.emptyFinalChunk, after: 1, head, [chunks[0], Array(chunks[1].prefix(16))])
        for length in [17, 5_000, sealed - 1] {
            expect(.chunkTampered(1), after: 1, head, [chunks[0], Array(chunks[1].prefix(length))])
        }
        expect(.chunkTampered(3), after: 3, head, Array(chunks.dropLast()) + [Array(chunks[3].dropLast())])
        for length in 0..<(head.count - 16) {
            let result = AgeFile.opened(Array(head.prefix(length)))
            #expect(result == .init([], .truncated), "after \(length) bytes of the header")
        }
    }

    @Test func anEmptyChunkMayOnlyBeAlone() throws {
        let fileKey = FileKey()
        let header = AgeHeader([try AgeFile.identity.recipient.wrap(fileKey)], fileKey: fileKey)
        let nonce = [UInt8](repeating: 1, count: 16)
        var file = header.bytes + nonce
        var cipher = PayloadCipher(fileKey: fileKey, nonce: nonce)
        try AgeFile.sample(chunk).withUnsafeBytes { try cipher.seal($0, isLast: false, into: &file) }
        try [UInt8]().withUnsafeBytes { try cipher.seal($0, isLast: true, into: &file) }
        #expect(AgeFile.opened(file) == .init(AgeFile.sample(chunk), .emptyFinalChunk))
    }

    /// A chunk that is not the last must be whole.
    @Test func aShortChunkInTheMiddleIsRefused() throws {
        let fileKey = FileKey()
        let nonce = [UInt8](repeating: 1, count: 16)
        var file = AgeHeader([try AgeFile.identity.recipient.wrap(fileKey)], fileKey: fileKey).bytes + nonce
        var cipher = PayloadCipher(fileKey: fileKey, nonce: nonce)
        try AgeFile.sample(chunk - 1).withUnsafeBytes { try cipher.seal($0, isLast: false, into: &file) }
        try AgeFile.sample(chunk).withUnsafeBytes { try cipher.seal($0, isLast: true, into: &file) }
        #expect(AgeFile.opened(file) == .init([], .chunkTampered(0)))
    }

    @Test func anErrorStays() throws {
        var file = try AgeFile.encrypted(Self.plaintext)
        let start = Self.head(of: file)
        file[start + 5] ^= 1
        var decryptor = AgeDecryptor(identities: [AgeFile.identity])
        var output: [UInt8] = []
        let (first, rest) = (Array(file.prefix(start + sealed + 1)), Array(file.dropFirst(start + sealed + 1)))
        #expect(throws: AgeError.chunkTampered(0)) { try decryptor.decrypt(first, into: &output) }
        #expect(throws: AgeError.chunkTampered(0)) { try decryptor.decrypt(rest, into: &output) }
        #expect(throws: AgeError.chunkTampered(0)) { try decryptor.finish(into: &output) }
        #expect(output.isEmpty)
    }
}
