internal import Binlog
package import ObjectStore
package import RecoveryCore

/// Removes from one store what no backup needs of a shipped log.
package struct LogRemoval: Sendable {
    package let database: String
    package let store: any ObjectStore
    /// All that are there, in order.
    package let segments: [BinlogSegment]
    /// How many of them go, from the first on.
    package let count: Int

    /// - Parameters:
    ///   - database: Whose log.
    ///   - store: Where.
    ///   - backups: All that stay, wherever they are; nil for one whose manifest cannot be used.
    /// - Throws: `ObjectStoreError`, `CancellationError`.
    package init(of database: String, in store: any ObjectStore, backups: [BackupManifest?]) async throws {
        self.database = database
        self.store = store
        let log = try await ShippedLog(of: database, in: [store])
        segments = log.segments
        let positions = backups.map { backup in
            backup.flatMap { backup in
                backup.snapshot.position?.gtid.flatMap { try? GTIDState($0, family: backup.source.family) }
            }
        }
        // Nobody knows what a description says that cannot be read.
        count = log.unreadable.isEmpty ? SegmentRetention.dispensable(segments, positions: positions) : 0
    }

    package var storedBytes: UInt64 { segments.prefix(count).reduce(0) { $0 &+ $1.storedBytes } }

    /// Deletes them, the oldest first and each description before its events, with events of those numbers that never
    /// got a description.
    /// - Throws: `ObjectStoreError`, `CancellationError`.
    package func remove() async throws {
        guard count > 0 else { return }
        let last = segments[count - 1].number
        let folder = BinlogLayout.folder(of: database)
        let days = Set(segments.prefix(count).compactMap { BinlogLayout.read($0.object)?.day }).sorted()
        for day in days {
            let found = try await store.list(prefix: BinlogLayout.folder(of: database, day: day)).objects.compactMap {
                object in BinlogLayout.read(object.key.text.dropFirst(folder.count)).map { ($0, object.key) }
            }.filter { $0.0.number <= last }.sorted { $0.0.number < $1.0.number }
            for isDescription in [true, false] {
                let keys = found.filter { $0.0.isDescription == isDescription }.map(\.1)
                if !keys.isEmpty { try await store.delete(keys) }
            }
        }
    }
}
