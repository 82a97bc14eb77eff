package import RecoveryCore

/// The statements that read and load one chunk.
package struct ChunkSQL: Sendable, Hashable {
    package var table: String
    package var columns: [ColumnCodec]
    /// Of ``ChunkStrategy``.
    package var order: [String]
    package var index: String?

    package init(table: String, columns: [ColumnCodec], order: [String] = [], index: String? = nil) {
        self.table = table
        self.columns = columns
        self.order = order
        self.index = index
    }

    /// Which rows a chunk holds.
    package enum Part: Sendable, Hashable {
        case whole
        case keys(KeyRange, of: String)
        case partition(String)
    }

    /// Columns are named one by one: `*` leaves out invisible ones and has generated ones.
    package func select(_ part: Part) -> String {
        // A table of generated columns alone has no column to read, but rows to count.
        let list = columns.isEmpty ? "NULL" : columns.map(\.selectExpression).joined(separator: ",")
        var statement = "SELECT \(list) FROM " + Self.source(table, part, index: index)
        if !order.isEmpty { statement += " ORDER BY \(order.map(\.sqlIdentifier).joined(separator: ","))" }
        return statement
    }

    /// What stands behind FROM for a part of a table.
    static func source(_ table: String, _ part: Part, index: String? = nil) -> String {
        var source = table.sqlIdentifier
        if case .partition(let name) = part { source += " PARTITION (\(name.sqlIdentifier))" }
        if let index { source += " FORCE INDEX (\(index.sqlIdentifier))" }
        guard case .keys(let range, let column) = part else { return source }
        let bounds =
            (range.lower.map { ["\(column.sqlIdentifier)>=\($0)"] } ?? [])
            + (range.upper.map { ["\(column.sqlIdentifier)<\($0)"] } ?? [])
        return source + (bounds.isEmpty ? "" : " WHERE \(bounds.joined(separator: " AND "))")
    }

    /// The lines that every object with rows begins with, so that it loads alone and anywhere, with the `mysql` client
    /// as well.
    ///
    /// Literals are binary to the server, which then copies them instead of converting, and those that must be UTF-8 say
    /// so themselves. `ALLOW_INVALID_DATES`: a date such as 31 February is data, too; without it the server stores zeros.
    /// MariaDB lets a table have rows that its CHECKs would refuse, and is asked to let them in again.
    package static let preamble = """
        SET NAMES binary;
        SET time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks=0, \
        unique_checks=0;
        /*M!100201 SET check_constraint_checks=0 */;

        """

    /// The planner's questions. Bounds are those of ``ChunkPlanner``, both ends included.
    package func keySpan(of column: String) -> String {
        "SELECT MIN(\(column.sqlIdentifier)),MAX(\(column.sqlIdentifier)) FROM \(table.sqlIdentifier)"
    }

    /// Without the index: MySQL guesses one row for every range of an index that it is forced to take. Of all columns,
    /// or it might think of another index that has this one, and guess far less. In the form with a column `rows`, which
    /// a server need not give by itself.
    package func estimate(_ keys: ClosedRange<Int128>, of column: String) -> String {
        "EXPLAIN FORMAT=TRADITIONAL SELECT * FROM \(table.sqlIdentifier) "
            + "WHERE \(column.sqlIdentifier) BETWEEN \(keys.lowerBound) AND \(keys.upperBound)"
    }
}
