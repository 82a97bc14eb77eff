internal import CMariaDB
package import RecoveryCore

/// A connection to a MySQL or MariaDB server.
///
/// The client library blocks. Its calls run on an executor that each connection has for itself. One statement at a
/// time: a second one, from another task, fails with `busy` while rows are being read.
///
/// **Cancellation.** When the task is cancelled, the socket is shut down, so that the call returns at once even if the
/// server is silent, and a second connection sends `KILL`, so that the statement does not go on at the server holding
/// its locks. The connection is lost by that; the call throws `CancellationError`. Only the making of a connection is
/// not interrupted; it ends with its timeout.
package actor MySQLConnection {
    private let executor: ConnectionExecutor
    private let settings: MySQLSettings
    private let lifeline = Lifeline()
    /// Nil once the connection is gone.
    private var handle: ClientHandle?
    private var isBusy = false
    private var identity: DatabaseServer?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(_ settings: MySQLSettings) {
        executor = ConnectionExecutor()
        self.settings = settings
    }

    isolated deinit { drop() }

    /// Connects and logs in.
    /// - Throws: `MySQLError`; `CancellationError`.
    package static func connect(_ settings: MySQLSettings) async throws -> MySQLConnection {
        let connection = MySQLConnection(settings)
        try await connection.open()
        return connection
    }

    /// Connects, and closes the connection when the body is done.
    package static func with<Result: Sendable>(
        _ settings: MySQLSettings, _ body: (MySQLConnection) async throws -> sending Result
    ) async throws -> Result {
        let connection = try await connect(settings)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    private func open() throws {
        try Task.checkCancellation()
        let handle = try ClientHandle(settings)
        self.handle = handle
        guard lifeline.attach(to: mysql_get_socket(handle.mysql)) else {
            drop()
            throw MySQLError(.other, message: "this process has too many open files")
        }
        guard let greeting = mysql_get_server_info(handle.mysql).map({ String(cString: $0) }),
            let server = DatabaseServer(versionText: MySQLError.readable(greeting))
        else {
            drop()
            throw MySQLError(.malformed, message: "the server names no version")
        }
        identity = server
        try Task.checkCancellation()
    }

    /// Which server this is.
    package var server: DatabaseServer {
        guard let identity else { preconditionFailure("only connections that were opened are handed out") }
        return identity
    }

    /// The server's number for this connection, as in its process list; nil when the connection is gone.
    package var threadID: UInt? { handle.map { mysql_thread_id($0.mysql) } }

    /// The cipher of TLS; nil without TLS.
    package var cipher: String? {
        handle.flatMap { mysql_get_ssl_cipher($0.mysql) }.map { String(cString: $0) }
    }

    package var isOpen: Bool { handle != nil }

    /// Takes leave of the server. While rows are being read, cuts the connection instead.
    package func close() {
        if isBusy { lifeline.cut() } else { drop() }
    }

    /// Prepares the session for a dump or a load.
    package func apply(_ settings: SessionSettings) async throws {
        for statement in settings.statements(for: server) { _ = try await query(statement) }
    }

    /// Runs a statement and returns its first result; further results of a procedure are read and dropped.
    /// - Throws: `MySQLError`, `resultTooLarge` when the rows have more than `limit` bytes; `CancellationError`.
    package func query(_ statement: String, limit: Int = 64 << 20) async throws -> MySQLResult {
        try await query(Array(statement.utf8), limit: limit)
    }

    /// Runs a statement given as bytes: what is loaded need not be UTF-8.
    package func query(_ statement: [UInt8], limit: Int = 64 << 20) async throws -> MySQLResult {
        try await exclusively { handle in
            try statement.withUnsafeBytes { try handle.send($0) }
            var budget = limit
            let result = try self.collect(handle, &budget)
            while try handle.advance() { _ = try self.collect(handle, &budget) }
            return result
        }
    }

    /// What the server has to say about the statement before, as long as no other has run since.
    package func warnings() async throws -> [MySQLWarning] {
        let result = try await query("SHOW WARNINGS")
        return result.rows.indices.map { row in
            MySQLWarning(
                level: result.text(row, 0) ?? "", code: result.text(row, 1).flatMap { UInt32($0) } ?? 0,
                message: MySQLError.readable(result.text(row, 2) ?? ""))
        }
    }

    private func collect(_ handle: ClientHandle, _ budget: inout Int) throws -> MySQLResult {
        guard let result = try handle.beginRows() else {
            return MySQLResult(
                columns: [], rows: [], affectedRows: mysql_affected_rows(handle.mysql),
                lastInsertID: mysql_insert_id(handle.mysql), warnings: mysql_warning_count(handle.mysql))
        }
        var stream = RowStream(handle, result)
        var rows: [[[UInt8]?]] = []
        defer { finish(result, isAtEnd: stream.isAtEnd) }
        _ = try stream.read { row in
            budget -= row.byteCount + 32 * row.count
            guard budget >= 0 else { throw MySQLError(.resultTooLarge, message: "the result is larger than allowed") }
            rows.append((0..<row.count).map { column in row[column].map { Array($0) } })
            return .proceed
        }
        return MySQLResult(
            columns: stream.columns, rows: rows, affectedRows: 0, lastInsertID: 0,
            warnings: mysql_warning_count(handle.mysql))
    }

    /// Runs a statement and lends its rows to `body`, which runs on this connection's executor and reads them in place.
    /// While it awaits something, the server waits: nothing is read ahead, so that memory stays flat.
    ///
    /// A body that returns or throws before the end of the rows costs the connection: to read the rest could take
    /// hours.
    /// - Throws: what `body` throws; `MySQLError`, `other` for a statement without rows; `CancellationError`.
    package func withRows<Result: Sendable>(
        of statement: String,
        _ body: @Sendable (isolated MySQLConnection, inout RowStream) async throws -> Result
    ) async throws -> Result {
        let bytes = Array(statement.utf8)
        return try await exclusively { handle in
            try bytes.withUnsafeBytes { try handle.send($0) }
            guard let result = try handle.beginRows() else {
                throw MySQLError(.other, message: "the statement returns no rows")
            }
            var stream = RowStream(handle, result)
            do {
                let value = try await body(self, &stream)
                finish(result, isAtEnd: stream.isAtEnd)
                guard !lifeline.isCut else { return value }
                var budget = 1 << 20
                while try handle.advance() { _ = try collect(handle, &budget) }
                return value
            } catch {
                finish(result, isAtEnd: stream.isAtEnd)
                throw error
            }
        }
    }

    /// Frees a result. The library would read all remaining rows for that, so that the connection is cut first.
    private func finish(_ result: UnsafeMutablePointer<MYSQL_RES>, isAtEnd: Bool) {
        if !isAtEnd { lifeline.cut() }
        mysql_free_result(result)
    }

    /// Runs one statement while no other runs, translates cancellation, and gives up a connection that is lost.
    func exclusively<Result>(_ body: (ClientHandle) async throws -> Result) async throws -> Result {
        try Task.checkCancellation()
        guard let handle else { throw MySQLError(.connectionLost, message: "the connection is closed") }
        guard !isBusy else { throw MySQLError(.busy, message: "another statement is being read") }
        isBusy = true
        defer {
            isBusy = false
            if lifeline.isCut { drop() }
        }
        let lifeline = lifeline
        do {
            return try await withTaskCancellationHandler {
                try await body(handle)
            } onCancel: {
                lifeline.cut()
            }
        } catch {
            let isSilent = isSilent(error, handle)
            let error = isSilent ? MySQLError(.timedOut, message: "the server was silent for too long") : error
            let kind = (error as? MySQLError)?.kind
            if handle.isClosed || kind == .malformed || kind == .connectionLost { lifeline.cut() }
            guard lifeline.isCut else { throw error }
            if isSilent || Task.isCancelled { killAtServer(mysql_thread_id(handle.mysql)) }
            throw Task.isCancelled ? CancellationError() : error
        }
    }

    /// To the library, a server that does not answer in time is a lost connection. One that announces its end is not
    /// silent; the library leaves that connection open.
    private func isSilent(_ error: any Error, _ handle: ClientHandle) -> Bool {
        (error as? MySQLError)?.kind == .connectionLost && handle.isClosed && lifeline.isStanding
    }

    /// Ends what the server still does for a connection that was cut, from a second connection. Everybody may kill what
    /// is his own. Best effort: a server that does not answer has `connectTimeout`, and at most three seconds.
    private func killAtServer(_ thread: UInt) {
        var settings = settings
        settings.connectTimeout = min(settings.connectTimeout, .seconds(3))
        settings.readTimeout = settings.connectTimeout
        settings.writeTimeout = settings.connectTimeout
        guard let handle = try? ClientHandle(settings) else { return }
        try? Array("KILL \(thread)".utf8).withUnsafeBytes { try handle.send($0) }
        mysql_close(handle.mysql)
    }

    private func drop() {
        if let handle { mysql_close(handle.mysql) }
        handle = nil
        lifeline.release()
    }
}
