/// What can happen to a store's database and to its backups.
package enum RecoveryScenario: String, CaseIterable, Sendable {
    case databaseLoss = "database-loss"
    case tableDropped = "table-dropped"
    case backupCorrupted = "backup-corrupted"
    case bucketDown = "bucket-down"
    case ransom

    package var name: String { rawValue }

    package var summary: String {
        switch self {
        case .databaseLoss:
            "kill the database and delete its disk: a new server gets the backup and the shipped log"
        case .tableDropped:
            "drop the orders' table while orders come in: back to the transaction before"
        case .ransom:
            "steal the keys that make backups: what can be read, deleted, replaced, and brought back"
        case .backupCorrupted:
            "damage the newest backup three ways: each is found, and the older verified one restores"
        case .bucketDown:
            "take away one of two buckets while a backup is written, then both: what is listed restores"
        }
    }

    /// How many buckets the store backs up to.
    var buckets: Int { self == .bucketDown ? 2 : 1 }

    package static func named(_ name: String) -> Self? { Self(rawValue: name) }
}
