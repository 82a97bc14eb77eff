/// What can happen to a whole shop.
package enum ShopScenario: String, CaseIterable, Sendable {
    case webCrash = "web-crash"
    case webHang = "web-hang"
    case webDrain = "web-drain"
    case balancerRestart = "lb-restart"
    case databaseRestart = "db-restart"
    case replicaLoss = "db-replica-loss"
    case redisDown = "redis-all-down"
    case diskFull = "disk-full-web"
    case slowDatabase = "slow-db"
    case everything

    package var name: String { rawValue }

    package var summary: String {
        switch self {
        case .webCrash: "SIGKILL everything on one web node: nginx, PHP-FPM, sidecar, agent"
        case .webHang: "SIGSTOP PHP-FPM on one web node while its nginx lives"
        case .webDrain: "drain and restart every web node, one after the other: nobody notices"
        case .balancerRestart: "reload HAProxy three times under traffic: nobody notices"
        case .databaseRestart: "stop the database and start it again"
        case .replicaLoss: "SIGKILL the database's replica; it comes back and catches up"
        case .redisDown: "SIGKILL every Redis: the shop sells without its cache"
        case .diskFull: "fill the disk of one web node: it leaves the balancer"
        case .slowDatabase: "a database that stands still for most of the time: slower, and no node leaves"
        case .everything: "all of these and failovers of Redis in an order drawn from --seed"
        }
    }

    package static func named(_ name: String) -> Self? { Self(rawValue: name) }

    /// Whether it mounts a small disk.
    var needsDisk: Bool { self == .diskFull }
}
