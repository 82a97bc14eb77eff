internal import CMariaDB

/// The rows of a statement, as they come from the server. It belongs to the connection's executor and ends with the
/// closure of ``MySQLConnection/withRows(of:_:)`` that it is lent to.
package struct RowStream: ~Copyable {
    package enum Step: Sendable {
        case proceed
        /// Come back later: what was read so far has to be taken care of first.
        case pause
    }

    package let columns: [MySQLColumn]
    package private(set) var rowsRead: UInt64 = 0
    package private(set) var isAtEnd = false

    /// How many warnings the statement has, which are known at the end of its rows.
    package var warnings: UInt32 { isAtEnd ? mysql_warning_count(handle.mysql) : 0 }

    private let handle: ClientHandle
    private let result: UnsafeMutablePointer<MYSQL_RES>

    init(_ handle: ClientHandle, _ result: UnsafeMutablePointer<MYSQL_RES>) {
        self.handle = handle
        self.result = result
        columns = MySQLColumn.all(of: result)
    }

    /// Reads rows until `take` says to pause or there are no more, blocking the connection's own thread. `take` is
    /// called with each row in place. Returns false at the end of the rows, which only the server can announce: a
    /// connection that ends before is an error.
    /// - Throws: what `take` throws; `CancellationError`; `MySQLError`.
    package mutating func read(_ take: (borrowing MySQLRow) throws -> Step) throws -> Bool {
        let count = columns.count
        while !isAtEnd {
            // What has arrived already is read without asking the socket, which a cancellation shuts down.
            if rowsRead & 0xFF == 0, Task.isCancelled { throw CancellationError() }
            guard let values = mysql_fetch_row(result) else {
                guard mysql_errno(handle.mysql) == 0 else {
                    // An error that the server announces ends the rows in order, and the connection goes on.
                    isAtEnd = !handle.isClosed
                    throw handle.lastError()
                }
                isAtEnd = true
                break
            }
            guard let lengths = mysql_fetch_lengths(result) else { throw handle.lastError() }
            rowsRead += 1
            if case .pause = try take(MySQLRow(values: values, lengths: lengths, count: count)) { return true }
        }
        return false
    }
}
