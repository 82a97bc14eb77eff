internal import NIOCore
internal import ObjectStore
internal import RecoveryCore

/// Reads objects of a backup as the statements in them.
struct ObjectReader: Sendable {
    /// After how many attempts in a row that brought nothing an object is given up. Each store has tried for itself
    /// before; this is for one that is away for a minute.
    private static let attempts = 6

    let source: any BackupSource
    let key: RestoreOptions.Key
    /// Whose identities open the backup.
    let recipients: [String]
    let damage: @Sendable (BackupManifest.Object) -> RestoreError.DamagedPart

    /// Hands each statement over, the last one before it is known whether the object is whole; returns when it is.
    /// When the store breaks off, it goes on behind the last byte that came.
    /// - Throws: `RestoreError.missing`, `damaged`, `key`, `unreadable`; what `take` throws.
    func read(
        _ object: BackupManifest.Object, _ take: ([UInt8]) async throws -> Void
    ) async throws {
        var unpacker = try ObjectUnpacker(object, key: key)
        var attempt = 0
        do {
            while unpacker.storedBytes < object.storedBytes || attempt == 0 {
                let before = unpacker.storedBytes
                do {
                    let pieces = try await source.read(object.name, from: before)
                    for try await piece in pieces {
                        try unpacker.write(piece)
                        while let statement = try unpacker.next() { try await take(statement) }
                    }
                    // The store says that this is all: whether it is, the sizes tell.
                    break
                } catch let error as ObjectStoreError {
                    attempt = unpacker.storedBytes > before ? 1 : attempt + 1
                    try await pause(attempt, object, after: error)
                }
            }
            try unpacker.writeEnd()
            while let statement = try unpacker.next() { try await take(statement) }
            try unpacker.verify()
        } catch let fault as ObjectUnpacker.Fault {
            switch fault {
            case .key(let reason):
                throw RestoreError.key(object: object.name, reason: reason, recipients: recipients)
            case .damaged(let reason):
                throw RestoreError.damaged(object: object.name, reason: reason, damage(object))
            }
        }
    }

    /// All statements of an object that is small, when it is known to be whole.
    /// - Throws: as ``read(_:_:)``; `damaged` for what is not UTF-8.
    func statements(of object: BackupManifest.Object) async throws -> [String] {
        var texts: [String] = []
        try await read(object) { statement in
            guard let text = String(validating: statement, as: UTF8.self) else {
                throw RestoreError.damaged(object: object.name, reason: "its text is not UTF-8", damage(object))
            }
            texts.append(text)
        }
        return texts
    }

    private func pause(_ attempt: Int, _ object: BackupManifest.Object, after error: ObjectStoreError) async throws {
        switch error {
        case .notFound: throw RestoreError.missing(object: object.name, damage(object))
        case .changed, .truncated, .rangeOutside:
            throw RestoreError.damaged(object: object.name, reason: error.description, damage(object))
        case .unavailable where attempt < Self.attempts, .unreachable where attempt < Self.attempts:
            try await Task.sleep(for: .seconds(1 << attempt))
        default: throw RestoreError.unreadable(object: object.name, reason: error.description, hint: error.hint)
        }
    }
}
