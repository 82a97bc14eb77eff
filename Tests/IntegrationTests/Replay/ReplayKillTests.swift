import Age
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing

extension ReplayTests {
    /// The program is killed while it replays, again and again; what is there in the end was done once.
    @Test(.timeLimit(.minutes(4)), arguments: Flavour.allCases)
    func killedAndGoneOnWith(flavour: Flavour) async throws {
        let program = try BreakwaterProgram()
        let store = DirectoryStore(path: program.folder.path + "/store")
        try FileManager.default.createDirectory(
            atPath: program.folder.path + "/store", withIntermediateDirectories: true)
        let shop = try LoggedShop(flavour, options: ["--binlog-format=ROW"], store: store)
        try await shop.server.run("CREATE DATABASE shop CHARACTER SET utf8mb4")
        try await shop.run(["CREATE TABLE counters (id INT PRIMARY KEY, n INT)", "INSERT INTO counters VALUES (1, 0)"])
        _ = try await shop.backup()
        for round in 0..<6 {
            let inserts = (0..<300).map { "INSERT INTO rows_\(round) (v) VALUES (\($0))" }
            let updates = (0..<200).map { _ in "UPDATE counters SET n = n + 1" }
            try await shop.run(
                ["CREATE TABLE rows_\(round) (id INT AUTO_INCREMENT PRIMARY KEY, v INT)"] + inserts
                    + ["ALTER TABLE counters ADD COLUMN c\(round) INT DEFAULT \(round)"] + updates)
        }
        try await shop.ship(transactions: 400)
        let identity = try program.write(BackupTests.identity.encoded() + "\n", to: "key.txt")
        let place = shop.server.place
        let restore = [
            "restore", "--until", "now", "--identity", identity, "--store", "dir:\(program.folder.path)/store",
            "--json",
            "--to", "mysql://root@\(place.address):\(place.port)/copy?tls=off",
        ]
        var kills = 0
        for steps in [1, 400, 1_100, 1_900] {
            let running = try program.start(restore)
            while running.process.isRunning, try await Self.replayed(shop) < steps {
                try await Task.sleep(for: .milliseconds(2))
            }
            if running.process.isRunning { kills += 1 }
            running.kill(SIGKILL)
            try await running.ended()
        }
        let outcome = try await program.run(restore)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(kills > 1, "it was too fast")
        let replayed = try outcome.document()["replayed"] as? [String: Any]
        #expect(replayed?["transactions"] as? Int == 6 * 502)
        #expect(try await shop.digests(of: "copy") == shop.digests(of: "shop"))
    }

    /// Transactions, as the journal at the target says it.
    private static func replayed(_ shop: LoggedShop) async throws -> Int {
        do {
            let note = try await MySQLConnection.with(shop.settings) { connection in
                try await connection.query("SELECT note FROM copy.__breakwater_restore WHERE step = 'replay'").text()
            }
            return note.map { $0.split(separator: " ") }.flatMap { $0.count == 5 ? Int($0[2]) : nil } ?? 0
        } catch let error as MySQLError where [.unknownTable, .unknownDatabase].contains(error.kind) {
            return 0
        }
    }
}
