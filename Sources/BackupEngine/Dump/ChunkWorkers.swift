internal import MySQLClient
internal import NIOCore
internal import RecoveryCore
internal import Synchronization

/// Reads chunks on several connections at once, each taking the largest that is left. Beside each connection one task
/// uploads what it made, so that a chunk is read while the one before is still on its way to the store.
struct ChunkWorkers: Sendable {
    /// How much text is made between two looks at the clock, the channel and the cancellation.
    private static let stride = 256 << 10
    /// A server works through a statement's values several times. What it makes of so many of them stays in a
    /// processor's cache: MySQL 9.7 takes half as long again for statements of 1 MiB, and for those of 16 KiB no less.
    private static let statementBytes = 96 << 10
    /// Of an object, while the one before is uploaded: 4 MiB, about a whole chunk.
    private static let waitingPieces = (4 << 20) / ObjectPacker.pieceBytes

    let upload: ObjectUpload
    let uploaded: UploadedObjects
    let progress: ProgressBoard

    /// - Returns: The chunks in the order of their numbers.
    /// - Throws: `DumpError`, `CancellationError`; of several errors the first.
    func run(_ chunks: [Chunk], on workers: [MySQLConnection]) async throws -> [DumpedChunk] {
        let queue = ChunkQueue(chunks)
        return try await withThrowingTaskGroup(of: [DumpedChunk].self) { group in
            for worker in workers {
                // One is made while the one before is uploaded; nothing is begun beyond that.
                let made = BoundedChannel<ChunkInMaking>(capacity: 2)
                group.addTask {
                    try await read(queue, on: worker, handingOverTo: made)
                    return []
                }
                group.addTask { try await store(made) }
            }
            var all: [DumpedChunk] = []
            for try await dumped in group { all += dumped }
            return all.sorted { $0.number < $1.number }
        }
    }

    private func read(
        _ queue: ChunkQueue, on worker: MySQLConnection, handingOverTo made: BoundedChannel<ChunkInMaking>
    ) async throws {
        while let chunk = queue.next() {
            let making = ChunkInMaking(chunk, pieces: PieceChannel(capacity: Self.waitingPieces))
            do {
                try await made.send(making)
                let result = try await read(chunk, on: worker, into: making.pieces)
                try await checkWarnings(result.1.warnings, of: worker)
                making.finish(result)
            } catch is PieceChannel.Closed {
                // The upload gave up first. It knows why, and says so.
                return
            } catch is BoundedChannel<ChunkInMaking>.Closed {
                return
            } catch {
                let error = Self.explain(error, chunk)
                making.pieces.finish(throwing: error)
                made.finish(throwing: error)
                throw error
            }
        }
        made.finish()
    }

    /// - Throws: `MySQLError` when the server says that a value did not come whole.
    private func checkWarnings(_ count: UInt32, of worker: MySQLConnection) async throws {
        guard count > 0, let warning = try await worker.warnings().first(where: \.isOfLoss) else { return }
        throw MySQLError(.malformed, code: warning.code, message: "a value did not come whole: \(warning.message)")
    }

    private static func explain(_ error: any Error, _ chunk: Chunk) -> any Error {
        switch error {
        case let error as MySQLError: DumpError.table(chunk.table.name, part: chunk.partName, error)
        case let fault as InsertWriter.Fault:
            DumpError.table(
                chunk.table.name, part: chunk.partName,
                MySQLError(.malformed, message: "a row that cannot be: \(fault)"))
        default: error
        }
    }

    private func store(_ made: BoundedChannel<ChunkInMaking>) async throws -> [DumpedChunk] {
        var dumped: [DumpedChunk] = []
        do {
            for try await making in made {
                let chunk = making.chunk
                uploaded.add(chunk.objectName)
                let stored = try await upload.take(making.pieces, as: chunk.objectName)
                guard let (packed, rows) = making.result else { throw CancellationError() }
                try upload.check(stored, is: packed, chunk.objectName)
                progress.finishObject(storedBytes: packed.storedBytes)
                dumped.append(DumpedChunk(chunk, packed, rows))
            }
        } catch {
            made.close()
            throw error
        }
        return dumped
    }

    private func read(
        _ chunk: Chunk, on worker: MySQLConnection, into channel: PieceChannel
    ) async throws -> (PackedObject, RowsRead) {
        try await worker.withRows(of: chunk.sql.select(chunk.part)) { _, stream in
            var writer = InsertWriter(
                table: chunk.table.name, columns: chunk.sql.columns, statementLimit: Self.statementBytes)
            var digest = RowDigest()
            var packer = try upload.packer()
            try packer.write(ChunkSQL.preamble + "START TRANSACTION;\n")
            let columns = chunk.sql.columns.count
            var isMore = true
            while isMore {
                let before = (writer.rows, packer.rawBytes)
                isMore = try stream.read { row in
                    for column in 0..<columns {
                        let value = row[column]
                        try writer.append(value)
                        digest.append(value)
                    }
                    try writer.endRow()
                    digest.endRow()
                    return writer.byteCount < Self.stride ? .proceed : .pause
                }
                if !isMore { writer.finish() }
                try packer.write(writer.bytes)
                writer.clear()
                while let piece = packer.takePiece() { try await channel.send(piece) }
                progress.add(rows: writer.rows - before.0, rawBytes: packer.rawBytes - before.1)
            }
            try packer.write("COMMIT;\n")
            let (last, object) = try packer.finish()
            try await channel.send(last)
            let rows = RowsRead(
                count: writer.rows, digest: digest.digest, largestStatement: UInt64(writer.largestStatement),
                warnings: stream.warnings)
            return (object, rows)
        }
    }
}

extension MySQLWarning {
    /// Whether a server that goes on says that it has cut a value off, or replaced it by another or by NULL: larger than
    /// `max_allowed_packet` (1301), not of its character set (1300, 1366), truncated (1265, 1292, 1406), out of range (1264).
    fileprivate var isOfLoss: Bool { [1264, 1265, 1292, 1300, 1301, 1366, 1406].contains(code) }
}

/// What is still to be read.
private final class ChunkQueue: Sendable {
    /// The next one is the last.
    private let chunks: Mutex<[Chunk]>

    init(_ chunks: [Chunk]) {
        self.chunks = Mutex(chunks.sorted { ($0.bytes, $1.number) < ($1.bytes, $0.number) })
    }

    func next() -> Chunk? { chunks.withLock { $0.popLast() } }
}
