/// The outcome of one statement, held in memory: for questions with small answers. Data is streamed, see
/// ``MySQLConnection/withRows(of:_:)``.
package struct MySQLResult: Sendable, Equatable {
    /// Empty for statements that return no rows.
    package let columns: [MySQLColumn]
    /// One value for each column; nil for NULL.
    package let rows: [[[UInt8]?]]
    /// 0 for statements that return rows.
    package let affectedRows: UInt64
    package let lastInsertID: UInt64
    package let warnings: UInt32

    /// A value as text, with what is not UTF-8 replaced; nil for NULL, and for rows and columns that are not there.
    package func text(_ row: Int = 0, _ column: Int = 0) -> String? {
        guard rows.indices.contains(row), rows[row].indices.contains(column) else { return nil }
        return rows[row][column].map { String(decoding: $0, as: UTF8.self) }
    }

    /// The values of the column with this name, as text.
    package func texts(_ name: String) -> [String?] {
        guard let column = columns.firstIndex(where: { $0.name == name }) else { return [] }
        return rows.indices.map { text($0, column) }
    }
}

/// A note, a warning or an error that a server has for a statement that ran.
package struct MySQLWarning: Sendable, Hashable, CustomStringConvertible {
    /// `Note`, `Warning` or `Error`.
    package let level: String
    package let code: UInt32
    package let message: String

    package var description: String { "\(level) \(code): \(message)" }
}
