internal import MySQLClient
internal import NIOCore
internal import RecoveryCore
internal import Synchronization

/// What became of a chunk.
struct DumpedChunk: Sendable {
    var number: Int
    var object: BackupManifest.Object
    var digest: TableDigest
}

/// Reads chunks on several connections at once, each taking the largest that is left, and uploads them meanwhile.
struct ChunkWorkers: Sendable {
    /// How much text is made between two looks at the clock, the channel and the cancellation.
    private static let stride = 256 << 10
    /// Loading gains little from longer statements, and every server's `max_allowed_packet` admits these.
    private static let statementBytes = 1 << 20

    let upload: ObjectUpload
    let uploaded: UploadedObjects
    let progress: ProgressBoard

    /// - Returns: The chunks in the order of their numbers.
    /// - Throws: `DumpError`, `CancellationError`; of several errors the first.
    func run(_ chunks: [Chunk], on workers: [MySQLConnection]) async throws -> [DumpedChunk] {
        let queue = ChunkQueue(chunks)
        return try await withThrowingTaskGroup { group in
            for worker in workers {
                group.addTask {
                    var dumped: [DumpedChunk] = []
                    while let chunk = queue.next() {
                        dumped.append(try await dump(chunk, on: worker))
                    }
                    return dumped
                }
            }
            var all: [DumpedChunk] = []
            for try await dumped in group { all += dumped }
            return all.sorted { $0.number < $1.number }
        }
    }

    private func dump(_ chunk: Chunk, on worker: MySQLConnection) async throws -> DumpedChunk {
        uploaded.add(chunk.objectName)
        let (packed, rows): (PackedObject, RowsRead)
        do {
            (packed, rows) = try await upload.store(as: chunk.objectName) {
                try await read(chunk, on: worker, into: $0)
            }
        } catch let error as InsertWriter.Fault {
            throw DumpError.table(
                chunk.table.name, part: chunk.partName,
                MySQLError(.malformed, message: "a row that cannot be: \(error)"))
        } catch let error as MySQLError {
            throw DumpError.table(chunk.table.name, part: chunk.partName, error)
        }
        if rows.warnings > 0, let warning = try await worker.warnings().first(where: \.isOfLoss) {
            throw DumpError.table(
                chunk.table.name, part: chunk.partName,
                MySQLError(.malformed, code: warning.code, message: "a value did not come whole: \(warning.message)"))
        }
        progress.finishObject(storedBytes: packed.storedBytes)
        let object = BackupManifest.Object(
            name: chunk.objectName, kind: .rows, table: chunk.table.name, keys: chunk.keys, partition: chunk.partition,
            rows: rows.count, rawBytes: packed.rawBytes, storedBytes: packed.storedBytes, sha256: packed.sha256,
            largestStatementBytes: rows.largestStatement)
        return DumpedChunk(number: chunk.number, object: object, digest: rows.digest)
    }

    private struct RowsRead: Sendable {
        var count: UInt64
        var digest: TableDigest
        var largestStatement: UInt64
        var warnings: UInt32
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
