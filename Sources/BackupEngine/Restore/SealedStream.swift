internal import Age
internal import Crypto
internal import NIOCore

/// Takes a stored object apart, piece by piece: hashed as it is stored, age, Zstandard.
///
/// What it gives out before ``verify()`` has returned comes from an object that may yet turn out to be damaged.
struct SealedStream {
    enum Fault: Error, Equatable {
        /// The key opens it not.
        case key(String)
        case damaged(String)
    }

    /// What is known of it from elsewhere.
    struct Expectation: Sendable {
        var storedBytes: UInt64
        var rawBytes: UInt64
        /// In lower-case hexadecimal.
        var sha256: String
    }

    private let expected: Expectation
    private var hash = SHA256()
    private var decryptor: AgeDecryptor
    private let decompressor: ZstdDecompressor
    private(set) var storedBytes: UInt64 = 0
    private(set) var rawBytes: UInt64 = 0

    /// - Throws: `ZstdError.outOfMemory`.
    init(_ expected: Expectation, key: RestoreOptions.Key) throws(ZstdError) {
        self.expected = expected
        decompressor = try ZstdDecompressor()
        decryptor =
            switch key {
            case .identities(let identities): AgeDecryptor(identities: identities)
            case .passphrase(let passphrase): AgeDecryptor(passphrase: passphrase)
            }
    }

    /// Takes a piece; all that the one before it has become must be taken.
    mutating func write(_ piece: ByteBuffer) throws(Fault) {
        storedBytes += UInt64(piece.readableBytes)
        guard storedBytes <= expected.storedBytes else {
            throw .damaged("it has more than the \(expected.storedBytes) bytes that were stored")
        }
        var compressed: [UInt8] = []
        compressed.reserveCapacity(piece.readableBytes)
        let fault = piece.withUnsafeReadableBytes { bytes -> Fault? in
            hash.update(bufferPointer: bytes)
            do throws(AgeError) {
                try decryptor.decrypt(bytes, into: &compressed)
                return nil
            } catch {
                return Self.fault(error)
            }
        }
        if let fault { throw fault }
        decompressor.feed(compressed)
    }

    /// Nothing more comes from the store. What the last piece becomes is to be taken.
    mutating func writeEnd() throws(Fault) {
        guard storedBytes == expected.storedBytes else {
            throw .damaged("it ends after \(storedBytes) of \(expected.storedBytes) bytes")
        }
        let digest = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        guard digest.joined() == expected.sha256 else { throw .damaged("its SHA-256 is not the one in the manifest") }
        var compressed: [UInt8] = []
        do throws(AgeError) { try decryptor.finish(into: &compressed) } catch { throw Self.fault(error) }
        decompressor.feed(compressed)
    }

    /// Appends some of what the piece that was written becomes.
    /// - Returns: false when another piece is needed.
    mutating func next(into text: inout [UInt8]) throws(Fault) -> Bool {
        let before = text.count
        do throws(ZstdError) {
            guard try decompressor.next(into: &text) else { return false }
        } catch {
            throw .damaged("\(error)")
        }
        rawBytes += UInt64(text.count - before)
        guard rawBytes <= expected.rawBytes else {
            throw .damaged("its text has more than the \(expected.rawBytes) bytes of the manifest")
        }
        return true
    }

    /// All has been taken, and it is what was stored.
    mutating func verify() throws(Fault) {
        do throws(ZstdError) { try decompressor.finish() } catch { throw .damaged("\(error)") }
        guard rawBytes == expected.rawBytes else {
            throw .damaged("its text has \(rawBytes) bytes, not the \(expected.rawBytes) of the manifest")
        }
    }

    private static func fault(_ error: AgeError) -> Fault {
        switch error {
        case .noMatchingIdentity: .key("none of the identities is one of its recipients'")
        case .wrongPassphrase: .key("the passphrase is another one")
        case .passphraseNeeded: .key("it is encrypted with a passphrase")
        case .truncated: .damaged("its encryption shows that the end is missing")
        case .chunkTampered(let chunk): .damaged("its encryption shows that bytes were changed, in block \(chunk)")
        default: .damaged("it is not what age has written (\(error))")
        }
    }
}
