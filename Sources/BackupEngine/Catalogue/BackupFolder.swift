package import RecoveryCore

/// Where one backup is in a store.
package struct BackupFolder: Sendable, Hashable, CustomStringConvertible {
    /// The folder of the database's backups, with a slash at its end.
    package let database: String
    package let id: BackupID

    package init(database: String, id: BackupID) {
        self.database = database
        self.id = id
    }

    /// The folder itself, with a slash at its end.
    package var path: String { "\(database)\(id)/" }

    package var description: String { path }

    /// Reads the beginning of an object's name, or a folder's: `shop/20260301T030000Z-7f3a/…`; nil for what is no
    /// backup's.
    init?(of path: String) {
        let parts = path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let id = BackupID(String(parts[1])) else { return nil }
        self.init(database: parts[0] + "/", id: id)
    }

    /// Newer ones first.
    static func isNewer(_ left: BackupFolder, _ right: BackupFolder) -> Bool {
        ("\(left.id)", left.database) > ("\(right.id)", right.database)
    }
}
