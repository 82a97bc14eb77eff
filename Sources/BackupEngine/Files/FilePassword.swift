package import Age
internal import Foundation
internal import NIOCore
package import ObjectStore
package import Topology

/// The password of the repositories of files. restic encrypts with it what it stores, and needs it to write as well as
/// to read. So that the identity opens files as it opens databases, it is kept in every store, encrypted for the
/// backups' recipients; and so that backups need no identity, in a file of the node that makes them.
package enum FilePassword {
    private static let mostBytes = 64 << 10

    /// 256 bits as 64 hexadecimal digits.
    package static func make() -> Secret {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in String(UInt64.random(in: 0 ... .max, using: &generator), radix: 16) }
        return Secret(words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined())
    }

    /// Keeps it in a store. A line break is added, as editors do: `age -d` gives what `RESTIC_PASSWORD_FILE` takes.
    /// - Throws: `ObjectStoreError`; with `ifAbsent` `alreadyExists`.
    static func keep(
        _ password: Secret, for recipients: [X25519Recipient], in store: any ObjectStore, ifAbsent: Bool
    ) async throws {
        var bytes: [UInt8] = []
        var encryptor = try AgeEncryptor(recipients: recipients)
        try encryptor.encrypt(Array("\(password.reveal())\n".utf8), into: &bytes)
        try encryptor.finish(into: &bytes)
        _ = try await store.put(
            ByteBuffer(bytes: bytes), at: try ObjectKey(FileRepository.password), ifAbsent: ifAbsent)
    }

    /// Whether a store has one.
    package static func exists(in store: any ObjectStore) async throws -> Bool {
        do {
            _ = try await store.info(of: try ObjectKey(FileRepository.password))
            return true
        } catch ObjectStoreError.notFound {
            return false
        }
    }

    /// Opens the one that a store has.
    /// - Throws: `ObjectStoreError`, `AgeError`; `ResticError.noRepository` when the store has none.
    package static func open(
        in store: any ObjectStore, with identities: [X25519Identity]
    ) async throws -> Secret {
        let bytes: ByteBuffer
        do {
            bytes = try await store.read(try ObjectKey(FileRepository.password)).collected(upTo: mostBytes)
        } catch ObjectStoreError.notFound {
            throw ResticError.noRepository
        }
        var text: [UInt8] = []
        var decryptor = AgeDecryptor(identities: identities)
        try decryptor.decrypt(Array(bytes.readableBytesView), into: &text)
        try decryptor.finish(into: &text)
        return Secret(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
