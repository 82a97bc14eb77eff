/// Why a file was not encrypted or decrypted. Nothing in it is secret.
package enum AgeError: Error, Equatable, Sendable {
    /// The file does not begin as an age file does.
    case notAnAgeFile
    /// An age file of another version than `v1`.
    case unsupportedVersion
    /// The header breaks a rule of the format; lines are counted from 1.
    case malformedHeader(line: Int, HeaderFault)
    /// The header is larger than `AgeHeader.maximumLength`.
    case headerTooLong
    /// The header's MAC is not that of its contents: somebody changed it.
    case headerTampered
    /// The file is for other recipients.
    case noMatchingIdentity
    /// The file is encrypted with a passphrase, and not one was given.
    case passphraseNeeded
    /// The passphrase is not the file's.
    case wrongPassphrase
    /// The file asks for more work (the logarithm to base 2 of scrypt's N) than the reader allows.
    case workFactorTooHigh(Int)
    /// The file ends before its final chunk.
    case truncated
    /// The chunk with this number, counted from 0, was changed, moved, cut, or is the last of a file that was cut.
    case chunkTampered(UInt64)
    /// The file ends with an empty chunk behind others.
    case emptyFinalChunk
    /// A file has more than 2⁶⁴ chunks.
    case tooLong
    case noRecipients
    /// The text is no recipient (`age1…`).
    case invalidRecipient(KeyFault)
    /// The text is no identity (`AGE-SECRET-KEY-1…`); the line is that of a file, or 1.
    case invalidIdentity(line: Int, KeyFault)
    case passphraseEmpty

    package enum HeaderFault: Equatable, Sendable {
        /// Neither a stanza, nor the MAC, where one of them must stand.
        case unexpectedLine
        /// A stanza's first line has no arguments, or not single spaces between them, or other bytes than visible ASCII.
        case arguments
        /// A stanza's body is no canonical base64 in lines of 64 columns.
        case body
        /// The MAC is no canonical base64 of 32 bytes.
        case mac
        /// No stanza before the MAC.
        case noStanza
        /// An X25519 stanza that breaks the rules of its kind.
        case x25519
        /// A scrypt stanza that breaks the rules of its kind.
        case scrypt
        /// A scrypt stanza that is not alone.
        case scryptNotAlone
    }

    package enum KeyFault: Error, Equatable, Sendable {
        /// No Bech32: other characters, mixed case, or no separator.
        case notBech32
        /// A character was mistyped.
        case checksum
        /// Bech32 of another kind.
        case kind
        /// Not 32 bytes.
        case length
        /// A point that makes every shared secret zero.
        case lowOrder
    }
}
