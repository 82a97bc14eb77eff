package import Foundation

/// What a backup consists of. It is written last, so a backup without it is none; and it is all that listing,
/// restoring, verifying and deleting go by.
///
/// It lives here, below all of them, because retention decides from manifests and every job reads them. The format is
/// described in docs/backup.md; keys are written out below so that no renaming of a property changes a file.
package struct BackupManifest: Sendable, Equatable, Codable {
    package static let format = "breakwater-backup"
    /// Raised when an older reader would misunderstand a file. Keys that it may ignore do not raise it.
    package static let version = 1

    package var id: BackupID
    /// What wrote it, such as `breakwater 0.5.0`.
    package var software: String
    package var startedAt: Date
    package var finishedAt: Date
    package var source: Source
    package var snapshot: Snapshot
    package var compression: Compression
    /// age recipients, one of whose identities opens every object; public keys.
    package var recipients: [String]
    package var tables: [Table]
    /// In the order in which a restore takes them.
    package var objects: [Object]
    /// What the backup lacks, and what could not be carried without loss. Nothing is left out in silence.
    package var leftOut: [LeftOut]
    /// Figures of the shop at the moment of the snapshot, by name, which a restore compares.
    package var checks: [String: String]

    package init(
        id: BackupID, software: String, startedAt: Date, finishedAt: Date, source: Source, snapshot: Snapshot,
        compression: Compression, recipients: [String], tables: [Table], objects: [Object], leftOut: [LeftOut] = [],
        checks: [String: String] = [:]
    ) {
        self.id = id
        self.software = software
        self.startedAt = startedAt.wholeSecond
        self.finishedAt = finishedAt.wholeSecond
        self.source = source
        self.snapshot = snapshot
        self.compression = compression
        self.recipients = recipients
        self.tables = tables
        self.objects = objects
        self.leftOut = leftOut
        self.checks = checks
    }

    package enum CodingKeys: String, CodingKey {
        case id, software, source, snapshot, compression, recipients, tables, objects, checks
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case leftOut = "left_out"
    }
}

extension BackupManifest {
    /// The database and the server it was on.
    package struct Source: Sendable, Equatable, Codable {
        package var family: DatabaseServer.Family
        /// As the server says it: `10.11.6-MariaDB-0+deb12u1`.
        package var version: String
        package var database: String
        package var characterSet: String
        package var collation: String

        package init(
            family: DatabaseServer.Family, version: String, database: String, characterSet: String, collation: String
        ) {
            self.family = family
            self.version = version
            self.database = database
            self.characterSet = characterSet
            self.collation = collation
        }

        enum CodingKeys: String, CodingKey {
            case family, version, database, collation
            case characterSet = "character_set"
        }
    }

    /// How the rows came to be of one moment.
    package struct Snapshot: Sendable, Equatable, Codable {
        package var method: SnapshotPlan.Method
        /// Whether all tables show one moment; not so if some have no transactions.
        package var consistent: Bool
        package var position: Position?
        /// ``SnapshotPlan/reasons`` and ``SnapshotPlan/warnings``.
        package var reasons: [String]
        package var warnings: [String]

        package init(
            method: SnapshotPlan.Method, consistent: Bool, position: Position?, reasons: [String] = [],
            warnings: [String] = []
        ) {
            self.method = method
            self.consistent = consistent
            self.position = position
            self.reasons = reasons
            self.warnings = warnings
        }
    }

    /// Where in the binary log the snapshot was taken.
    package struct Position: Sendable, Equatable, Codable {
        package var file: String
        package var offset: UInt64
        /// `gtid_executed` of MySQL, `gtid_binlog_pos` of MariaDB; `nil` when the server has no GTIDs.
        package var gtid: String?

        package init(file: String, offset: UInt64, gtid: String?) {
            self.file = file
            self.offset = offset
            self.gtid = gtid
        }
    }

    package struct Compression: Sendable, Equatable, Codable {
        /// Always `zstd`.
        package var kind: String
        package var level: Int

        package init(level: Int) {
            kind = "zstd"
            self.level = level
        }
    }

    package struct Table: Sendable, Equatable, Codable {
        package var name: String
        package var engine: String
        package var rows: UInt64
        /// `nil` when the rows were left out by a rule.
        package var digest: TableDigest?
        /// The columns that INSERTs carry, in order; generated ones are not among them.
        package var columns: [String]
        package var cut: Cut
        package var autoIncrement: UInt64?

        package init(
            name: String, engine: String, rows: UInt64, digest: TableDigest?, columns: [String], cut: Cut,
            autoIncrement: UInt64? = nil
        ) {
            self.name = name
            self.engine = engine
            self.rows = rows
            self.digest = digest
            self.columns = columns
            self.cut = cut
            self.autoIncrement = autoIncrement
        }

        enum CodingKeys: String, CodingKey {
            case name, engine, rows, digest, columns, cut
            case autoIncrement = "auto_increment"
        }
    }

    /// How the rows of a table are spread over objects.
    package enum Cut: Sendable, Equatable {
        /// In one object.
        case whole
        /// By ranges of this column, which together are all integers.
        case ranges(of: String)
        /// One object for each of these partitions.
        case partitions([String])
        /// Not at all: a rule left them out.
        case schemaOnly
    }

    package struct LeftOut: Sendable, Equatable, Codable {
        /// A table, `table.column`, or another object.
        package var what: String
        package var why: String

        package init(_ what: String, why: String) {
            self.what = what
            self.why = why
        }
    }
}
