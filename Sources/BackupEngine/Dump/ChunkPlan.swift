internal import MySQLClient
internal import RecoveryCore

/// A part of a table's rows that becomes one object.
struct Chunk: Sendable {
    var table: TableSchema
    var sql: ChunkSQL
    var part: ChunkSQL.Part
    /// The object's number among those with rows.
    var number = 0
    /// To begin with the largest; an estimate.
    var bytes: UInt64

    init(_ table: TableSchema, _ sql: ChunkSQL, _ part: ChunkSQL.Part, bytes: UInt64) {
        self.table = table
        self.sql = sql
        self.part = part
        self.bytes = bytes
    }

    var keys: KeyRange? { if case .keys(let range, _) = part { range } else { nil } }
    var partition: String? { if case .partition(let name) = part { name } else { nil } }
    /// For messages.
    var partName: String { partition.map { "partition \($0)" } ?? keys?.description ?? "all rows" }

    var objectName: String { BackupLayout.object(.rows, number: number, table: table.name) }
}

/// Cuts tables into chunks, asking the server how rows are spread over keys.
struct ChunkCutter {
    let connection: MySQLConnection
    /// How much of a table, as the server stores it, one chunk should hold.
    let chunkBytes: UInt64
    /// Of one table.
    private static let mostChunks = 512

    /// The chunks of a table in order, and how it was cut.
    /// - Throws: `DumpError.unknownType`, `MySQLError`.
    func cut(_ table: TableSchema) async throws -> (chunks: [Chunk], cut: BackupManifest.Cut) {
        let strategy = ChunkStrategy.choose(for: table.facts)
        let sql: ChunkSQL
        do throws(ColumnCodec.UnknownType) {
            sql = ChunkSQL(table: table.name, columns: try table.codecs, order: strategy.order, index: strategy.index)
        } catch {
            throw DumpError.unknownType(table: table.name, "\(error)")
        }
        let bytes = table.facts.bytes
        let whole = [Chunk(table, sql, .whole, bytes: bytes)]
        switch strategy.cut {
        case .none: return (whole, .whole)
        case .partitions(let names):
            let share = bytes / UInt64(max(1, names.count))
            return (names.map { Chunk(table, sql, .partition($0), bytes: share) }, .partitions(names))
        case .ranges(let column):
            guard bytes > chunkBytes + chunkBytes / 2 else { return (whole, .whole) }
            let ranges = try await ranges(of: column, in: table, sql)
            let share = bytes / UInt64(max(1, ranges.count))
            return (ranges.map { Chunk(table, sql, .keys($0, of: column), bytes: share) }, .ranges(of: column))
        }
    }

    private func ranges(of column: String, in table: TableSchema, _ sql: ChunkSQL) async throws -> [KeyRange] {
        let ends = try await connection.query(sql.keySpan(of: column))
        let keys: ClosedRange<Int128>?
        if let low = ends.text(0, 0).flatMap({ Int128($0) }), let high = ends.text(0, 1).flatMap({ Int128($0) }) {
            keys = min(low, high)...max(low, high)
        } else {
            keys = nil
        }
        let rowBytes = max(1, table.facts.bytes / max(1, table.facts.rows))
        var planner = ChunkPlanner(keys: keys, target: max(1, chunkBytes / rowBytes), most: Self.mostChunks)
        while true {
            switch planner.step {
            case .done(let ranges): return ranges
            case .estimate(let spans):
                var estimates: [UInt64] = []
                for span in spans {
                    let answer = try await connection.query(sql.estimate(span, of: column))
                    estimates.append(answer.texts("rows").first.flatMap(\.self).flatMap { UInt64($0) } ?? 0)
                }
                planner.answer(estimates)
            }
        }
    }
}

extension TableSchema {
    /// How the values of its columns travel, without those that the server computes.
    var codecs: [ColumnCodec] {
        get throws(ColumnCodec.UnknownType) {
            var codecs: [ColumnCodec] = []
            for column in storedColumns {
                codecs.append(
                    try ColumnCodec(
                        name: column.name, dataType: column.dataType, columnType: column.columnType,
                        characterSet: column.characterSet))
            }
            return codecs
        }
    }
}
