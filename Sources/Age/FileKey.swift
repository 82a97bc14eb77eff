internal import Crypto
internal import Foundation

/// The key of one file, from which the others are derived.
struct FileKey: Sendable {
    static let length = 16
    /// What a recipient wraps: the key and a tag.
    static let wrappedLength = length + 16

    private let key: SymmetricKey

    init() {
        key = SymmetricKey(size: .bits128)
    }

    private init(_ bytes: Data) {
        key = SymmetricKey(data: bytes)
    }

    func headerMAC(of header: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: header, using: derive("header", salt: [])))
    }

    /// Compares in constant time.
    func isMAC(_ mac: [UInt8], of header: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(mac, authenticating: header, using: derive("header", salt: []))
    }

    func payloadKey(nonce: [UInt8]) -> SymmetricKey { derive("payload", salt: nonce) }

    private func derive(_ info: String, salt: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, salt: salt, info: Array(info.utf8), outputByteCount: 32)
    }

    /// The key under a wrap key that is used for nothing else, so its nonce may be all zeros.
    func wrapped(with wrapKey: SymmetricKey) throws -> [UInt8] {
        let box = try key.withUnsafeBytes { try ChaChaPoly.seal($0, using: wrapKey, nonce: Self.zeroNonce) }
        return Array(box.ciphertext) + Array(box.tag)
    }

    /// The key of a stanza's body; nil when it was wrapped with another key.
    static func unwrapping(_ body: [UInt8], with wrapKey: SymmetricKey) -> FileKey? {
        guard body.count == wrappedLength,
            let nonce = try? zeroNonce,
            let box = try? ChaChaPoly.SealedBox(nonce: nonce, ciphertext: body.prefix(length), tag: body.suffix(16)),
            let key = try? ChaChaPoly.open(box, using: wrapKey)
        else { return nil }
        return FileKey(key)
    }

    private static var zeroNonce: ChaChaPoly.Nonce {
        get throws { try ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)) }
    }
}
