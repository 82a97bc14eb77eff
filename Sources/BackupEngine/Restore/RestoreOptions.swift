package import Age

/// What a restore brings back, and how.
package struct RestoreOptions: Sendable {
    /// What opens the objects.
    package enum Key: Sendable {
        /// One of them must be a recipient's.
        case identities([X25519Identity])
        case passphrase(AgePassphrase)
    }

    /// Whom views, routines, triggers and events run as.
    package enum Definers: String, Sendable, CaseIterable {
        /// Those that the backup names, whether they exist or not.
        case keep
        /// Those that do not exist at the target become the user who restores.
        case mapMissing = "map-missing"
        /// All of them become the user who restores.
        case currentUser = "current-user"
    }

    package var key: Key
    /// Connections that load at once.
    package var threads = 2
    /// Only these tables, with their indexes, and foreign keys among them; nil for everything. Views, routines, triggers
    /// and events belong to the whole and do not come then.
    package var tables: [String]?
    /// Whether what is in the way at the target may be dropped: the tables, views, routines and events that come. What
    /// the backup does not have stays.
    package var overwrite = false
    /// Nothing of the restore is written to the server's binary log. Refused when replicas read it.
    package var skipBinlog = false
    /// The server is there for this restore alone: nothing is written to its binary log, whatever it is set to.
    package var isScratch = false
    package var definers = Definers.mapMissing
    /// Whether counts and digests of all tables are compared with the manifest's in the end.
    package var compares = true

    /// Whether a log is replayed onto the restored backup before the restore is over.
    package var replays = false

    package init(key: Key) {
        self.key = key
    }
}
