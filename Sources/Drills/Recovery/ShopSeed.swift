internal import Foundation
internal import MySQLClient
internal import ShopRows

/// Fills an empty database with a store's tables.
struct ShopSeed: Sendable {
    var size: ShopSize
    /// With the database.
    var settings: MySQLSettings
    /// A folder that the server may load files from.
    var temporary: String

    /// Returns how many rows there are.
    ///
    /// None of it is in the binary log: what there was before the first backup is of no interest.
    func run() async throws -> Int {
        // The largest first, two at a time.
        let tables = ShopTable.allCases.sorted { $0.rowsPerUnit > $1.rowsPerUnit }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, table) in tables.enumerated() {
                if index >= 2 { try await group.next() }
                group.addTask { try await fill(table) }
            }
            try await group.waitForAll()
        }
        try await MySQLConnection.with(settings) { connection in
            let orders = max(size.rows(of: .orders), size.rows(of: .posts))
            for statement in [
                // WordPress has none without it.
                "INSERT INTO wp_options (option_name, option_value) VALUES ('siteurl', 'https://shop.example')",
                // An order has the number of its placeholder.
                "ALTER TABLE \(ShopTable.posts.rawValue) AUTO_INCREMENT = \(orders + 1)",
            ] { _ = try await connection.query(statement) }
        }
        return ShopTable.allCases.reduce(1) { $0 + size.rows(of: $1) }
    }

    private func fill(_ table: ShopTable) async throws {
        let file = "\(temporary)/\(table.rawValue).txt"
        try write(table, to: file)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await MySQLConnection.with(settings) { connection in
            for statement in ["SET SESSION sql_log_bin = 0"] + ShopTable.sessionStatements + [
                table.create, table.statement(loading: file), table.statement(adding: table.indexes),
            ] { _ = try await connection.query(statement) }
        }
    }

    private func write(_ table: ShopTable, to file: String) throws {
        try Data().write(to: URL(filePath: file))
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        defer { try? handle.close() }
        try table.write(rows: 1...size.rows(of: table)) { try handle.write(contentsOf: $0) }
    }
}
