internal import NIOCore
internal import ObjectStore
internal import RecoveryCore

/// Reads the events of one segment out of one store.
struct SegmentReader: Sendable {
    /// After how many attempts in a row that brought nothing it is given up, as of an object of a backup.
    private static let attempts = 6

    let segment: BinlogSegment
    let store: any ObjectStore
    let key: RestoreOptions.Key

    /// - Throws: `ReplayError.segment`, `key`; `CancellationError`.
    func read() async throws -> [UInt8] {
        do {
            return try await unpacked()
        } catch let fault as SealedStream.Fault {
            switch fault {
            case .key(let reason):
                throw ReplayError.key(segment.number, reason: reason, recipients: segment.recipients)
            case .damaged(let reason): throw ReplayError.segment(segment.number, reason: reason)
            }
        } catch let error as ObjectStoreError {
            throw ReplayError.segment(segment.number, reason: error.description)
        }
    }

    private func unpacked() async throws -> [UInt8] {
        var stream = try SealedStream(
            .init(storedBytes: segment.storedBytes, rawBytes: segment.rawBytes, sha256: segment.sha256), key: key)
        var text: [UInt8] = []
        var attempt = 0
        let object = try ObjectKey(BinlogLayout.folder(of: segment.database) + segment.object)
        while stream.storedBytes < segment.storedBytes {
            let before = stream.storedBytes
            do {
                let range = before == 0 ? nil : Int64(clamping: before)..<Int64.max
                for try await piece in try await store.read(object, range: range) {
                    try stream.write(piece)
                    while try stream.next(into: &text) {}
                }
                break
            } catch let error as ObjectStoreError {
                attempt = stream.storedBytes > before ? 1 : attempt + 1
                switch error {
                case .unavailable where attempt < Self.attempts, .unreachable where attempt < Self.attempts:
                    try await Task.sleep(for: .seconds(1 << attempt))
                default: throw error
                }
            }
        }
        try stream.writeEnd()
        while try stream.next(into: &text) {}
        try stream.verify()
        return text
    }
}
