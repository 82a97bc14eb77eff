package import RecoveryCore

/// Why no single backup could be named.
package enum CatalogueError: Error, Equatable, CustomStringConvertible {
    /// There is none at all, or none of the database.
    case noBackups(database: String?)
    case noSuchBackup(String)
    /// Objects of it are there, but no manifest: it was never finished, or is being made or removed.
    case manifestMissing(BackupID)
    /// A beginning of several names.
    case ambiguous(String, [BackupID])
    /// Backups of several databases, and none of them was named; their folders' names.
    case severalDatabases([String])
    case unreadable(BackupID, reason: String)

    package var description: String {
        switch self {
        case .noBackups(let database): "there is no backup\(database.map { " of \($0)" } ?? "")"
        case .noSuchBackup(let text): "there is no backup \(text)"
        case .manifestMissing(let id): "\(id) has no manifest, and so is no backup: it was never finished"
        case .ambiguous(let text, let ids):
            "\(text) is the beginning of several backups' names: "
                + ids.prefix(5).map(\.description).joined(separator: ", ") + (ids.count > 5 ? ", …" : "")
        case .severalDatabases(let names):
            "the store has backups of several databases: \(names.prefix(10).joined(separator: ", "))"
        case .unreadable(let id, let reason): "the manifest of \(id) cannot be used: \(reason)"
        }
    }
}
