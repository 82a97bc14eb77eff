internal import Age

/// Brings objects from where they are made to where they are kept.
struct ObjectUpload: Sendable {
    let destination: any BackupDestination
    let recipients: [X25519Recipient]
    let level: Int

    func packer() throws -> ObjectPacker { try ObjectPacker(level: level, recipients: recipients) }

    /// Runs `produce`, which sends the pieces of an object, beside the upload that takes them.
    /// - Throws: `DumpError.upload`; what `produce` throws.
    func store<Result: Sendable>(
        as name: String, _ produce: (PieceChannel) async throws -> (PackedObject, Result)
    ) async throws -> (PackedObject, Result) {
        let channel = PieceChannel()
        async let upload = take(channel, as: name)
        do {
            let (object, result) = try await produce(channel)
            channel.finish()
            try check(await upload, is: object, name)
            return (object, result)
        } catch {
            channel.finish(throwing: error)
            // When the upload gave up first, it knows why.
            if error is PieceChannel.Closed { _ = try await upload }
            throw error
        }
    }

    /// An object whose text is in memory already.
    func store(_ text: String, as name: String) async throws -> PackedObject {
        try await store(as: name) { channel in
            var packer = try packer()
            try packer.write(text)
            while let piece = packer.takePiece() { try await channel.send(piece) }
            let (last, object) = try packer.finish()
            try await channel.send(last)
            return (object, ())
        }.0
    }

    /// - Throws: `DumpError.upload` when the store has something else than what was sent.
    func check(_ stored: StoredObject, is object: PackedObject, _ name: String) throws {
        guard stored == StoredObject(bytes: object.storedBytes, sha256: object.sha256) else {
            throw DumpError.upload(object: name, reason: "the store has other bytes than were sent", hint: nil)
        }
    }

    /// Uploads what comes through a channel, which is closed when that fails.
    /// - Throws: `DumpError`; `CancellationError`.
    func take(_ channel: PieceChannel, as name: String) async throws -> StoredObject {
        do {
            return try await destination.upload(channel, as: name)
        } catch {
            channel.close()
            if error is CancellationError || error is DumpError { throw error }
            throw DumpError.upload(object: name, reason: "\(error)", hint: nil)
        }
    }
}
