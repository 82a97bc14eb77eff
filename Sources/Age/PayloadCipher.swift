internal import Crypto
internal import Foundation

/// The chunks of a payload: ChaCha20-Poly1305 with the number of the chunk and the mark of the last one as nonce, so
/// that chunks can be neither moved nor cut off. <https://c2sp.org/age#payload>
struct PayloadCipher: Sendable {
    /// Of plaintext; every chunk but the last has exactly this much.
    static let chunkLength = 64 * 1024
    static let tagLength = 16
    static let sealedLength = chunkLength + tagLength
    static let nonceLength = 16

    private let key: SymmetricKey
    /// The number of the next chunk. The format has 88 bits for it; 2⁶⁴ chunks are more than anybody has.
    private(set) var counter: UInt64 = 0
    /// The nonce and a sealed chunk, kept to be filled anew for each chunk.
    private var box = Data()

    init(fileKey: FileKey, nonce: [UInt8]) {
        key = fileKey.payloadKey(nonce: nonce)
    }

    /// Seals the next chunk and appends it to `output`.
    mutating func seal(_ chunk: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]) throws {
        let nonce = try ChaChaPoly.Nonce(data: nonceBytes(isLast: isLast))
        let box = try ChaChaPoly.seal(chunk, using: key, nonce: nonce)
        box.combined.withUnsafeBytes { output += UnsafeRawBufferPointer(rebasing: $0[Self.aeadNonceLength...]) }
        try advance()
    }

    /// Opens the next chunk and appends it to `output`, which is as it was when the chunk is not authentic.
    /// - Throws: `AgeError.chunkTampered`.
    mutating func open(
        _ sealed: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]
    ) throws(AgeError) {
        box.removeAll(keepingCapacity: true)
        box.append(contentsOf: nonceBytes(isLast: isLast))
        box.append(contentsOf: sealed)
        guard let sealedBox = try? ChaChaPoly.SealedBox(combined: box),
            let chunk = try? ChaChaPoly.open(sealedBox, using: key)
        else { throw .chunkTampered(counter) }
        chunk.withUnsafeBytes { output += $0 }
        try advance()
    }

    private static let aeadNonceLength = 12

    private func nonceBytes(isLast: Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.aeadNonceLength)
        for index in 0..<8 { bytes[10 - index] = UInt8(truncatingIfNeeded: counter >> (8 * UInt64(index))) }
        bytes[11] = isLast ? 1 : 0
        return bytes
    }

    private mutating func advance() throws(AgeError) {
        let (next, overflow) = counter.addingReportingOverflow(1)
        guard !overflow else { throw .tooLong }
        counter = next
    }
}
