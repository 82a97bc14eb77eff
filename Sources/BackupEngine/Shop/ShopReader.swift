internal import MySQLClient
internal import RecoveryCore

/// Asks a database for the figures of its shops.
struct ShopReader {
    let connection: MySQLConnection

    init(_ connection: MySQLConnection) { self.connection = connection }

    struct Reading: Sendable, Equatable {
        /// By their names in the manifest.
        var figures: [String: String] = [:]
        /// Why some were not taken.
        var warnings: [String] = []
    }

    /// The figures within a dump. They must neither fail nor delay it: a question that takes too long is given up.
    ///
    /// - Parameters:
    ///   - tables: The columns of each table whose rows are carried.
    ///   - seconds: For each question.
    /// - Returns: What was found within that time.
    /// - Throws: `MySQLError` when the connection is lost, `CancellationError`.
    func read(_ tables: [String: Set<String>], within seconds: Int) async throws -> Reading {
        var reading = Reading()
        for site in ShopSite.all(in: tables) {
            do {
                for query in site.queries(try await storage(of: site)) {
                    do {
                        let answer = try await connection.query(limited(query.statement, to: seconds))
                        note(answer, to: query, of: site, in: &reading.figures)
                    } catch let error as MySQLError where error.kind == .statementTimedOut {
                        let names = query.figures.map { $0.name(site) }.joined(separator: ", ")
                        reading.warnings.append("\(names): not counted, for it takes longer than \(seconds) s")
                    }
                }
            } catch let error as MySQLError {
                guard await connection.isOpen else { throw error }
                reading.warnings.append("the shop's figures of \(site.prefix) were not taken: \(error)")
            }
        }
        return reading
    }

    /// The figures of a restored database that are not as the manifest says.
    func differences(from manifest: BackupManifest) async throws -> [BackupManifest.LeftOut] {
        guard !manifest.checks.isEmpty else { return [] }
        try await connection.apply(.dump)
        let carried = Set(manifest.tables.filter { $0.digest != nil }.map(\.name))
        var figures: [String: String] = [:]
        for site in ShopSite.all(in: try await columns().filter { carried.contains($0.key) }) {
            for query in site.queries(try await storage(of: site)) {
                note(try await connection.query(query.statement), to: query, of: site, in: &figures)
            }
        }
        return ShopSite.differences(from: manifest.checks, to: figures)
    }

    private func note(
        _ answer: MySQLResult, to query: ShopQuery, of site: ShopSite, in figures: inout [String: String]
    ) {
        for (column, figure) in query.figures.enumerated() {
            figures[figure.name(site)] = answer.text(0, column) ?? "0"
        }
    }

    private func storage(of site: ShopSite) async throws -> OrderStorage {
        guard let question = site.storageQuery else { return site.tables.contains(.orders) ? .tables : .posts }
        return try await connection.query(question).text() == "yes" ? .tables : .posts
    }

    private func limited(_ statement: String, to seconds: Int) async -> String {
        switch await connection.server.family {
        case .mariadb: "SET STATEMENT max_statement_time = \(seconds) FOR \(statement)"
        case .mysql: "SELECT /*+ MAX_EXECUTION_TIME(\(seconds)000) */" + statement.dropFirst("SELECT".count)
        }
    }

    func columns() async throws -> [String: Set<String>] {
        let listed = try await connection.query(
            "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()")
        var tables: [String: Set<String>] = [:]
        for row in listed.rows.indices {
            guard let table = listed.text(row, 0), let column = listed.text(row, 1) else { continue }
            tables[table, default: []].insert(column.lowercased())
        }
        return tables
    }
}
