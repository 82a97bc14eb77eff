package import Binlog

/// Why there is no way from a backup to a point in time.
package enum ReplayFault: Error, Equatable, CustomStringConvertible {
    /// Nothing was shipped.
    case noLog
    /// The target is before the first backup, or there is none.
    case noBackupBefore(ReplayTarget)
    /// The manifest of the backup does not say which transactions its snapshot holds.
    case noPosition(BackupID)
    /// The snapshot holds what comes after the target.
    case newer(BackupID, ReplayTarget)
    case otherFamily(BackupID, DatabaseServer.Family)
    /// What was committed in between was not shipped.
    case gap(Gap)
    /// The log ends before the target.
    case notCovered(ReplayTarget, until: LogTime?)
    /// No transaction of this name is in the log.
    case unknownGTID(GTID, until: LogTime?)

    package struct Gap: Sendable, Equatable {
        package var backup: BackupID
        /// What is known before the gap: GTIDs and the time.
        package var after: String
        package var since: LogTime
        /// The segment behind the gap.
        package var number: UInt64
        package var from: String
        package var begins: LogTime

        package init(
            backup: BackupID, after: String, since: LogTime, number: UInt64, from: String, begins: LogTime
        ) {
            self.backup = backup
            self.after = after
            self.since = since
            self.number = number
            self.from = from
            self.begins = begins
        }
    }

    /// Stable, for scripts.
    package var code: String {
        switch self {
        case .noLog: "restore.no_log"
        case .noBackupBefore: "restore.no_backup_before"
        case .noPosition: "restore.no_position"
        case .newer: "restore.backup_newer"
        case .otherFamily: "restore.other_family"
        case .gap: "restore.log_gap"
        case .notCovered: "restore.not_covered"
        case .unknownGTID: "restore.unknown_gtid"
        }
    }

    package var description: String {
        switch self {
        case .noLog: "no binary log was shipped for this database"
        case .noBackupBefore(let target): "there is no backup from before \(target)"
        case .noPosition(let id):
            "the backup \(id) is of no one moment of the log: it was made without GTIDs or consistency"
        case .newer(let id, let target): "the backup \(id) holds what was committed after \(target)"
        case .otherFamily(let id, let family):
            "the backup \(id) is of another family of servers than the log, \(family)"
        case .gap(let gap):
            "the shipped log has a gap: from \(gap.since) (\(Self.shown(gap.after))) to \(gap.begins)"
                + " (\(Self.shown(gap.from))), where segment \(gap.number) begins"
        case .notCovered(let target, let until):
            "the shipped log does not reach \(target): it ends at \(until.map { "\($0)" } ?? "its beginning")"
        case .unknownGTID(let gtid, let until):
            "\(gtid) is not in the shipped log" + (until.map { ", which ends at \($0)" } ?? "")
        }
    }

    package var hint: String? {
        switch self {
        case .noLog: "`breakwater backup ship` ships it; without --until the backup itself is restored"
        case .noBackupBefore: "`breakwater backup log` shows from when to when can be restored"
        case .noPosition: "the server had no GTIDs (log_bin, MySQL: gtid_mode=ON) when it was made: take another backup"
        case .newer: "leave the backup's name away: the newest one before that moment is taken"
        case .otherFamily: "name a backup of the server whose log was shipped"
        case .gap(let gap):
            "restore until \(gap.since) at the latest, or from a backup that was made after the gap"
        case .notCovered(_, let until):
            "say --until now for all that was shipped" + (until.map { ", or a time until \($0)" } ?? "")
        case .unknownGTID: "`breakwater backup log --statements` lists statements with their GTIDs"
        }
    }

    private static func shown(_ state: String) -> String { state.isEmpty ? "nothing" : String(state.prefix(120)) }
}
