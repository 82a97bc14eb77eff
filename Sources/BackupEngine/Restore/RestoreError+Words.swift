internal import MySQLClient
internal import RecoveryCore

extension RestoreError {
    package var description: String {
        switch self {
        case .noDatabase: "the target names no database"
        case .notEmpty(let database, let found, _):
            "the database \(database) is not empty: it has \(Self.list(found))"
        case .busy(let database): "another restore into \(database) is running"
        case .unknownTables(let tables): "the backup has no table \(Self.list(tables.map(\.name)))"
        case .replicas(let count):
            "\(count) \(count == 1 ? "replica reads" : "replicas read") the server's binary log, and would lack what is"
                + " restored without it"
        case .binaryLog(let error): "the binary log cannot be switched off for the restore: \(error)"
        case .otherRestore(let database, let backup):
            "in \(database) is an unfinished restore of another choice or backup: \(backup)"
        case .packetLimit(let needed, let allowed, let object):
            "\(object) has a statement of \(needed) bytes, and the server accepts \(allowed)"
        case .key(let object, let reason, _): "\(object) cannot be opened: \(reason)"
        case .missing(let object, let part): "\(object) is missing; it holds \(part.what)"
        case .damaged(let object, let reason, let part): "\(object) is damaged: \(reason); it holds \(part.what)"
        case .unreadable(let object, let reason, _): "\(object) cannot be read: \(reason)"
        case .statement(let object, let beginning, let error): "\(object): \(error), in the statement \(beginning)"
        case .differs(let parts):
            "what was restored is not what was backed up: "
                + Self.list(parts.map { "\($0.what): \($0.why)" }, separator: "; ")
        }
    }

    package var hint: String? {
        switch self {
        case .noDatabase: "name it in the target's URL"
        case .notEmpty(_, _, let inTheWay):
            inTheWay.isEmpty
                ? "restore into a new database, or say --overwrite to restore beside what is there; nothing is in the way"
                : "restore into a new database, or say --overwrite, which drops \(inTheWay.joined(separator: ", "))"
        case .busy: "wait until it is done, or end it"
        case .unknownTables(let tables):
            tables.compactMap(\.nearest).isEmpty
                ? nil : "did you mean \(Self.list(tables.compactMap(\.nearest)))?"
        case .replicas: "restore without --skip-binlog, so that the replicas get it as well"
        case .binaryLog: "restore without --skip-binlog, or grant SESSION_VARIABLES_ADMIN (MariaDB: BINLOG ADMIN)"
        case .otherRestore: "finish that one, or say --overwrite to drop it"
        case .packetLimit(let needed, _, _):
            "set max_allowed_packet of the server to at least \((needed >> 20) + 1)M for the restore"
        case .key(_, _, let recipients):
            "use the identity whose public key is \(Self.list(recipients, separator: " or "))"
        case .missing(_, let part), .damaged(_, _, let part):
            part.restorable.isEmpty
                ? "use another backup, or the copy of this one in another bucket"
                : "use another backup, or restore the other tables of this one: "
                    + (part.isBegun ? "--overwrite " : "") + "--tables \(part.restorable.joined(separator: ","))"
        case .unreadable(_, _, let hint): hint ?? "run the restore again: it goes on from here"
        case .statement(_, _, let error): Self.hint(for: error)
        case .differs: "do not use what was restored before you know why"
        }
    }

    private static func hint(for error: MySQLError) -> String? {
        switch error.kind {
        case .diskFull: "make room at the server, then run the restore again: it goes on from here"
        case .privilegeMissing, .accessDenied: "grant the privilege, then run the restore again: it goes on from here"
        case .packetTooLarge: "raise max_allowed_packet of the server, then run the restore again"
        case .syntax, .unknownTable, .other:
            "restore onto a server like the backup's, which `backup show` names, or the other tables alone with --tables"
        default: nil
        }
    }

    static func list(_ names: [String], separator: String = ", ") -> String {
        names.prefix(5).joined(separator: separator) + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }
}
