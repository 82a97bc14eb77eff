package import MySQLClient
package import ObjectStore
package import RecoveryCore

/// Why there is no backup. Nothing of it remains in the store then, unless ``leftBehind(_:_:)`` says so.
package enum DumpError: Error, CustomStringConvertible {
    case refused(SnapshotRefusal)
    /// Nobody could read the backup.
    case noRecipients
    case noSnapshot
    /// Something at the server holds the lock that is needed, attempt after attempt.
    case lockTimedOut(String)
    /// What somebody has changed while it was being read.
    case changed([String])
    /// The rows of a table, and which of them.
    case table(String, part: String, MySQLError)
    /// A column of a type that no known form of text carries.
    case unknownType(table: String, String)
    /// The user may not read who has which privileges.
    case accounts(MySQLError)
    case upload(object: String, reason: String, hint: String?)
    /// What a store says; the object, or of several stores which one.
    case store(object: String, ObjectStoreError)
    /// The manifest would contradict itself: an error of this program, which must not become a backup.
    case inconsistent([String])

    package var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .noRecipients: "there is no age recipient to encrypt the backup for"
        case .noSnapshot: "no way to take a consistent snapshot is left"
        case .lockTimedOut(let name):
            "the \(name) was not granted in \(SnapshotOpener.attempts) attempts of \(SnapshotOpener.patience) s"
        case .changed(let what):
            "the definitions changed during the backup: \(what.prefix(5).joined(separator: ", "))"
                + (what.count > 5 ? " and \(what.count - 5) more" : "")
        case .table(let table, let part, let error): "table \(table), \(part): \(error)"
        case .unknownType(let table, let what): "table \(table): \(what)"
        case .accounts(let error): "the accounts of the database cannot be read: \(error)"
        case .upload(let object, let reason, _): "\(object): \(reason)"
        case .store(let object, let error): "\(object): \(error)"
        case .inconsistent(let faults): "the backup contradicts itself: \(faults.joined(separator: "; "))"
        }
    }

    package var hint: String? {
        switch self {
        case .refused(let refusal): refusal.hint
        case .noRecipients: "make a key with age-keygen and name its public part as a recipient"
        case .noSnapshot, .inconsistent: nil
        case .lockTimedOut: "look for long statements and transactions in SHOW FULL PROCESSLIST; then try again"
        case .changed: "do not migrate or update the shop during a backup; try again"
        case .table(_, _, let error):
            error.kind == .tableDefinitionChanged ? "do not change tables during a backup; try again" : nil
        case .unknownType: "exclude the table, or back it up by other means; a newer Breakwater may know the type"
        case .accounts: "grant SELECT on the database mysql, or back up without accounts"
        case .upload(_, _, let hint): hint
        case .store(_, let error): error.hint
        }
    }
}
