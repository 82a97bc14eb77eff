/// Decrypts one age v1 file, piece by piece. Its bytes may come from anybody.
///
/// ```swift
/// var decryptor = AgeDecryptor(identities: identities)
/// try decryptor.decrypt(piece, into: &output)     // any number of times
/// try decryptor.finish(into: &output)             // throws for a file that was cut
/// ```
///
/// What is appended to `output` was authenticated, chunk by chunk: of a chunk that was changed, nothing is. But only
/// `finish` knows that the file was whole. After an error every further call throws the same one.
/// Memory: the header (at most `AgeHeader.maximumLength`), then a chunk of 64 KiB.
package struct AgeDecryptor: Sendable {
    private enum Key: Sendable {
        case identities([X25519Identity])
        case passphrase(AgePassphrase, maximumWorkFactor: Int)
    }

    private enum State: Sendable {
        case header
        case nonce(FileKey)
        case payload(PayloadCipher)
        case finished
        case failed(AgeError)
    }

    private let key: Key
    private var state = State.header
    /// What came and could not be decided on yet: part of the header, of the nonce, or a chunk that may be the last.
    private var pending: [UInt8] = []

    /// Any of the identities may open the file.
    package init(identities: [X25519Identity]) {
        key = .identities(identities)
    }

    /// A file with a passphrase; the call of `decrypt` that completes the header takes as long as scrypt does.
    ///
    /// - Parameters:
    ///   - passphrase: What the file was encrypted with.
    ///   - maximumWorkFactor: Files that ask for more are refused; each step doubles time and memory.
    package init(passphrase: AgePassphrase, maximumWorkFactor: Int = AgePassphrase.maximumWorkFactor) {
        key = .passphrase(passphrase, maximumWorkFactor: min(maximumWorkFactor, AgePassphrase.maximumWorkFactor))
    }

    package mutating func decrypt(_ bytes: [UInt8], into output: inout [UInt8]) throws(AgeError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(AgeError) in
            try decrypt(UnsafeRawBufferPointer(bytes), into: &output)
        }
    }

    /// - Throws: `AgeError`, with nothing of a bad chunk in `output`.
    package mutating func decrypt(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(AgeError) {
        do { try take(bytes, into: &output) } catch { throw failed(error) }
    }

    /// Opens the last chunk.
    /// - Throws: `AgeError`, most likely `.truncated` or `.chunkTampered`, or what an earlier call threw.
    package mutating func finish(into output: inout [UInt8]) throws(AgeError) {
        do { try takeLast(into: &output) } catch { throw failed(error) }
    }

    private mutating func failed(_ error: AgeError) -> AgeError {
        state = .failed(error)
        pending = []
        return error
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(AgeError) {
        if case .payload(var cipher) = state {
            // The state must not hold the cipher too, or its buffer would be copied for each call.
            state = .finished
            try take(bytes[...], &cipher, into: &output)
            state = .payload(cipher)
            return
        }
        switch state {
        case .failed(let error): throw error
        case .finished: preconditionFailure("the file is finished")
        case .header, .nonce, .payload: pending += bytes
        }
        if case .header = state {
            guard let (header, length) = try AgeHeader.parse(pending) else { return }
            state = .nonce(try fileKey(of: header))
            pending.removeFirst(length)
        }
        if case .nonce(let fileKey) = state, pending.count >= PayloadCipher.nonceLength {
            state = .payload(PayloadCipher(fileKey: fileKey, nonce: Array(pending.prefix(PayloadCipher.nonceLength))))
            let rest = Array(pending.dropFirst(PayloadCipher.nonceLength))
            pending = []
            pending.reserveCapacity(PayloadCipher.sealedLength)
            try rest.withUnsafeBufferPointer { (rest) throws(AgeError) in
                try take(UnsafeRawBufferPointer(rest), into: &output)
            }
        }
    }

    /// Opens every chunk of which is known that another follows.
    private mutating func take(
        _ bytes: Slice<UnsafeRawBufferPointer>, _ cipher: inout PayloadCipher, into output: inout [UInt8]
    ) throws(AgeError) {
        var rest = bytes
        if !pending.isEmpty {
            let missing = rest.prefix(PayloadCipher.sealedLength - pending.count)
            pending += missing
            rest = rest.dropFirst(missing.count)
            guard !rest.isEmpty else { return }
            try pending.withUnsafeBufferPointer { (chunk) throws(AgeError) in
                try cipher.open(UnsafeRawBufferPointer(chunk), isLast: false, into: &output)
            }
            pending.removeAll(keepingCapacity: true)
        }
        while rest.count > PayloadCipher.sealedLength {
            let chunk = rest.prefix(PayloadCipher.sealedLength)
            try cipher.open(UnsafeRawBufferPointer(rebasing: chunk), isLast: false, into: &output)
            rest = rest.dropFirst(chunk.count)
        }
        pending += rest
    }

    private mutating func takeLast(into output: inout [UInt8]) throws(AgeError) {
        switch state {
        case .failed(let error): throw error
        case .finished: preconditionFailure("the file is finished")
        case .header, .nonce: throw .truncated
        case .payload(var cipher):
            guard pending.count >= PayloadCipher.tagLength else { throw .truncated }
            guard pending.count > PayloadCipher.tagLength || cipher.counter == 0 else { throw .emptyFinalChunk }
            try pending.withUnsafeBufferPointer { (sealed) throws(AgeError) in
                try Self.openLast(UnsafeRawBufferPointer(sealed), &cipher, into: &output)
            }
            state = .finished
            pending = []
        }
    }

    private static func openLast(
        _ sealed: UnsafeRawBufferPointer, _ cipher: inout PayloadCipher, into output: inout [UInt8]
    ) throws(AgeError) {
        do {
            try cipher.open(sealed, isLast: true, into: &output)
        } catch {
            // Cut between two chunks, rather than changed?
            var nowhere: [UInt8] = []
            guard (try? cipher.open(sealed, isLast: false, into: &nowhere)) != nil else { throw error }
            throw .truncated
        }
    }

    private func fileKey(of header: AgeHeader) throws(AgeError) -> FileKey {
        if let stanza = header.stanzas.first(where: { $0.kind == AgePassphrase.kind }), header.stanzas.count > 1 {
            throw .malformedHeader(line: stanza.line, .scryptNotAlone)
        }
        guard let fileKey = try unwrapped(header.stanzas) else { throw .noMatchingIdentity }
        guard fileKey.isMAC(header.mac, of: header.authenticated) else { throw .headerTampered }
        return fileKey
    }

    private func unwrapped(_ stanzas: [AgeStanza]) throws(AgeError) -> FileKey? {
        switch key {
        case .passphrase(let passphrase, let maximumWorkFactor):
            guard let stanza = stanzas.first, stanza.kind == AgePassphrase.kind else { return nil }
            return try passphrase.unwrap(stanza, maximumWorkFactor: maximumWorkFactor)
        case .identities(let identities):
            guard stanzas.first?.kind != AgePassphrase.kind else { throw .passphraseNeeded }
            // Every stanza is looked at, so that a broken one is found whichever comes first.
            var found: FileKey?
            for stanza in stanzas {
                for identity in identities {
                    if let fileKey = try identity.unwrap(stanza) { found = found ?? fileKey }
                }
            }
            return found
        }
    }
}
