internal import Crypto
internal import Foundation

/// A public key that files are encrypted to: `age1…`. It cannot open them.
package struct X25519Recipient: Sendable, Hashable, CustomStringConvertible {
    static let kind = "X25519"
    static let info = Array("age-encryption.org/v1/X25519".utf8)

    let bytes: [UInt8]

    /// Reads `age1…`.
    /// - Throws: `AgeError.invalidRecipient`.
    package init(_ text: String) throws(AgeError) {
        let decoded: (prefix: String, bytes: [UInt8])
        do { decoded = try Bech32.decode(text) } catch { throw .invalidRecipient(error) }
        guard decoded.prefix == "age" else { throw .invalidRecipient(.kind) }
        guard decoded.bytes.count == 32 else { throw .invalidRecipient(.length) }
        bytes = decoded.bytes
        // Such a recipient would be found out only when a backup is made for it.
        guard (try? wrap(FileKey())) != nil else { throw .invalidRecipient(.lowOrder) }
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var description: String { Bech32.encode(prefix: "age", bytes) }

    /// The file key for this recipient, under a key that is new each time.
    func wrap(_ fileKey: FileKey) throws -> AgeStanza {
        let ephemeral = Curve25519.KeyAgreement.PrivateKey()
        let share = Array(ephemeral.publicKey.rawRepresentation)
        let recipient = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes)
        guard let secret = Self.sharedSecret(ephemeral, recipient) else { throw AgeError.invalidRecipient(.lowOrder) }
        let body = try fileKey.wrapped(with: Self.wrapKey(secret, share: share, recipient: bytes))
        return AgeStanza(
            arguments: [Self.kind, String(decoding: Base64.encode(share), as: UTF8.self)], body: body)
    }

    /// Nil for a shared secret of zeros, which a point of low order makes of every key: swift-crypto does not refuse it.
    static func sharedSecret(
        _ key: Curve25519.KeyAgreement.PrivateKey, _ point: Curve25519.KeyAgreement.PublicKey
    ) -> SharedSecret? {
        guard let secret = try? key.sharedSecretFromKeyAgreement(with: point) else { return nil }
        // All bytes are looked at, whatever they are.
        return secret.withUnsafeBytes { $0.reduce(0) { $0 | $1 } } == 0 ? nil : secret
    }

    static func wrapKey(_ secret: SharedSecret, share: [UInt8], recipient: [UInt8]) -> SymmetricKey {
        secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: share + recipient, sharedInfo: info, outputByteCount: 32)
    }
}
