import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests {
    /// Random blows to dumps and restores. `BREAKWATER_BLOWS=200` plays as many, `BREAKWATER_SEED` others.
    @Suite(.faultyStores) struct FaultCampaignTests {
        private static func number(_ variable: String, or number: UInt64) -> UInt64 {
            ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) } ?? number
        }

        @Test func whateverIsListedRestores() async throws {
            let blows = Self.number("BREAKWATER_BLOWS", or: 20)
            let seed = Self.number("BREAKWATER_SEED", or: 1)
            for flavour in LoopbackDatabase.Flavour.allCases {
                let server = try Databases.server(flavour)
                try await InvariantShop.with(server) { shop, copy in
                    try await FaultyStores.with { _, store, _ in
                        var campaign = Campaign(server: server, shop: shop, copy: copy, store: store)
                        try await campaign.begin()
                        for number in 0..<(blows / 2) {
                            try await campaign.play(seed: seed &* 1_000_000 &+ number)
                        }
                        try await StoreFaults.prune(store)
                        try await StoreFaults.checkThatOnlyBackupsRemain(store)
                        #expect(campaign.result.checked > 0)
                        print("\(flavour), seed \(seed): \(campaign.result)")
                    }
                }
            }
        }
    }

    private struct Campaign {
        let server: LoopbackDatabase
        let shop: MySQLSettings
        let copy: MySQLSettings
        /// As it is, without a proxy before it.
        let store: S3Store
        var result = CampaignResult()
        /// Those that were restored already.
        private var known: [String: BackupManifest] = [:]
        private var digests: [String: String] = [:]

        init(server: LoopbackDatabase, shop: MySQLSettings, copy: MySQLSettings, store: S3Store) {
            (self.server, self.shop, self.copy, self.store) = (server, shop, copy, store)
        }

        /// Nobody writes meanwhile, so that all backups hold the same.
        mutating func begin() async throws {
            digests = try await Self.digests(of: shop)
            _ = try await StoreFaults.dump(shop, to: store)
            try await checkListed()
        }

        mutating func play(seed: UInt64) async throws {
            var generator = SeededGenerator(seed: seed)
            let blow = Blow.random(&generator)
            let isDump = Bool.random(using: &generator)
            let what = "seed \(seed): \(isDump ? "dump" : "restore"), \(blow)"
            do {
                if isDump { try await dump(blow, seed, what) } else { try await restore(blow, seed, what) }
            } catch {
                Issue.record("\(what): \(error)")
            }
        }

        private mutating func dump(_ blow: Blow, _ seed: UInt64, _ what: String) async throws {
            result.dumps += 1
            let id = StoreFaults.newID()
            let (shop, server) = (shop, server)
            let succeeded = try await FaultyStores.withView(of: store, blow.script(seed: seed)) { seen, _ in
                try await blow.hit(shop, server) {
                    _ = try await StoreFaults.dump(shop, to: seen, id: id)
                } program: {
                    [
                        "backup", "create", "--from", Self.url(shop), "--store", FaultyStores.url(of: seen),
                        "--recipient", BackupTests.identity.recipient.description, "--threads", "2",
                    ]
                }
            }
            let listed = try await BackupCatalogue(store).inventory().backups.filter { known["\($0.id)"] == nil }
            #expect(!succeeded || !listed.isEmpty, "\(what)")
            result.dumpsThatSucceeded += succeeded ? 1 : 0
            result.listedAlthoughFailed += succeeded ? 0 : listed.count
            try await checkListed(what)
        }

        private mutating func restore(_ blow: Blow, _ seed: UInt64, _ what: String) async throws {
            result.restores += 1
            let manifest = try #require(known.values.min { "\($0.id)" < "\($1.id)" })
            let (shop, copy, server) = (shop, copy, server)
            let identity = try IdentityFile(BackupTests.identity.encoded())
            let succeeded = try await FaultyStores.withView(of: store, blow.script(seed: seed)) { seen, _ in
                try await blow.hit(copy, server) {
                    try await Self.restore(manifest, of: shop, from: seen, into: copy)
                } program: {
                    [
                        "restore", "\(manifest.id)", "--store", FaultyStores.url(of: seen), "--identity", identity.path,
                        "--to", Self.url(copy),
                    ]
                }
            }
            if succeeded {
                result.restoresThatSucceeded += 1
            } else {
                // What was begun goes on; a change of somebody else's is not ours to undo.
                if case .definition = blow { try await Self.clear(copy, server) }
                try await Self.restore(manifest, of: shop, from: store, into: copy)
                result.resumed += 1
            }
            try await check(what)
        }

        /// Restores what is listed and has not been restored before.
        private mutating func checkListed(_ what: String = "before all") async throws {
            for backup in try await BackupCatalogue(store).inventory().backups where known["\(backup.id)"] == nil {
                let manifest = try #require(backup.manifest, "\(what): \(backup.unreadable ?? "")")
                #expect(manifest.tables.allSatisfy { digests[$0.name] == $0.digest?.description }, "\(what)")
                try await Self.restore(manifest, of: shop, from: store, into: copy)
                try await check(what)
                known["\(backup.id)"] = manifest
                result.checked += 1
            }
        }

        /// The copy is what the shop is, and gone afterwards.
        private func check(_ what: String) async throws {
            let found = try await Self.digests(of: copy)
            #expect(found == digests, "\(what)")
            try await MySQLConnection.with(copy) { copy in
                try await InvariantShop.check(copy)
                #expect(try await copy.query("SELECT COUNT(*) FROM sold").text() != nil)
            }
            try await Self.clear(copy, server)
        }

        private static func clear(_ copy: MySQLSettings, _ server: LoopbackDatabase) async throws {
            let name = try #require(copy.address.database)
            try await server.run("DROP DATABASE \(name)", "CREATE DATABASE \(name) CHARACTER SET utf8mb4")
        }

        private static func restore(
            _ manifest: BackupManifest, of shop: MySQLSettings, from store: S3Store, into copy: MySQLSettings
        ) async throws {
            let folder = try StoreFaults.folder(manifest.id, shop, store)
            let options = RestoreOptions(key: .identities([BackupTests.identity]))
            _ = try await Restore(copy, manifest: manifest, source: folder, options: options).run()
        }

        /// By the server itself.
        private static func digests(of settings: MySQLSettings) async throws -> [String: String] {
            try await MySQLConnection.with(settings) { connection in
                var digests: [String: String] = [:]
                try await connection.apply(.dump)
                for table in try await SchemaReader(connection).read().tables {
                    let codecs = try ServerFaults.codecs(table)
                    let answer = try await connection.query(DigestQuery(table: table.name, columns: codecs).statement)
                    let digest = DigestQuery.digest(from: (0..<6).map { answer.text(0, $0) })
                    digests[table.name] = digest?.digest.description ?? "none"
                }
                return digests
            }
        }

        private static func url(_ settings: MySQLSettings) -> String {
            let address = settings.address
            return "mysql://root@\(address.host):\(address.port)/\(address.database ?? "")?tls=off"
        }
    }
}
