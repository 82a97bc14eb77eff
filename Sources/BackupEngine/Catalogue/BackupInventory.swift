package import Foundation
package import ObjectStore
internal import RecoveryCore

/// What a store holds.
package struct BackupInventory: Sendable {
    /// The newest first.
    package var backups: [CataloguedBackup] = []
    /// Folders without a manifest: a backup that is being made or removed just now, or one whose process was killed.
    package var unfinished: [UnfinishedBackup] = []
}

/// Objects without a manifest. They are no backup.
package struct UnfinishedBackup: Sendable {
    package var folder: BackupFolder
    package var objects: [ObjectInfo]

    package var bytes: Int64 { objects.reduce(0) { $0 + $1.size } }

    /// When something of it was written last, or its backup was begun.
    package var lastChange: Date { objects.map(\.modified).reduce(folder.id.time, max) }
}
