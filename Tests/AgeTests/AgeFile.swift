@testable import Age

/// Whole files at once, for tests.
enum AgeFile {
    static let identity = X25519Identity()

    static func encrypted(_ plaintext: [UInt8], for recipients: [X25519Recipient]? = nil, pieces: Int? = nil) throws
        -> [UInt8]
    {
        var encryptor = try AgeEncryptor(recipients: recipients ?? [identity.recipient])
        var file: [UInt8] = []
        for piece in plaintext.pieces(of: pieces) { try encryptor.encrypt(piece, into: &file) }
        try encryptor.finish(into: &file)
        return file
    }

    /// What was released, and the error that ended it, if one did.
    struct Outcome: Equatable {
        var plaintext: [UInt8]
        var error: AgeError?

        init(_ plaintext: [UInt8], _ error: AgeError? = nil) {
            self.plaintext = plaintext
            self.error = error
        }
    }

    static func opened(
        _ file: [UInt8], _ decryptor: AgeDecryptor = AgeDecryptor(identities: [identity]), pieces: Int? = nil
    ) -> Outcome {
        var decryptor = decryptor
        var plaintext: [UInt8] = []
        do {
            for piece in file.pieces(of: pieces) { try decryptor.decrypt(piece, into: &plaintext) }
            try decryptor.finish(into: &plaintext)
            return Outcome(plaintext)
        } catch {
            return Outcome(plaintext, error)
        }
    }

    /// A file with a right MAC over whatever stanzas; `change` may still alter the header's text.
    static func forged(
        _ stanzas: (FileKey) throws -> [AgeStanza], change: (String) -> String = { $0 }
    ) throws -> [UInt8] {
        let fileKey = FileKey()
        let header = AgeHeader(try stanzas(fileKey), fileKey: fileKey)
        let nonce = [UInt8](repeating: 7, count: PayloadCipher.nonceLength)
        var cipher = PayloadCipher(fileKey: fileKey, nonce: nonce)
        var file = Array(change(String(decoding: header.bytes, as: UTF8.self)).utf8) + nonce
        try Array("secret".utf8).withUnsafeBytes { try cipher.seal($0, isLast: true, into: &file) }
        return file
    }

    /// Bytes of which no two chunks are alike.
    static func sample(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 13) }
    }
}

extension [UInt8] {
    /// The whole in one piece when the size is nil.
    func pieces(of size: Int?) -> [[UInt8]] {
        guard let size else { return [self] }
        return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
