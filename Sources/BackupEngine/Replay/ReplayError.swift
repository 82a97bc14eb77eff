package import Binlog
package import MySQLClient
package import RecoveryCore

/// Why a log was not replayed, or not to its target. What was replayed stays, with the journal, so that the same restore
/// goes on from there when it is run again.
package enum ReplayError: Error, CustomStringConvertible {
    /// The events of a segment are missing or damaged.
    case segment(UInt64, reason: String)
    case key(UInt64, reason: String, recipients: [String])
    /// What the segment holds is no log that can be replayed.
    case log(UInt64, BinlogError)
    /// The user may not replay. Nothing was changed.
    case privilege(DatabaseServer, MySQLError)
    /// The target is a server of the other family. Nothing was changed.
    case otherFamily(DatabaseServer)
    /// The target does not take the log of the source's version. Nothing was changed.
    case notTaken(DatabaseServer, MySQLError)
    /// The server refused a part of a transaction.
    case statement(Place, beginning: String, MySQLError)
    /// What a transaction holds cannot be replayed.
    case unsupported(Place, String)
    /// A statement whose effects elsewhere nobody can foresee.
    case unsafe(Place, beginning: String, why: String)
    /// Whether a statement ran before the last attempt was ended is not known.
    case inDoubt(Place, beginning: String)
    /// An earlier attempt has replayed more than is wanted now.
    case beyond(ReplayTarget, last: String)

    /// A transaction, for people.
    package struct Place: Sendable, Hashable, CustomStringConvertible {
        package var gtid: GTID
        package var committedAt: LogTime

        package init(_ transaction: BinlogTransaction) {
            gtid = transaction.gtid
            committedAt = LogTime(microseconds: transaction.committedAt)
        }

        package var description: String { "\(gtid) (\(committedAt))" }
    }

    /// Stable, for scripts.
    package var code: String {
        switch self {
        case .segment: "restore.segment_damaged"
        case .key: "restore.key"
        case .log, .unsupported: "restore.log_unsupported"
        case .privilege: "restore.replay_privilege"
        case .otherFamily, .notTaken: "restore.other_family"
        case .statement: "restore.replay_failed"
        case .unsafe: "restore.replay_unsafe"
        case .inDoubt: "restore.replay_in_doubt"
        case .beyond: "restore.replay_beyond"
        }
    }

    /// Whether nothing was changed at the target.
    package var isRefusal: Bool {
        switch self {
        case .privilege, .otherFamily, .notTaken, .beyond: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .segment(let number, let reason): "segment \(number) of the log cannot be read: \(reason)"
        case .key(let number, let reason, _): "segment \(number) of the log cannot be opened: \(reason)"
        case .log(let number, let error): "segment \(number): \(error)"
        case .privilege(_, let error): "the user may not replay a binary log: \(error)"
        case .otherFamily(let server): "\(server) cannot replay the log of another family of servers"
        case .notTaken(let server, let error): "\(server) does not take this log: \(error)"
        case .statement(let place, let beginning, let error): "\(place): \(error), in \(beginning)"
        case .unsupported(let place, let what): "\(place) has \(what), which cannot be replayed"
        case .unsafe(let place, let beginning, let why): "\(place) was not replayed: \(why): \(beginning)"
        case .inDoubt(let place, let beginning):
            "whether \(place) was done before the last attempt ended cannot be seen: \(beginning)"
        case .beyond(let target, let last):
            "an earlier attempt has replayed until \(last), which is beyond \(target)"
        }
    }

    package var hint: String? {
        switch self {
        case .segment: "use the copy in another store, or restore until before it: `breakwater backup log` shows when"
        case .key(_, _, let recipients):
            "use the identity whose public key is \(recipients.joined(separator: " or "))"
        case .log: nil
        case .privilege(let server, _):
            server.family == .mariadb
                ? "GRANT BINLOG REPLAY ON *.* TO the user (before MariaDB 10.5: SUPER)"
                : "GRANT REPLICATION_APPLIER, SESSION_VARIABLES_ADMIN ON *.* TO the user (before MySQL 8: SUPER)"
        case .otherFamily, .notTaken: "restore onto a server like the source"
        case .statement(_, _, let error):
            switch error.kind {
            case .diskFull: "make room at the server, then run the restore again: it goes on from here"
            case .privilegeMissing: "grant the privilege, then run the restore again: it goes on from here"
            case .packetTooLarge: "raise max_allowed_packet of the server, then run the restore again"
            default: "--before-gtid with this transaction restores until just before it"
            }
        case .unsupported(let place, _), .unsafe(let place, _, _):
            "--before-gtid \(place.gtid) restores until just before it"
        case .inDoubt: "run the restore again with --overwrite"
        case .beyond: "run the restore again with --overwrite, which begins anew"
        }
    }
}
