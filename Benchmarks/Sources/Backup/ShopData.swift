import Foundation
import LoopbackServers
import MySQLClient
import ShopRows
import Topology

/// A store's database as a data directory in the cache folder: generated once, copied for every run that changes it.
///
/// It is made in steps, each of which is one transaction that notes itself, so that a run that was ended goes on where
/// the last one stopped.
struct ShopData {
    enum Size: String, CaseIterable, Codable, Sendable {
        /// About 400 MB of SQL text, and ten times as much.
        case small, large

        var units: Int { self == .small ? 1 : 10 }
    }

    /// What the directory holds depends on it.
    private static let version = 1
    static let database = "shop"

    let flavour: LoopbackDatabase.Flavour
    let size: Size
    let note: @Sendable (String) -> Void

    var folder: URL { cacheFolder.appending(path: "backup-bench/\(flavour)-\(size.rawValue)-\(Self.version)") }
    private var mark: URL { folder.appending(path: "complete") }
    private var data: URL { folder.appending(path: "data") }

    /// The data directory, generated if it is not there.
    func prepared() async throws -> URL {
        if !FileManager.default.fileExists(atPath: mark.path) {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try await generate()
            try Data().write(to: mark)
        }
        return data
    }

    /// A copy of it in `directory`.
    func copy(to directory: URL) async throws -> URL {
        let copy = directory.appending(path: "data")
        _ = try output(of: ["cp", "--archive", "--reflink=auto", try await prepared().path, copy.path])
        return copy
    }

    private func generate() async throws {
        note("generates the \(size.rawValue) store in \(folder.path)")
        // Whoever kills the server loses the machine's last second at most, which is nothing here.
        let bulk = ["--innodb-doublewrite=0", "--innodb-buffer-pool-size=1G", "--innodb-redo-log-capacity=512M"]
        let mariadb = ["--innodb-doublewrite=0", "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]
        let server = try LoopbackDatabase(flavour, data: data, options: flavour == .mysql ? bulk : mariadb)
        var settings = MySQLSettings(
            address: try MySQLAddress("mysql://root@\(server.place.address):\(server.place.port)"))
        let done = try await MySQLConnection.with(settings) { connection in
            for statement in [
                "CREATE DATABASE IF NOT EXISTS bench",
                "CREATE TABLE IF NOT EXISTS bench.steps (step varchar(100) PRIMARY KEY)",
                "CREATE DATABASE IF NOT EXISTS \(Self.database) COLLATE utf8mb4_unicode_520_ci",
            ] { _ = try await connection.query(statement) }
            let steps = try await connection.query("SELECT step FROM bench.steps")
            return Set(steps.rows.indices.compactMap { steps.text($0, 0) })
        }
        settings.address.database = Self.database
        let address = settings
        // The largest first, two at a time.
        let tables = ShopTable.allCases.sorted { $0.rowsPerUnit > $1.rowsPerUnit }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, table) in tables.enumerated() {
                if index >= 2 { try await group.next() }
                group.addTask { try await fill(table, address, done) }
            }
            try await group.waitForAll()
        }
        try server.shutDown()
    }

    private func fill(_ table: ShopTable, _ settings: MySQLSettings, _ done: Set<String>) async throws {
        try await MySQLConnection.with(settings) { connection in
            for statement in ShopTable.sessionStatements + [table.create] {
                _ = try await connection.query(statement)
            }
            for unit in 0..<size.units where !done.contains("\(table.rawValue) \(unit)") {
                note("\(table.rawValue): \(unit + 1) of \(size.units)")
                let file = try write(table, unit: unit)
                defer { try? FileManager.default.removeItem(at: file) }
                for statement in [
                    "BEGIN", table.statement(loading: file.path),
                    "INSERT INTO bench.steps VALUES ('\(table.rawValue) \(unit)')", "COMMIT",
                ] { _ = try await connection.query(statement) }
            }
            let present = try await connection.query("SHOW INDEX FROM \(table.rawValue)")
            let names = Set(present.texts("Key_name").compactMap(\.self))
            let missing = table.indexes.filter { !names.contains($0.name) }
            guard !missing.isEmpty else { return }
            note("\(table.rawValue): indexes")
            if flavour == .mysql { _ = try await connection.query("SET SESSION innodb_ddl_buffer_size=268435456") }
            _ = try await connection.query(table.statement(adding: missing))
            _ = try await connection.query("ANALYZE TABLE \(table.rawValue)")
        }
    }

    /// A file of rows for the server to load.
    private func write(_ table: ShopTable, unit: Int) throws -> URL {
        let file = folder.appending(path: "\(table.rawValue).txt")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        let first = unit * table.rowsPerUnit + 1
        try table.write(rows: first...(first + table.rowsPerUnit - 1)) { try handle.write(contentsOf: $0) }
        return file
    }
}
