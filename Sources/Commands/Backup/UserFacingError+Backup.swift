internal import Age
internal import BackupEngine
internal import Binlog
internal import CloudHTTP
internal import MySQLClient
internal import ObjectStore
internal import RecoveryCore
internal import Topology

/// What users read about errors of backups and restores; the codes are listed in docs/backup-commands.md.
extension UserFacingError {
    /// Nil for an error that has nothing to do with backups.
    init?(ofBackup error: any Error) {
        switch error {
        case let error as DumpError: self.init(error)
        case let error as RestoreError:
            self.init(code: error.code, summary: error.description, hint: error.hint, status: error.exitStatus)
        case let error as ReplayFault:
            self.init(code: error.code, summary: error.description, hint: error.hint, status: .refused)
        case let error as ReplayError:
            self.init(
                code: error.code, summary: error.description, hint: error.hint,
                status: error.isRefusal ? .refused : .failed)
        case let error as ScratchError:
            self.init(code: error.code, summary: error.description, hint: error.hint)
        case let error as CatalogueError: self.init(error)
        case let error as ShippingError: self.init(error)
        case let error as BinlogError: self.init(code: "log.unreadable", summary: error.description)
        case let error as ObjectStoreError: self.init(error)
        case let error as ResticError:
            self.init(code: "files.\(error.code)", summary: error.description, hint: error.hint)
        case let error as FlipError:
            self.init(
                code: "flip.\(error.code)", summary: error.description, hint: error.hint,
                status: error.isRefusal ? .refused : .failed)
        case let error as MySQLError:
            self.init(code: "mysql.\(error.kind.code)", summary: error.description, hint: error.kind.hint)
        case let error as AgeError:
            self.init(code: "age.failed", summary: error.description)
        default: return nil
        }
    }

    private init(_ error: DumpError) {
        let code =
            switch error {
            case .refused: "backup.missing_grants"
            case .noRecipients: "backup.no_recipient"
            case .noSnapshot: "backup.no_snapshot"
            case .lockTimedOut: "backup.lock_timed_out"
            case .changed: "backup.definitions_changed"
            case .table(_, _, let cause):
                cause.kind == .tableDefinitionChanged ? "backup.definitions_changed" : "mysql.\(cause.kind.code)"
            case .unknownType: "backup.unknown_type"
            case .accounts: "backup.accounts_unreadable"
            case .upload: "backup.upload_failed"
            case .store(_, let cause): "store.\(cause.code)"
            case .inconsistent: "backup.inconsistent"
            }
        self.init(code: code, summary: error.description, hint: error.hint)
    }

    private init(_ error: ShippingError) {
        switch error {
        case .refused(_, let hint):
            self.init(code: "log.refused", summary: error.description, hint: hint, status: .refused)
        case .store(_, _, let hint): self.init(code: "log.store", summary: error.description, hint: hint)
        case .overtaken: self.init(code: "log.overtaken", summary: error.description)
        case .unreadableEnd:
            self.init(
                code: "log.unreadable_end", summary: error.description,
                hint: "what follows it could not be joined to it; restore the object, or remove it with its log")
        }
    }

    private init(_ error: CatalogueError) {
        let (code, hint, status): (String, String?, ExitStatus) =
            switch error {
            case .noBackups: ("backup.none", "`breakwater backup list` shows what there is", .failed)
            case .noSuchBackup: ("backup.not_found", "`breakwater backup list` shows what there is", .failed)
            case .manifestMissing:
                ("backup.manifest_missing", "take another one; `breakwater backup prune` removes what is left", .failed)
            case .ambiguous: ("backup.ambiguous", "give more of the name", .invalid)
            case .severalDatabases: ("backup.several_databases", "say --database, or the backup's name", .invalid)
            case .unreadable:
                (
                    "backup.manifest_unreadable",
                    "use a newer Breakwater if it says so, the copy in another store, or an older backup by its name",
                    .failed
                )
            }
        self.init(code: code, summary: error.description, hint: hint, status: status)
    }

    init(_ error: ObjectStoreError) {
        var status = ExitStatus.failed
        if case .invalidLocation = error { status = .invalid }
        self.init(code: "store.\(error.code)", summary: error.description, hint: error.hint, status: status)
    }
}

extension MySQLAddress {
    /// Runs `body`; what a server says in it, or what keeps it from being reached, then says which server that is.
    func naming<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as MySQLError {
            var shown = UserFacingError(presenting: error)
            shown.summary = "\(self): \(shown.summary)"
            throw shown
        }
    }
}

extension RestoreError {
    fileprivate var exitStatus: ExitStatus {
        switch self {
        case .notEmpty, .busy, .replicas, .otherRestore: .refused
        case .noDatabase, .unknownTables: .invalid
        default: .failed
        }
    }
}

extension ObjectStoreError {
    fileprivate var code: String {
        switch self {
        case .invalidKey, .nameTaken: "invalid_name"
        case .invalidLocation: "invalid"
        case .notFound: "object_missing"
        case .alreadyExists: "object_exists"
        case .changed, .truncated, .rangeOutside: "object_changed"
        case .tooLarge, .listingTooLong, .tooManyParts: "too_large"
        case .notDeleted: "not_deleted"
        case .uploadGone: "upload_gone"
        case .noSuchBucket: "no_such_bucket"
        case .accessDenied: "access_denied"
        case .unknownAccessKey: "unknown_access_key"
        case .signatureMismatch: "signature_mismatch"
        case .expiredCredentials: "credentials_expired"
        case .wrongRegion: "wrong_region"
        case .wrongEndpoint: "wrong_endpoint"
        case .clockSkewed: "clock_skewed"
        case .damagedOnTheWay: "damaged_on_the_way"
        case .unsupported, .unexpectedAnswer: "unexpected_answer"
        case .storageFull: "full"
        case .unavailable: "unavailable"
        case .unreachable(let error): if case .untrusted = error { "untrusted" } else { "unreachable" }
        case .file: "file"
        }
    }
}

extension MySQLError.Kind {
    fileprivate var code: String {
        switch self {
        case .cannotConnect: "cannot_connect"
        case .tlsFailed: "tls_failed"
        case .accessDenied: "access_denied"
        case .privilegeMissing: "privilege_missing"
        case .connectionLost: "connection_lost"
        case .timedOut: "timed_out"
        case .interrupted: "interrupted"
        case .statementTimedOut: "statement_timed_out"
        case .lockWaitTimedOut, .deadlock: "lock_timed_out"
        case .tableDefinitionChanged: "definition_changed"
        case .unknownDatabase: "unknown_database"
        case .unknownTable: "unknown_table"
        case .diskFull: "disk_full"
        case .readOnly: "read_only"
        case .tooManyConnections: "too_many_connections"
        case .packetTooLarge: "packet_too_large"
        case .busy, .duplicateKey, .foreignKeyViolated, .resultTooLarge, .syntax, .malformed, .other: "failed"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .cannotConnect: "check the host and the port, and that this machine may reach it"
        case .tlsFailed:
            "name the authority of the server's certificate with ca=FILE; tls=off only where the network is yours"
        case .accessDenied:
            "check the user and the database, and the password: --password-file, or BREAKWATER_MYSQL_PASSWORD"
        case .privilegeMissing: "grant the privilege to the user"
        case .connectionLost, .timedOut: "try again; if it goes on, look into the server's log"
        case .interrupted: "somebody killed the statement at the server"
        case .unknownDatabase: "check the database's name"
        case .diskFull: "make room at the server"
        case .readOnly: "the server takes no writes: is it a replica?"
        case .tooManyConnections: "raise max_connections, or use fewer --threads"
        case .packetTooLarge: "raise max_allowed_packet of the server"
        default: nil
        }
    }
}
