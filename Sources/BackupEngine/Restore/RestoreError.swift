package import MySQLClient
package import RecoveryCore

/// Why a restore was not made, or is not finished. What was loaded stays, with the journal, unless said otherwise, so
/// that the same restore goes on from there when it is run again.
package enum RestoreError: Error, CustomStringConvertible {
    /// The settings name no database.
    case noDatabase
    /// The target has something in it already, of which `inTheWay` would be dropped with `overwrite`. Nothing was
    /// changed.
    case notEmpty(database: String, found: [String], inTheWay: [String])
    /// Another restore into the database runs. Nothing was changed.
    case busy(database: String)
    /// Tables that were asked for and are not in the backup, each with the nearest name that is. Nothing was changed.
    case unknownTables([UnknownTable])
    /// Nothing may be kept from the binary log: replicas read it. Nothing was changed.
    case replicas(count: Int)
    /// The user may not switch the binary log off. Nothing was changed.
    case binaryLog(MySQLError)
    /// At the target is a restore of another backup, or of other tables, that was not finished. Nothing was changed.
    case otherRestore(database: String, backup: String)
    /// A statement is larger than the server accepts. Nothing was changed.
    case packetLimit(needed: UInt64, allowed: UInt64, object: String)
    /// The key opens nothing of this backup, which is for `recipients`. Nothing was changed.
    case key(object: String, reason: String, recipients: [String])
    case missing(object: String, DamagedPart)
    /// Truncated or changed: not what the manifest says that was stored.
    case damaged(object: String, reason: String, DamagedPart)
    /// The store did not give it, attempt after attempt.
    case unreadable(object: String, reason: String, hint: String?)
    /// The server refused what the backup holds: which object, and how the statement begins.
    case statement(object: String, beginning: String, MySQLError)
    /// All is loaded, and the server has rows with other counts or digests than the backup's.
    case differs([BackupManifest.LeftOut])

    package struct UnknownTable: Sendable, Hashable {
        package var name: String
        package var nearest: String?
    }

    /// What a damaged object takes with it.
    package struct DamagedPart: Sendable, Hashable {
        /// What it holds.
        package var what: String
        /// What can be restored all the same, with `tables`; empty when nothing can.
        package var restorable: [String]
        /// Whether a part of this restore is at the target by then, which one of other tables has to go over.
        package var isBegun = false
    }

    /// Stable, for scripts.
    package var code: String {
        switch self {
        case .noDatabase: "restore.no_database"
        case .notEmpty: "restore.not_empty"
        case .busy: "restore.busy"
        case .unknownTables: "restore.unknown_tables"
        case .replicas: "restore.replicas"
        case .binaryLog: "restore.binary_log"
        case .otherRestore: "restore.other_restore"
        case .packetLimit: "restore.packet_limit"
        case .key: "restore.key"
        case .missing: "restore.object_missing"
        case .damaged: "restore.object_damaged"
        case .unreadable: "restore.object_unreadable"
        case .statement: "restore.statement"
        case .differs: "restore.differs"
        }
    }

    /// Whether nothing was changed at the target.
    package var isRefusal: Bool {
        switch self {
        case .noDatabase, .notEmpty, .busy, .unknownTables, .replicas, .binaryLog, .otherRestore, .packetLimit, .key:
            true
        case .missing, .damaged, .unreadable, .statement, .differs: false
        }
    }
}
