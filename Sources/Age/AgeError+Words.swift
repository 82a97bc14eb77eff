extension AgeError: CustomStringConvertible {
    /// What went wrong, after the file's or the key's name: "it is no age file".
    package var description: String {
        switch self {
        case .notAnAgeFile: "it is no age file"
        case .unsupportedVersion: "it is an age file of a version that is not known"
        case .malformedHeader(let line, let fault): "line \(line) of its header \(fault)"
        case .headerTooLong: "its header is too long"
        case .headerTampered: "its header was changed"
        case .noMatchingIdentity: "it is encrypted for other recipients"
        case .passphraseNeeded: "it is encrypted with a passphrase"
        case .wrongPassphrase: "the passphrase is wrong"
        case .workFactorTooHigh(let factor): "it asks for more work than is allowed: 2^\(factor)"
        case .truncated: "it ends too early"
        case .chunkTampered(let number): "it was changed, in chunk \(number)"
        case .emptyFinalChunk: "it ends with an empty chunk"
        case .tooLong: "it is too long"
        case .noRecipients: "there is no recipient"
        case .invalidRecipient(let fault): "it is no age recipient (age1…): \(fault)"
        case .invalidIdentity(let line, let fault): "line \(line) is no age identity (AGE-SECRET-KEY-1…): \(fault)"
        case .passphraseEmpty: "the passphrase is empty"
        }
    }
}

extension AgeError.HeaderFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedLine: "is neither a stanza nor the MAC"
        case .arguments: "has no arguments that can be read"
        case .body: "belongs to a stanza whose body cannot be read"
        case .mac: "has a MAC that cannot be read"
        case .noStanza: "is the MAC, without a recipient before it"
        case .x25519: "begins an X25519 stanza that breaks the rules"
        case .scrypt: "begins a passphrase stanza that breaks the rules"
        case .scryptNotAlone: "begins a passphrase stanza that is not alone"
        }
    }
}

extension AgeError.KeyFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notBech32: "other characters than a key has"
        case .checksum: "a character was mistyped"
        case .kind: "another kind of key"
        case .length: "not 32 bytes"
        case .lowOrder: "a key that protects nothing"
        }
    }
}
