internal import MySQLClient
internal import RecoveryCore
internal import Synchronization

/// Compares what is at the target with the manifest: reads all rows again, part by part on all connections, and computes
/// counts and digests as the dump did. A server that computes them itself (``DigestQuery``) needs five times as long.
struct RestoreComparison: Sendable {
    let selection: RestoreSelection
    let board: RestoreBoard

    private struct Part: Sendable {
        var table: Int
        var sql: ChunkSQL
        var part: ChunkSQL.Part
        var rows: UInt64
    }

    private struct Sum: Sendable {
        var digest = TableDigest()
        var rows: UInt64 = 0
        var left: Int
    }

    /// - Returns: How many tables were compared, and what differs.
    /// - Throws: `MySQLError`, `SchemaError`, `CancellationError`.
    func run(on connections: [MySQLConnection]) async throws -> (compared: Int, differences: [BackupManifest.LeftOut]) {
        for connection in connections { try await connection.apply(.dump) }
        let columns = try await SchemaReader(connections[0]).columns()
        var parts: [Part] = []
        var differences: [BackupManifest.LeftOut] = []
        for (number, table) in selection.tables.enumerated() where table.table.digest != nil {
            let there = columns[Array(table.table.name.utf8)] ?? []
            do throws(ColumnCodec.UnknownType) {
                let codecs = try Self.codecs(table.table.columns, there)
                guard codecs.count == table.table.columns.count else {
                    differences.append(.init("table \(table.table.name)", why: "columns of it are not there"))
                    continue
                }
                let sql = ChunkSQL(table: table.table.name, columns: codecs)
                parts += table.objects.map { _, object in
                    Part(table: number, sql: sql, part: object.part(of: table.table), rows: object.rows)
                }
            } catch {
                differences.append(.init("table \(table.table.name)", why: "\(error)"))
            }
        }
        let sums = Mutex(Dictionary(grouping: parts, by: \.table).mapValues { Sum(left: $0.count) })
        try await each(of: parts.sorted { $0.rows > $1.rows }, on: connections) { part, connection in
            let (digest, rows) = try await compute(part, over: connection)
            let isComplete = sums.withLock { sums in
                guard var sum = sums[part.table] else { return false }
                sum.digest = sum.digest + digest
                sum.rows += rows
                sum.left -= 1
                sums[part.table] = sum
                return sum.left == 0
            }
            if isComplete { board.update { $0.comparedTables += 1 } }
        }
        for (number, sum) in sums.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            let table = selection.tables[number].table
            guard sum.rows == table.rows else {
                differences.append(
                    .init("table \(table.name)", why: "it has \(sum.rows) rows, and had \(table.rows)"))
                continue
            }
            guard sum.digest == table.digest else {
                differences.append(.init("table \(table.name)", why: "the digest of its rows is another one"))
                continue
            }
        }
        return (Set(parts.map(\.table)).count, differences)
    }

    /// The manifest's columns with the types that they have at the target.
    private static func codecs(
        _ names: [String], _ columns: [TableSchema.Column]
    ) throws(ColumnCodec.UnknownType) -> [ColumnCodec] {
        var codecs: [ColumnCodec] = []
        for name in names {
            guard let column = columns.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { continue }
            codecs.append(
                try ColumnCodec(
                    name: column.name, dataType: column.dataType, columnType: column.columnType,
                    characterSet: column.characterSet))
        }
        return codecs
    }

    private func compute(_ part: Part, over connection: MySQLConnection) async throws -> (TableDigest, UInt64) {
        try await connection.withRows(of: part.sql.select(part.part)) { _, stream in
            try Self.digest(of: &stream, columns: part.sql.columns.count)
        }
    }

    private static func digest(of stream: inout RowStream, columns: Int) throws -> (TableDigest, UInt64) {
        var digest = RowDigest()
        _ = try stream.read { row in
            for column in 0..<columns { digest.append(row[column]) }
            digest.endRow()
            return .proceed
        }
        return (digest.digest, digest.rows)
    }
}
