internal import Foundation
internal import LocalStack
internal import MySQLClient
internal import ShopRows
internal import Topology

/// A local store with a database, on which the scenarios of recovery are played.
struct RecoveryStage: Sendable {
    var stack: LocalStack
    var tool: BreakwaterTool
    var shop: ShopFront
    /// What the topology file and the shop's folder are in.
    var folder: String
    /// How the database is reached, as its administrator.
    var database: StackManifest.Database

    static let topologyName = "breakwater.yaml"
    static func stateDirectory(in folder: String) -> String { "\(folder)/.breakwater" }

    /// Where the buckets are.
    static func buckets(in folder: String) -> [String] { ["\(folder)/bucket-a", "\(folder)/bucket-b"] }

    /// The shop with its database, a cache and one web server, whose backups go to two folders of which one is enough.
    static func topology(in folder: String, buckets count: Int) -> String {
        let stores = buckets(in: folder).prefix(count).map { "\"dir:\($0)\"" }.joined(separator: ", ")
        return """
            version: 1
            store: drill
            provider: local
            redis: { role: cache, persistence: off, down_after: 1s, maxmemory: 64MiB }
            mysql:
              primary: db-1
              endpoint_file: "\(folder)/site/database.php"
            web:
              nodes: [web-1]
              docroot: "\(folder)/site"
            backup:
              to: [\(stores)]
              required: 1
              keep: { last: 1 }

            """
    }

    /// - Throws: `DrillError`, `StackError`.
    init(_ stack: LocalStack, folder: String) throws {
        guard let database = stack.database, let settings = database.settings() else {
            throw DrillError("drill.no_database", "the store has no database")
        }
        self.stack = stack
        self.folder = folder
        self.database = database
        tool = BreakwaterTool(
            directory: stack.programDirectory, topologyFile: "\(folder)/\(Self.topologyName)")
        // A page waits a few seconds for its database, not half an hour.
        var shopSettings = settings
        shopSettings.readTimeout = .seconds(10)
        shopSettings.writeTimeout = .seconds(10)
        shop = ShopFront(
            docroot: "\(folder)/site", endpointFile: "\(folder)/site/database.php", settings: shopSettings)
    }

    var identityFile: String { database.identityFile }

    /// As the administrator, to the shop's first database or another one.
    func settings(_ name: String? = nil) throws -> MySQLSettings {
        guard var settings = database.settings() else {
            throw DrillError("drill.no_database", "the database's password cannot be read")
        }
        settings.address.database = name ?? database.name
        return settings
    }

    /// Writes the file that names the shop's database.
    func openShop() throws {
        let text = ShopFront.text(host: database.address, database: database.name)
        try Data(text.utf8).write(to: URL(filePath: shop.endpointFile))
    }
}
