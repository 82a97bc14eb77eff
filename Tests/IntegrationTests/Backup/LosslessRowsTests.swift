import BackupEngine
import LoopbackServers
import MySQLClient
import RecoveryCore
import Testing

extension MySQLTests {
    /// Every type's hard values through the reading, writing and digests of backups, on real servers.
    @Suite struct LosslessRows {
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whatIsRestoredIsWhatWasThere(flavour: LoopbackDatabase.Flavour) async throws {
            let types = LosslessType.all.filter { $0.only == nil || $0.only == flavour }
            try await Databases.server(flavour).withDatabase { connection, _ in
                for (index, type) in types.enumerated() {
                    let trip = RoundTrip(type: type, table: "ü`\(index)", copy: "copy \(index)")
                    for statement in trip.preparation { _ = try await connection.query(statement) }
                    let described = try await connection.query(trip.description)
                    let codecs = try trip.codecs(described)
                    let original = try await connection.query(trip.reading(trip.table, codecs)).rows
                    trip.checkCount(original)
                    for preamble in RoundTrip.preambles {
                        for statement in try trip.restoring(original, codecs, preamble: preamble) {
                            _ = try await connection.query(statement)
                        }
                        try await connection.apply(.dump)
                        let restored = try await connection.query(trip.reading(trip.copy, codecs)).rows
                        let here = try await connection.query(trip.digesting(trip.table, codecs))
                        let there = try await connection.query(trip.digesting(trip.copy, codecs))
                        trip.check(restored, against: original, here: here, there: there)
                    }
                }
            }
        }
    }

    /// One type's way into a table and back, without what has to be awaited.
    private struct RoundTrip {
        var type: LosslessType
        var table: String
        var copy: String

        /// Literals are the same, whether the session takes them for binary or for UTF-8.
        static let preambles = [
            ChunkSQL.preamble, ChunkSQL.preamble.replacing("SET NAMES binary", with: "SET NAMES utf8mb4"),
        ]

        var preparation: [String] {
            let create = "CREATE TABLE \(table.sqlIdentifier) (id INT PRIMARY KEY, c \(type.definition))"
            let values = (type.values + ["NULL"]).enumerated()
            return ["SET NAMES utf8mb4", "SET time_zone='+00:00', sql_mode='ALLOW_INVALID_DATES'", create]
                + values.map { "INSERT INTO \(table.sqlIdentifier) VALUES (\($0), \($1))" }
        }

        var description: String {
            "SELECT column_name, data_type, column_type, character_set_name FROM information_schema.columns "
                + "WHERE table_schema = DATABASE() AND table_name = '\(table)' ORDER BY ordinal_position"
        }

        func codecs(_ described: MySQLResult) throws -> [ColumnCodec] {
            var codecs: [ColumnCodec] = []
            for row in described.rows.indices {
                codecs.append(
                    try ColumnCodec(
                        name: described.text(row, 0) ?? "", dataType: described.text(row, 1) ?? "",
                        columnType: described.text(row, 2) ?? "", characterSet: described.text(row, 3)))
            }
            return codecs
        }

        func reading(_ table: String, _ codecs: [ColumnCodec]) -> String {
            ChunkSQL(table: table, columns: codecs, order: ["id"]).select(.keys(.everything, of: "id"))
        }

        func digesting(_ table: String, _ codecs: [ColumnCodec]) -> String {
            DigestQuery(table: table, columns: codecs).statement
        }

        /// The rows as statements of a chunk, small ones, so that there are several.
        func restoring(_ rows: [[[UInt8]?]], _ codecs: [ColumnCodec], preamble: String) throws -> [[UInt8]] {
            var writer = InsertWriter(table: copy, columns: codecs, statementLimit: 150)
            for row in rows {
                for value in row {
                    if let value { try value.withUnsafeBytes { try writer.append($0) } } else { try writer.append(nil) }
                }
                try writer.endRow()
            }
            writer.finish()
            let tables = [
                "DROP TABLE IF EXISTS \(copy.sqlIdentifier)",
                "CREATE TABLE \(copy.sqlIdentifier) LIKE \(table.sqlIdentifier)",
            ]
            let text = Array(preamble.utf8) + writer.bytes
            return tables.map { Array($0.utf8) } + text.split(separator: Array(";\n".utf8)).map { Array($0) }
        }

        func checkCount(_ rows: [[[UInt8]?]]) {
            #expect(rows.count == type.values.count + 1)
        }

        func check(_ restored: [[[UInt8]?]], against original: [[[UInt8]?]], here: MySQLResult, there: MySQLResult) {
            #expect(restored == original, "\(type.definition)")
            let expected = digest(of: original)
            for answer in [here, there] {
                let computed = DigestQuery.digest(from: (0..<6).map { answer.text(0, $0) })
                #expect(computed?.digest == expected, "the server's own digest of \(type.definition)")
                #expect(computed?.rows == UInt64(original.count))
            }
        }

        private func digest(of rows: [[[UInt8]?]]) -> TableDigest {
            var digest = RowDigest()
            for row in rows {
                for value in row {
                    if let value { value.withUnsafeBytes { digest.append($0) } } else { digest.append(nil) }
                }
                digest.endRow()
            }
            return digest.digest
        }
    }
}
