import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import RecoveryCore
import Synchronization
import Testing
import Topology

extension BackupTests {
    @Suite struct RoundTrips {
        /// How many were committed.
        final class Transfers: Sendable {
            private let number = Atomic(0)

            var count: Int { number.load(ordering: .relaxed) }
            func add() { number.add(1, ordering: .relaxed) }
        }

        /// Moves money between accounts until it is cancelled; returns how many transfers were committed.
        static func write(_ settings: MySQLSettings, counting transfers: Transfers) async throws {
            try await MySQLConnection.with(settings) { writer in
                while !Task.isCancelled {
                    let (from, to, amount) = (
                        Int.random(in: 1...100), Int.random(in: 101...200), Int.random(in: 1...99)
                    )
                    do {
                        _ = try await writer.query("START TRANSACTION")
                        _ = try await writer.query(
                            "UPDATE accounts SET balance = balance - \(amount) WHERE id = \(from)")
                        _ = try await writer.query("INSERT INTO ledger (account, amount) VALUES (\(from), \(-amount))")
                        _ = try await writer.query("UPDATE accounts SET balance = balance + \(amount) WHERE id = \(to)")
                        _ = try await writer.query("INSERT INTO ledger (account, amount) VALUES (\(to), \(amount))")
                        _ = try await writer.query("COMMIT")
                    } catch is CancellationError { return }
                    transfers.add()
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func theStockToolsRestoreWhatWasThere(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { server, source, target in
                let transfers = Transfers()
                let reported = Mutex(DumpProgress())
                let destination = MemoryDestination()
                let manifest = try await withThrowingTaskGroup { group in
                    for _ in 0..<2 { group.addTask { try await Self.write(source, counting: transfers) } }
                    try await eventually("50 transfers") { transfers.count >= 50 }
                    let options = BackupTests.options { options in
                        options.chunkBytes = 64 << 10
                        options.threads = 3
                        options.schemaOnly = [.pattern(TablePattern("sess*"))]
                    }
                    let manifest = try await BackupTests.dump(source, to: destination, options) { progress in
                        reported.withLock { $0 = progress.rows >= $0.rows ? progress : $0 }
                    }
                    group.cancelAll()
                    return manifest
                }
                #expect(transfers.count > 50)
                let stored = try #require(destination.objects["manifest.json"])
                #expect(try BackupManifest.read(Data(stored.readableBytesView)) == manifest)
                #expect(manifest.snapshot.method == (flavour == .mariadb ? .backupStages : .globalReadLock))
                #expect(!manifest.snapshot.consistent, "there is a MyISAM table")
                let cut = manifest.objects.filter { $0.table == "ledger" }
                #expect(cut.count > 3, "it was cut into \(cut.count)")
                #expect(reported.withLock { $0.rows } == manifest.rows)
                #expect(reported.withLock { $0.fraction } == 1)

                try BackupTests.restore(destination.objects, into: try #require(target.address.database), of: server)
                try await MySQLConnection.with(target) { try await Self.checkInvariants($0, manifest) }
                try await Self.compare(source, target, manifest)
            }
        }

        /// What the writer keeps holds in every state that a transaction may see, and in no mixture of two.
        static func checkInvariants(_ copy: MySQLConnection, _ manifest: BackupManifest) async throws {
            #expect(try await copy.query("SELECT SUM(balance) FROM accounts").text() == "0")
            let wrong = try await copy.query(
                """
                SELECT COUNT(*) FROM accounts a
                WHERE balance <> (SELECT COALESCE(SUM(amount), 0) FROM ledger l WHERE l.account = a.id)
                """)
            #expect(wrong.text() == "0")
            for table in manifest.tables {
                let name = "`\(table.name.replacing("`", with: "``"))`"
                let count = try await copy.query("SELECT COUNT(*) FROM \(name)").text()
                #expect(count == "\(table.rows)", "\(table.name)")
            }
        }

        /// Everything that the writer left alone, by what both databases say of it.
        static func compare(
            _ source: MySQLSettings, _ target: MySQLSettings, _ manifest: BackupManifest
        ) async throws {
            try await MySQLConnection.with(source) { source in
                try await MySQLConnection.with(target) { target in
                    for connection in [source, target] { try await connection.apply(.dump) }
                    func both(_ statement: String) async throws -> (MySQLResult, MySQLResult) {
                        (try await source.query(statement), try await target.query(statement))
                    }
                    let (here, there) = (
                        try await source.query("SELECT DATABASE()").text() ?? "",
                        try await target.query("SELECT DATABASE()").text() ?? ""
                    )
                    for view in ["z_base", "a_top", "of_nobody", "\u{e9}v", "e\u{301}v"] {
                        let (shown, copied) = try await both("SHOW CREATE VIEW `\(view)`")
                        #expect(lines(copied.text(0, 1), there) == lines(shown.text(0, 1), here), "\(view)")
                    }
                    for table in manifest.tables {
                        let name = "`\(table.name.replacing("`", with: "``"))`"
                        let (shown, copied) = try await both("SHOW CREATE TABLE \(name)")
                        #expect(
                            lines(copied.text(0, 1), there) == lines(shown.text(0, 1), here), "\(table.name)")
                        guard !["accounts", "ledger", "sessions"].contains(table.name) else { continue }
                        let fields = try await source.query("SHOW COLUMNS FROM \(name)").texts("Field")
                        // When its rows became so is part of a table with versions.
                        let columns = fields.compactMap(\.self).filter {
                            table.name != "periods" || $0 != "a" && $0 != "b"
                        }
                        // A FLOAT shows all of its digits as a DOUBLE only.
                        let list = columns.map { $0 == "f" ? "f * 1e0" : "`\($0.replacing("`", with: "``"))`" }
                        let (rows, copies) = try await both("SELECT \(list.joined(separator: ", ")) FROM \(name)")
                        #expect(sorted(copies) == sorted(rows), "\(table.name)")
                    }
                    for query in [
                        "SELECT w, v, e FROM a_top ORDER BY v", "SELECT twice(21)", "SELECT x FROM `e\u{301}v`",
                        "SELECT trigger_name, action_order, action_statement FROM information_schema.triggers"
                            + " WHERE trigger_schema = DATABASE() ORDER BY 2",
                        "SELECT routine_name, routine_definition FROM information_schema.routines"
                            + " WHERE routine_schema = DATABASE() ORDER BY 1",
                    ] {
                        let (one, other) = try await both(query)
                        #expect(one.rows == other.rows && !one.rows.isEmpty, "\(query)")
                    }
                    let status = "SELECT status FROM information_schema.events WHERE event_schema = DATABASE()"
                    let (enabled, disabled) = try await both(status)
                    #expect(enabled.text() == "ENABLED" && disabled.text() == "DISABLED")
                    #expect(manifest.leftOut.contains { $0.what == "view broken" })
                    #expect(manifest.leftOut.contains { $0.what == "event daily" })
                    #expect(
                        manifest.leftOut.contains { $0.what.contains("view of_nobody") && $0.why.contains("definer") })
                    #expect(manifest.leftOut.contains { $0.what == "rows of sessions" })
                    if await source.server.family == .mariadb {
                        let (next, copy) = try await both("SELECT next_not_cached_value FROM numbers")
                        #expect(next.rows == copy.rows && !next.rows.isEmpty)
                        #expect(manifest.leftOut.contains { $0.what.contains("versions") })
                    }
                }
            }
        }

        /// Keys that were made later come later; counters move; a copy has another name.
        private static func lines(_ create: String?, _ database: String) -> [String] {
            let text = (create ?? "").replacing("`\(database.replacing("`", with: "``"))`", with: "`DATABASE`")
            return text.split(separator: "\n").map { line in
                line.trimmingCharacters(in: CharacterSet(charactersIn: " ,"))
                    .replacing(#/AUTO_INCREMENT=[0-9]+ /#, with: "")
            }.sorted()
        }

        private static func sorted(_ result: MySQLResult) -> [String] {
            result.rows.map { row in row.map { $0.map { "\($0)" } ?? "NULL" }.joined(separator: "|") }.sorted()
        }
    }
}
