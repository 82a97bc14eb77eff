/// Encrypts one file, piece by piece, in the age v1 format.
///
/// ```swift
/// var encryptor = try AgeEncryptor(recipients: recipients)
/// try encryptor.encrypt(piece, into: &output)     // any number of times
/// try encryptor.finish(into: &output)
/// ```
///
/// `output` grows by what can be written so far, the header with the first call. It may be emptied between calls;
/// with `removeAll(keepingCapacity: true)` nothing is allocated for it again. Memory: a chunk of 64 KiB.
package struct AgeEncryptor: Sendable {
    private var cipher: PayloadCipher
    /// Header and nonce, until they are written.
    private var head: [UInt8]
    /// The beginning of the next chunk. A whole one waits here: whether it is the last is known when more comes.
    private var pending: [UInt8] = []
    private var isFinished = false

    /// Every one of the recipients can open the file.
    /// - Throws: `AgeError.noRecipients`.
    package init(recipients: [X25519Recipient]) throws {
        guard !recipients.isEmpty else { throw AgeError.noRecipients }
        try self.init { fileKey in try recipients.map { try $0.wrap(fileKey) } }
    }

    /// Whoever knows the passphrase can open the file; the format allows no recipients beside that.
    ///
    /// - Parameters:
    ///   - passphrase: What the readers must know.
    ///   - workFactor: The logarithm to base 2 of scrypt's N, 1 to `AgePassphrase.maximumWorkFactor`.
    /// - Throws: When there is no memory for scrypt.
    package init(passphrase: AgePassphrase, workFactor: Int = AgePassphrase.defaultWorkFactor) throws {
        precondition((1...AgePassphrase.maximumWorkFactor).contains(workFactor))
        try self.init { fileKey in [try passphrase.wrap(fileKey, workFactor: workFactor)] }
    }

    private init(_ stanzas: (FileKey) throws -> [AgeStanza]) throws {
        let fileKey = FileKey()
        let nonce = randomBytes(PayloadCipher.nonceLength)
        head = AgeHeader(try stanzas(fileKey), fileKey: fileKey).bytes + nonce
        cipher = PayloadCipher(fileKey: fileKey, nonce: nonce)
        pending.reserveCapacity(PayloadCipher.chunkLength)
    }

    package mutating func encrypt(_ plaintext: [UInt8], into output: inout [UInt8]) throws {
        try plaintext.withUnsafeBytes { try encrypt($0, into: &output) }
    }

    package mutating func encrypt(_ plaintext: UnsafeRawBufferPointer, into output: inout [UInt8]) throws {
        precondition(!isFinished, "the file is finished")
        writeHead(into: &output)
        var rest = plaintext[...]
        if !pending.isEmpty {
            let missing = rest.prefix(PayloadCipher.chunkLength - pending.count)
            pending += missing
            rest = rest.dropFirst(missing.count)
            // Nothing more: this chunk may be the last.
            guard !rest.isEmpty else { return }
            try sealPending(isLast: false, into: &output)
        }
        // Whole chunks go straight from the caller's memory.
        while rest.count > PayloadCipher.chunkLength {
            let chunk = rest.prefix(PayloadCipher.chunkLength)
            try cipher.seal(UnsafeRawBufferPointer(rebasing: chunk), isLast: false, into: &output)
            rest = rest.dropFirst(chunk.count)
        }
        pending += rest
    }

    /// Writes the last chunk. The file is whole now; without it, no reader takes it for one.
    package mutating func finish(into output: inout [UInt8]) throws {
        precondition(!isFinished, "the file is finished")
        isFinished = true
        writeHead(into: &output)
        try sealPending(isLast: true, into: &output)
    }

    private mutating func writeHead(into output: inout [UInt8]) {
        guard !head.isEmpty else { return }
        output += head
        head = []
    }

    private mutating func sealPending(isLast: Bool, into output: inout [UInt8]) throws {
        try pending.withUnsafeBytes { try cipher.seal($0, isLast: isLast, into: &output) }
        pending.removeAll(keepingCapacity: true)
    }
}
