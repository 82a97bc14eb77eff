import Age
import CloudHTTP
import Foundation
import Logging
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

/// Where injections of one family take place: a shop on a server that may die, a bucket, and the built program between
/// them.
struct FaultGround: Sendable {
    static let shop = "shop"

    /// The database that restores go into: another one for each injection. What a server that was killed has left of
    /// one is not in the way of the next.
    var copy = "copy"

    let database: RestartableDatabase
    let program: BreakwaterProgram
    private let stores: FaultyStores
    private let bucket: String
    private let identity: String

    init(_ flavour: LoopbackDatabase.Flavour, _ stores: FaultyStores) async throws {
        self.stores = stores
        database = try await onThread { try RestartableDatabase(flavour) }
        program = try BreakwaterProgram()
        bucket = try await stores.makeBucket()
        identity = try program.write(BackupTests.identity.encoded() + "\n", to: "identity")
        try await TortureShop.fill(database.server, Self.shop)
    }

    var objectServer: LoopbackPlace { stores.server.place }

    /// The bucket as `--store` takes it, at an object server or a proxy before it.
    func store(at place: LoopbackPlace? = nil) -> String {
        let place = place ?? objectServer
        return
            "s3://\(bucket)?endpoint=http://\(place.address):\(place.port)&region=\(ObjectServer.region)&path_style=true"
    }

    private static let environment = [
        "AWS_ACCESS_KEY_ID": ObjectServer.owner.accessKeyID, "AWS_SECRET_ACCESS_KEY": ObjectServer.owner.secret,
    ]

    func create(in store: String) throws -> BreakwaterProgram.Running {
        try program.start(
            [
                "backup", "create", "--from", database.url(Self.shop), "--store", store, "--recipient",
                "\(BackupTests.identity.recipient)", "--json",
            ], Self.environment)
    }

    func restore(_ backup: String, from store: String, _ more: [String] = []) throws -> BreakwaterProgram.Running {
        try program.start(
            [
                "restore", backup, "--to", database.url(copy), "--store", store, "--identity", identity, "--json",
            ] + more, Self.environment)
    }

    func prune(keeping count: Int, in store: String, by wrapper: [String] = []) throws -> BreakwaterProgram.Running {
        try program.start(
            [
                "backup", "prune", "--keep-last", "\(count)", "--older-than", "1h", "--apply", "--store", store,
                "--json",
            ], Self.environment, by: wrapper)
    }

    /// As somebody does it tomorrow, when what was not finished is old.
    func pruneTomorrow(keeping count: Int) throws -> BreakwaterProgram.Running {
        let clock = "/usr/bin/faketime"
        guard FileManager.default.isExecutableFile(atPath: clock) else {
            throw LoopbackError("\(clock) is not installed: apt-get install faketime")
        }
        return try prune(keeping: count, in: store(), by: [clock, "-m", "--exclude-monotonic", "-f", "+26h"])
    }

    struct Listing: Sendable {
        /// The newest first.
        var backups: [String]
        /// Of backups that are listed with a reason why they are no good.
        var problems: [String]
        var unfinished: Int
    }

    func list(_ store: String) async throws -> Listing {
        let outcome = try await program.start(
            ["backup", "list", "--store", store, "--json"], Self.environment
        ).end()
        try #require(outcome.status == 0, "\(outcome.errors)")
        let document = try outcome.document()
        let backups = try #require(document["backups"] as? [[String: Any]])
        return Listing(
            backups: backups.compactMap { $0["id"] as? String },
            // A table without transactions makes a backup less than consistent, and this shop has one.
            problems: backups.filter { backup in
                let problems = backup["problems"] as? [String] ?? []
                return !problems.allSatisfy { $0 == "not consistent" } || backup["state"] as? String != "unverified"
            }.map { "\($0)" },
            unfinished: (document["unfinished"] as? [Any])?.count ?? -1)
    }

    /// What the bucket holds, asked without the program: objects of no listed backup, and uploads without an end.
    func leftovers(beside backups: [String]) async throws -> [String] {
        try await StoreLocation(BackupLocation(store())).withStore(
            credentials: FaultyStores.owner, logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
        ) { store in
            let uploads = try await store.unfinishedUploads().map { "the upload of \($0.key)" }
            let objects = try await store.list().objects.map(\.key.text).filter { key in
                !backups.contains { key.contains("/\($0)/") }
            }
            return uploads + objects
        }
    }

    func portrait(of database: String) async throws -> [String] {
        try await TortureShop.portrait(of: database, on: self.database.server)
    }

    func dropCopy() async throws { try await database.server.run("DROP DATABASE IF EXISTS \(copy)") }
}
