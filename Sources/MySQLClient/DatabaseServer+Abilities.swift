package import RecoveryCore

/// What a server of this family and version can do that others cannot.
extension DatabaseServer {
    /// `BACKUP STAGE` as the dump uses it.
    package var hasBackupStages: Bool { family == .mariadb && version >= Version(10, 5) }
    /// `LOCK INSTANCE FOR BACKUP`, which holds DDL back.
    package var hasInstanceBackupLock: Bool { family == .mysql && version >= Version(8, 0) }
    /// `innodb_ddl_buffer_size` for the building of indexes.
    package var hasDDLBufferSize: Bool { family == .mysql && version >= Version(8, 0, 27) }
    /// `restrict_fk_on_non_standard_key` refuses foreign keys that older servers accepted.
    package var restrictsForeignKeys: Bool { family == .mysql && version >= Version(8, 4) }
    package var hasSequences: Bool { family == .mariadb && version >= Version(10, 3) }
    package var hasSystemVersioning: Bool { family == .mariadb && version >= Version(10, 3) }
    package var hasInvisibleColumns: Bool {
        version >= (family == .mariadb ? Version(10, 3) : Version(8, 0, 23))
    }
}
