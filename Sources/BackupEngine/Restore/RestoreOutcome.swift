package import RecoveryCore

/// What a restore has done.
package struct RestoreOutcome: Sendable, Equatable {
    /// Where.
    package var database: String
    package var server: DatabaseServer
    package var tables = 0
    package var rows: UInt64 = 0
    /// What is not as it was, though nothing failed: definers and collations that were mapped, events that wait to be
    /// enabled, what the backup lacks.
    package var warnings: [String] = []
    /// What was in the way and is gone: `table wp_posts`.
    package var dropped: [String] = []
    /// What an earlier attempt had done already, and this one went on from.
    package var resumedObjects = 0
    /// Tables whose digests the server computed, which equal the manifest's.
    package var comparedTables = 0
    package var elapsed = Duration.zero

    package init(database: String, server: DatabaseServer) {
        self.database = database
        self.server = server
    }
}
