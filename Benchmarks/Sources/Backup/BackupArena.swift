import Age
import Foundation
import LoopbackServers
import MySQLClient
import ShopRows
import Topology

/// The servers of one run: a database with the generated store, and an object store.
final class BackupArena {
    let directory: URL
    let server: LoopbackDatabase
    let store: ObjectServer
    let bucket = "bench"
    let identity = X25519Identity()
    /// The program that is measured.
    let breakwater: URL
    private let settings: MySQLSettings

    init(_ data: ShopData, inPlace: Bool, breakwater: URL) async throws {
        self.breakwater = breakwater
        directory = FileManager.default.temporaryDirectory.appending(path: "breakwater-bench-\(getpid())")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let folder = inPlace ? try await data.prepared() : try await data.copy(to: directory)
        server = try LoopbackDatabase(data.flavour, data: folder, options: Self.options(in: directory))
        store = try ObjectServer()
        let url = "mysql://root@\(server.place.address):\(server.place.port)/\(ShopData.database)"
        settings = MySQLSettings(address: try MySQLAddress(url))
        try writeStoreConfiguration()
        try Data(identity.encoded().utf8).write(to: identityFile)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: identityFile.path)
        _ = try output(of: ["s3cmd", "--config", storeConfiguration.path, "mb", "s3://\(bucket)"])
    }

    deinit {
        store.stop()
        server.process.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    /// As durable as a server is by default, with its binary log. Restored dumps of mydumper need zero dates.
    private static func options(in directory: URL) -> [String] {
        [
            "--log-bin=\(directory.path)/binlog", "--server-id=1", "--sync-binlog=1",
            "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=512M",
            "--sql-mode=NO_ENGINE_SUBSTITUTION",
        ]
    }

    // MARK: - For the programs

    var identityFile: URL { directory.appending(path: "identity.txt") }
    var storeConfiguration: URL { directory.appending(path: "s3cmd.cfg") }
    var storeEndpoint: String { "http://\(store.place.address):\(store.place.port)" }

    /// For clients that take options.
    var databaseOptions: [String] {
        ["--host=\(server.place.address)", "--port=\(server.place.port)", "--user=root"]
    }

    func databaseURL(_ name: String) -> String {
        "mysql://root@\(server.place.address):\(server.place.port)/\(name)"
    }

    /// The options of s3cmd stand in a file, for others would see its keys among the processes.
    private func writeStoreConfiguration() throws {
        let place = "\(store.place.address):\(store.place.port)"
        let lines = [
            "[default]", "access_key = \(ObjectServer.owner.accessKeyID)", "secret_key = \(ObjectServer.owner.secret)",
            "host_base = \(place)", "host_bucket = \(place)", "use_https = False",
            "bucket_location = \(ObjectServer.region)",
        ]
        try lines.joined(separator: "\n").write(to: storeConfiguration, atomically: true, encoding: .utf8)
    }

    // MARK: - Between the runs

    var serverVersion: String {
        get async throws {
            try await MySQLConnection.with(settings) { try await $0.query("SELECT VERSION()").text() ?? "" }
        }
    }

    var rows: Int {
        get async throws {
            try await MySQLConnection.with(settings) { connection in
                var sum = 0
                for table in ShopTable.allCases {
                    sum +=
                        try await connection.query("SELECT COUNT(*) FROM \(table.rawValue)").text().flatMap(Int.init)
                        ?? 0
                }
                return sum
            }
        }
    }

    /// Makes an empty database, or removes it, and leaves nothing for the server to do while the next program runs.
    func reset(_ database: String, create: Bool = true) async throws {
        let isMariaDB = server.flavour == .mariadb
        let statements = [
            "DROP DATABASE IF EXISTS \(database)",
            create ? "CREATE DATABASE \(database) COLLATE utf8mb4_unicode_520_ci" : "DO 0",
            isMariaDB ? "RESET MASTER" : "RESET BINARY LOGS AND GTIDS",
            "SET GLOBAL innodb_max_dirty_pages_pct=0",
        ]
        try await MySQLConnection.with(settings) { connection in
            for statement in statements { _ = try await connection.query(statement) }
            let deadline = ContinuousClock.now + .seconds(60)
            let question = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
            while try await connection.query(question).text(0, 1).flatMap(Int.init) ?? 0 > 50,
                ContinuousClock.now < deadline
            {
                try await Task.sleep(for: .milliseconds(100))
            }
            _ = try await connection.query("SET GLOBAL innodb_max_dirty_pages_pct=90")
        }
    }

    /// Whether the restored tables have the rows of the originals: a table's checksum is a sum over its rows, in
    /// whatever order they lie.
    func hasAllRows(_ database: String) async throws -> Bool {
        try await MySQLConnection.with(settings) { connection in
            for table in ShopTable.allCases {
                let name = table.rawValue
                let sums = try await connection.query(
                    "CHECKSUM TABLE \(database).\(name), \(ShopData.database).\(name)")
                guard let restored = sums.text(0, 1), restored == sums.text(1, 1) else { return false }
            }
            return true
        }
    }
}
