internal import Crypto
internal import Foundation

/// The private key of a recipient: `AGE-SECRET-KEY-1…`. Its description does not show it.
package struct X25519Identity: Sendable, CustomStringConvertible {
    private static let prefix = "age-secret-key-"

    private let key: Curve25519.KeyAgreement.PrivateKey
    package let recipient: X25519Recipient

    /// A new one.
    package init() {
        self.init(Curve25519.KeyAgreement.PrivateKey())
    }

    private init(_ key: Curve25519.KeyAgreement.PrivateKey) {
        self.key = key
        recipient = X25519Recipient(bytes: Array(key.publicKey.rawRepresentation))
    }

    /// Reads `AGE-SECRET-KEY-1…`.
    /// - Throws: `AgeError.invalidIdentity`.
    package init(_ text: String) throws(AgeError) {
        try self.init(text, line: 1)
    }

    private init(_ text: String, line: Int) throws(AgeError) {
        let decoded: (prefix: String, bytes: [UInt8])
        do { decoded = try Bech32.decode(text) } catch { throw .invalidIdentity(line: line, error) }
        guard decoded.prefix == Self.prefix else { throw .invalidIdentity(line: line, .kind) }
        guard decoded.bytes.count == 32,
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: decoded.bytes)
        else { throw .invalidIdentity(line: line, .length) }
        self.init(key)
    }

    /// Reads a file as `age-keygen` writes it: one identity on a line, comments after `#`, empty lines.
    /// - Throws: `AgeError.invalidIdentity` with the line, for an empty file the first.
    package static func identities(inFile text: String) throws(AgeError) -> [X25519Identity] {
        var identities: [X25519Identity] = []
        // "\r\n" is one character of Swift's.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            identities.append(try X25519Identity(String(line), line: index + 1))
        }
        guard !identities.isEmpty else { throw .invalidIdentity(line: 1, .kind) }
        return identities
    }

    /// The secret text.
    package func encoded() -> String {
        Bech32.encode(prefix: Self.prefix, Array(key.rawRepresentation)).uppercased()
    }

    package var description: String { "identity of \(recipient)" }

    /// The file key, if the stanza is for this identity.
    /// - Throws: `AgeError.malformedHeader` for an X25519 stanza that breaks the rules, whoever it is for.
    func unwrap(_ stanza: AgeStanza) throws(AgeError) -> FileKey? {
        guard stanza.kind == X25519Recipient.kind else { return nil }
        let fault = AgeError.malformedHeader(line: stanza.line, .x25519)
        guard stanza.arguments.count == 2, let share = Base64.decode(Array(stanza.arguments[1].utf8)),
            share.count == 32, stanza.body.count == FileKey.wrappedLength,
            let publicKey = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: share),
            let secret = X25519Recipient.sharedSecret(key, publicKey)
        else { throw fault }
        let wrapKey = X25519Recipient.wrapKey(secret, share: share, recipient: recipient.bytes)
        return FileKey.unwrapping(stanza.body, with: wrapKey)
    }
}
