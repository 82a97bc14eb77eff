internal import Crypto
internal import CryptoExtras
internal import Foundation

/// A passphrase that a file is encrypted with. Its description does not show it.
///
/// The key is made from it with scrypt (r = 8, p = 1), on purpose slowly: with the default work factor about a second
/// and 256 MiB.
package struct AgePassphrase: Sendable, CustomStringConvertible {
    static let kind = "scrypt"
    /// The logarithm to base 2 of N that new files get, as with the `age` program.
    package static let defaultWorkFactor = 18
    /// What a file may ask for at most: four times as much, 1 GiB. A hostile file could ask for any amount.
    package static let maximumWorkFactor = 20
    private static let saltPrefix = Array("age-encryption.org/v1/scrypt".utf8)

    private let bytes: [UInt8]

    /// - Throws: `AgeError.passphraseEmpty`.
    package init(_ text: String) throws(AgeError) {
        guard !text.isEmpty else { throw .passphraseEmpty }
        bytes = Array(text.utf8)
    }

    package var description: String { "(passphrase)" }

    func wrap(_ fileKey: FileKey, workFactor: Int) throws -> AgeStanza {
        let salt = randomBytes(16)
        let body = try fileKey.wrapped(with: wrapKey(salt: salt, workFactor: workFactor))
        return AgeStanza(
            arguments: [Self.kind, String(decoding: Base64.encode(salt), as: UTF8.self), "\(workFactor)"], body: body)
    }

    /// The file key of a scrypt stanza.
    /// - Throws: `AgeError.malformedHeader`, `.workFactorTooHigh`, `.wrongPassphrase`.
    func unwrap(_ stanza: AgeStanza, maximumWorkFactor: Int) throws(AgeError) -> FileKey {
        let fault = AgeError.malformedHeader(line: stanza.line, .scrypt)
        guard stanza.arguments.count == 3, let salt = Base64.decode(Array(stanza.arguments[1].utf8)),
            salt.count == 16, stanza.body.count == FileKey.wrappedLength
        else { throw fault }
        // Digits without a leading zero, and no sign, which Int would take.
        let digits = stanza.arguments[2].utf8
        guard digits.first != UInt8(ascii: "0"), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { throw fault }
        guard let workFactor = Int(stanza.arguments[2]), workFactor <= maximumWorkFactor else {
            throw .workFactorTooHigh(Int(stanza.arguments[2]) ?? .max)
        }
        guard let key = try? wrapKey(salt: salt, workFactor: workFactor) else { throw fault }
        guard let fileKey = FileKey.unwrapping(stanza.body, with: key) else { throw .wrongPassphrase }
        return fileKey
    }

    private func wrapKey(salt: [UInt8], workFactor: Int) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: bytes, salt: Self.saltPrefix + salt, outputByteCount: 32, rounds: 1 << workFactor, blockSize: 8,
            parallelism: 1)
    }
}

/// From the kernel's generator, fit for keys.
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
}
