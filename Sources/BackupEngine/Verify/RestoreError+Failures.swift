internal import MySQLClient
internal import RecoveryCore

extension RestoreError {
    /// What the error says about the backup; nil when it says nothing, because the place, the store or the key is at
    /// fault, or may be.
    func failures(of family: DatabaseServer.Family, on server: DatabaseServer) -> [BackupManifest.LeftOut]? {
        switch self {
        case .missing(let object, let part):
            [.init(object, why: "it is missing; it holds \(part.what)")]
        case .damaged(let object, let reason, let part):
            [.init(object, why: "it is damaged: \(reason); it holds \(part.what)")]
        case .differs(let parts): parts
        // What another family does not understand is no fault of the backup.
        case .statement(let object, let beginning, let error) where family == server.family && error.isOfTheStatement:
            [.init(object, why: "\(error), in the statement \(beginning)")]
        case .statement, .noDatabase, .notEmpty, .busy, .unknownTables, .replicas, .binaryLog, .otherRestore,
            .packetLimit,
            .key, .unreadable:
            nil
        }
    }
}

extension MySQLError {
    /// Whether a server would refuse the statement wherever and whenever it is sent. Those that are excepted come from
    /// files, memory and threads: 3, 5 and 1026 say that a file cannot be written, 1030 what a storage engine was told,
    /// 1037, 1038, 1041 and 1135 that memory or threads ran out, 1878 that a temporary file is too small.
    fileprivate var isOfTheStatement: Bool {
        guard ![3, 5, 1026, 1030, 1037, 1038, 1041, 1135, 1878].contains(code) else { return false }
        return switch kind {
        case .tableDefinitionChanged, .unknownTable, .duplicateKey, .foreignKeyViolated, .syntax, .other: true
        case .cannotConnect, .tlsFailed, .accessDenied, .privilegeMissing, .connectionLost, .timedOut, .busy,
            .interrupted, .statementTimedOut, .lockWaitTimedOut, .deadlock, .unknownDatabase, .diskFull, .readOnly,
            .tooManyConnections, .packetTooLarge, .resultTooLarge, .malformed:
            false
        }
    }
}
