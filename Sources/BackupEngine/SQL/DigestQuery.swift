package import RecoveryCore

/// Lets a server compute the digest of a table, or of a part of it, itself, without a row passing by: a check that
/// shares nothing with the way that dump and restore take but the definition. It is slow; tests hold the others to it,
/// and docs/restore-without-breakwater.md has it for people.
///
/// It needs a session with `SET NAMES utf8mb4`, `time_zone = '+00:00'` and `sql_mode = ''`, and rows that fit into
/// `max_allowed_packet`; those that do not have no hash, and are missing in the count.
package struct DigestQuery: Sendable, Hashable {
    /// Gives one row of six columns, which ``digest(from:)`` reads.
    package let statement: String

    package init(table: String, columns: [ColumnCodec], part: ChunkSQL.Part = .whole) {
        let text = columns.map(\.digestExpression).joined(separator: ",")
        let row = columns.isEmpty ? "''" : "CONCAT(\(text))"
        let lanes = (0..<4).map { lane in
            "CAST(IFNULL(SUM(CAST(CONV(SUBSTRING(h,\(lane * 16 + 1),16),16,10) AS UNSIGNED)),0) AS CHAR)"
        }
        statement =
            "SELECT COUNT(*),COUNT(h),\(lanes.joined(separator: ",")) "
            + "FROM (SELECT SHA2(\(row),256) AS h FROM \(ChunkSQL.source(table, part))) AS row_hashes"
    }

    /// - Returns: The digest and the number of rows; `nil` when the answer is none, or some row had no hash.
    package static func digest(from row: [String?]) -> (digest: TableDigest, rows: UInt64)? {
        guard row.count == 6, let rows = row[0].flatMap({ UInt64($0) }),
            let hashed = row[1].flatMap({ UInt64($0) }),
            rows == hashed
        else { return nil }
        var lanes = SIMD4<UInt64>.zero
        for lane in 0..<4 {
            guard let text = row[lane + 2], !text.isEmpty,
                text.utf8.allSatisfy({ (48...57).contains($0) })
            else {
                return nil
            }
            // The sum has more digits than 64 bits hold, and counts modulo 2⁶⁴.
            lanes[lane] = text.utf8.reduce(0) { $0 &* 10 &+ UInt64($1 - 48) }
        }
        return (TableDigest(lanes: lanes), rows)
    }
}

extension ColumnCodec {
    /// The value as ``RowDigest`` takes it, in SQL.
    fileprivate var digestExpression: String {
        let value =
            switch literal {
            case .number, .float, .text, .unicodeText: "CAST(CAST(\(selectExpression) AS CHAR) AS BINARY)"
            case .hex, .hexOfCharacterSet, .asciiOrHex: "CAST(\(name.sqlIdentifier) AS BINARY)"
            }
        // Not by IFNULL: what does not fit is NULL, too, and must not pass for a value that is.
        return "IF(\(name.sqlIdentifier) IS NULL,'N',CONCAT(LENGTH(\(value)),':',\(value)))"
    }
}
