internal import RecoveryCore
internal import Synchronization

/// A chunk on its way: what is made of it goes through the channel, and what is known of it at the end stands beside.
final class ChunkInMaking: Sendable {
    typealias Result = (PackedObject, RowsRead)

    let chunk: Chunk
    let pieces: PieceChannel
    private let state = Mutex<Result?>(nil)

    init(_ chunk: Chunk, pieces: PieceChannel) {
        self.chunk = chunk
        self.pieces = pieces
    }

    /// Nil until the last piece was sent.
    var result: Result? { state.withLock { $0 } }

    func finish(_ result: Result) {
        state.withLock { $0 = result }
        pieces.finish()
    }
}

/// What is known of a chunk's rows when all were read.
struct RowsRead: Sendable {
    var count: UInt64
    var digest: TableDigest
    var largestStatement: UInt64
    var warnings: UInt32
}

/// What became of a chunk.
struct DumpedChunk: Sendable {
    var number: Int
    var object: BackupManifest.Object
    var digest: TableDigest
}

extension DumpedChunk {
    init(_ chunk: Chunk, _ packed: PackedObject, _ rows: RowsRead) {
        number = chunk.number
        digest = rows.digest
        object = BackupManifest.Object(
            name: chunk.objectName, kind: .rows, table: chunk.table.name, keys: chunk.keys, partition: chunk.partition,
            rows: rows.count, rawBytes: packed.rawBytes, storedBytes: packed.storedBytes, sha256: packed.sha256,
            largestStatementBytes: rows.largestStatement)
    }
}
