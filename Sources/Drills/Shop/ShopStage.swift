internal import Foundation
internal import HAProxy
internal import LocalStack
internal import MySQLClient
internal import NIOCore
internal import RedisClient
internal import Topology

/// A whole local store, on which the scenarios of the shop are played.
struct ShopStage: Sendable {
    let stack: LocalStack
    let shop: StackManifest.Shop
    let database: StackManifest.Database
    let topology: StoreTopology

    /// The store of the drills: an object cache that keeps nothing on disk, as WooCommerce's may be, and a database with
    /// a replica.
    static let topologyText = """
        version: 1
        store: drill
        provider: local
        redis: { role: cache, persistence: off, down_after: 2s, failover_timeout: 10s, maxmemory: 64MiB }
        sidecar: { hold: 800ms, on_timeout: degrade }
        mysql: { primary: db-1, replicas: [db-2] }

        """

    /// - Throws: `DrillError`.
    init(_ stack: LocalStack) throws {
        guard let shop = stack.shop, let database = stack.database else {
            throw DrillError("drill.no_shop", "the store has no shop")
        }
        self.stack = stack
        self.shop = shop
        self.database = database
        topology = stack.topology
    }

    var webNodes: [String] { topology.web?.nodes ?? [] }

    /// The members of a web node, from the shopper inwards.
    func members(of node: String) -> [String] {
        ["nginx-\(node)", "php-\(node)", "agent-\(node)", "sidecar-\(node)"]
    }

    /// What the balancer says of the web nodes.
    /// - Throws: `DrillError`.
    func balanced() async throws -> [String: HAProxyStatistics] {
        guard let path = stack.members(.balancer).first?.socket else {
            throw DrillError("drill.no_balancer", "the store has no balancer")
        }
        do {
            let lines = try HAProxySocket(path: path).statistics().filter { $0.kind == .server }
            return Dictionary(lines.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        } catch {
            throw DrillError("drill.no_balancer", "\(error)")
        }
    }

    /// Nil when everything is as it should be.
    func complaint() async -> String? {
        guard let status = await StackStatus.read(stack.state) else { return "the store does not run" }
        if let member = status.members.first(where: { !$0.healthy }) {
            return "\(member.name) is not well (\(member.trouble ?? member.process.rawValue))"
        }
        if status.master == nil { return "no master is agreed on" }
        let balanced = (try? await balanced()) ?? [:]
        for node in webNodes where balanced[node]?.isServing != true {
            return "\(node) is \(balanced[node]?.status ?? "unknown") at the balancer"
        }
        return nil
    }

    /// As the shop's account.
    func settings() throws -> MySQLSettings {
        guard var settings = database.settings(reading: .seconds(60)) else {
            throw DrillError("drill.no_database", "the database's password cannot be read")
        }
        settings.address.database = database.name
        return settings
    }

    /// The numbers of the shop's products.
    func products() async throws -> [Int] {
        let result = try await MySQLConnection.with(try settings()) {
            try await $0.query("SELECT ID FROM wp_posts WHERE post_type = 'product' ORDER BY ID")
        }
        return result.rows.indices.compactMap { result.text($0, 0).flatMap { Int($0) } }
    }
}

extension ShopStage {
    /// How long it takes until the balancer gives up a node whose checks fail at once.
    var balancerNotices: (time: Duration, because: String) {
        guard let health = topology.loadBalancer?.health else { return (.zero, "no balancer") }
        let time = health.interval * health.unhealthy + health.timeout
        return (
            time,
            "\(health.unhealthy) checks × \(health.interval.topologyText) + \(health.timeout.topologyText) of the balancer"
        )
    }
}
