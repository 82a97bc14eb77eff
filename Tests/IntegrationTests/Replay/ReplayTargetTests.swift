import BackupEngine
import Binlog
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension ReplayTests {
    /// Where a replay ends, and what is refused before anything is changed.
    @Suite struct Targets {
        private static func shop(_ flavour: Flavour) async throws -> LoggedShop {
            let shop = try LoggedShop(flavour)
            try await shop.server.run("CREATE DATABASE shop CHARACTER SET utf8mb4")
            try await shop.run(["CREATE TABLE posts (id INT PRIMARY KEY, v INT)", "INSERT INTO posts VALUES (0, 0)"])
            return shop
        }

        private static func texts(_ shop: LoggedShop, _ query: String, in database: String) async throws -> [String?] {
            try await MySQLConnection.with(shop.settings(of: database)) { connection in
                let result = try await connection.query(query)
                return result.rows.indices.map { result.text($0, 0) }
            }
        }

        private static let ids = "SELECT id FROM posts ORDER BY id"

        @Test(arguments: Flavour.allCases)
        func justBeforeATableWasDroppedAndUpToAnyMoment(flavour: Flavour) async throws {
            let shop = try await Self.shop(flavour)
            let manifest = try await shop.backup()
            for id in 1...4 { try await shop.run(["INSERT INTO posts VALUES (\(id), 0)"]) }
            // Servers that know seconds only must see another one.
            try await BackupTests.Commands.waitForAnotherSecond()
            try await shop.run(["UPDATE posts SET v = 1", "INSERT INTO posts VALUES (5, 0)"])
            try await shop.run(["DROP TABLE posts"], in: "shop")
            try await shop.run(["CREATE TABLE later (id INT PRIMARY KEY)"])
            let log = try await shop.ship(transactions: 2)
            let changes = log.suffix(4)
            let (update, drop) = (try #require(changes.first), try #require(changes.dropFirst(2).first))

            let before = try await shop.restore([manifest], to: .before(drop.gtid), into: "before_drop")
            #expect(before.stoppedBefore == "\(drop.gtid)")
            #expect(before.transactions == 6)
            #expect(try await Self.texts(shop, Self.ids, in: "before_drop") == ["0", "1", "2", "3", "4", "5"])
            #expect(try await Self.texts(shop, "SHOW TABLES", in: "before_drop") == ["posts"])

            let through = try await shop.restore([manifest], to: .through(update.gtid), into: "through")
            #expect(through.lastGTID == "\(update.gtid)" && through.stoppedBefore == nil)
            #expect(try await Self.texts(shop, "SELECT DISTINCT v FROM posts", in: "through") == ["1"])

            let moment = LogTime(microseconds: update.committedAt - 1)
            let until = try await shop.restore([manifest], to: .time(moment), into: "until")
            #expect(until.transactions == 4 && until.stoppedBefore == "\(update.gtid)")
            #expect(try await Self.texts(shop, "SELECT DISTINCT v FROM posts", in: "until") == ["0"])

            let all = try await shop.restore([manifest], to: .latest, into: "latest_one")
            #expect(all.transactions == 8)
            #expect(try await Self.texts(shop, "SHOW TABLES", in: "latest_one") == ["later"])
        }

        @Test func whatCannotBeHadIsRefused() async throws {
            let shop = try await Self.shop(.mariadb)
            let manifest = try await shop.backup()
            for id in 1...9 { try await shop.run(["INSERT INTO posts VALUES (\(id), 0)"]) }
            let log = try await shop.ship(transactions: 3)
            let last = try #require(log.last)
            func fault(_ target: ReplayTarget) async throws -> ReplayFault? {
                do {
                    try await shop.restore([manifest], to: target, into: "never")
                    return nil
                } catch let fault as ReplayFault {
                    return fault
                }
            }
            let late = LogTime(microseconds: last.committedAt + 60_000_000)
            #expect(try await fault(.time(late))?.code == "restore.not_covered")
            // It would lie in the log, and is not there.
            let unknown = try GTID("0-99-\(log.count - 1)")
            #expect(try await fault(.before(unknown))?.code == "restore.unknown_gtid")
            let early = LogTime(microseconds: LogTime(manifest.startedAt).microseconds - 60_000_000)
            #expect(try await fault(.time(early))?.code == "restore.backup_newer")
            // A segment is lost.
            let folder = BinlogLayout.folder(of: "shop")
            let names = try await shop.store.list(prefix: folder).objects.map(\.key).filter {
                $0.text.hasSuffix(".json")
            }.sorted { $0.text < $1.text }
            try await shop.store.delete([names[names.count - 2]])
            #expect(try await fault(.latest)?.code == "restore.log_gap")
            #expect(try await Self.texts(shop, "SHOW DATABASES LIKE 'never'", in: "shop").isEmpty)
        }

        @Test(arguments: Flavour.allCases)
        func whoMayNotReplayIsToldWhatHelps(flavour: Flavour) async throws {
            let shop = try await Self.shop(flavour)
            let manifest = try await shop.backup()
            try await shop.run(["INSERT INTO posts VALUES (1, 0)"])
            try await shop.ship()
            let grants =
                flavour == .mariadb ? ["BINLOG REPLAY"] : ["REPLICATION_APPLIER", "SESSION_VARIABLES_ADMIN"]
            try await shop.server.run(
                "CREATE USER keeper@'%' IDENTIFIED BY 'pw'", "GRANT ALL ON copy.* TO keeper@'%'")
            var keeper = shop.server.settings(user: "keeper", password: "pw", database: "copy")
            keeper.address.tls = nil
            func attempt() async throws {
                _ = try await shop.restore([manifest], to: .latest, as: keeper)
            }
            do {
                try await attempt()
                Issue.record("it was not refused")
            } catch let error as ReplayError {
                #expect(error.code == "restore.replay_privilege" && error.isRefusal, "\(error)")
                for grant in grants { #expect(error.hint?.contains(grant) == true) }
            }
            #expect(try await Self.texts(shop, "SHOW DATABASES LIKE 'copy'", in: "shop").isEmpty)
            try await shop.server.run("GRANT \(grants.joined(separator: ", ")) ON *.* TO keeper@'%'")
            try await attempt()
            #expect(try await Self.texts(shop, Self.ids, in: "copy") == ["0", "1"])
        }

        /// What reaches out of the database, or into it, is not replayed in silence.
        @Test func otherDatabasesAreLeftAlone() async throws {
            let shop = try LoggedShop(.mariadb, options: ["--binlog-format=STATEMENT"])
            try await shop.server.run("CREATE DATABASE shop CHARACTER SET utf8mb4", "CREATE DATABASE other")
            try await shop.run(["CREATE TABLE posts (id INT PRIMARY KEY, v INT)", "CREATE TABLE gone (id INT)"])
            try await shop.run(["CREATE TABLE mine (id INT PRIMARY KEY)", "INSERT INTO mine VALUES (1)"], in: "other")
            let manifest = try await shop.backup()
            try await shop.run(["DROP TABLE shop.gone", "INSERT INTO mine VALUES (2)"], in: "other")
            try await shop.ship()
            try await shop.restore([manifest], to: .latest, into: "copy")
            #expect(try await Self.texts(shop, "SHOW TABLES", in: "copy") == ["posts"])
            try await shop.run(["INSERT INTO shop.posts SELECT id, 7 FROM mine"], in: "other")
            let refused = try #require(try await shop.ship().last)
            do {
                try await shop.restore([manifest], to: .latest, into: "copy2")
                Issue.record("it was replayed")
            } catch let error as ReplayError {
                #expect(error.code == "restore.replay_unsafe")
                #expect(error.hint?.contains("\(refused.gtid)") == true)
            }
        }
    }
}
