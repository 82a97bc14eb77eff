import Foundation
import RecoveryCore

/// A backup with a table of each way to be cut.
func exampleManifest() -> BackupManifest {
    let start = Date(timeIntervalSince1970: 1_772_334_000)
    let sha = String(repeating: "0123456789abcdef", count: 4)
    func rows(_ number: Int, _ table: String, _ rows: UInt64, keys: KeyRange? = nil, partition: String? = nil)
        -> BackupManifest.Object
    {
        BackupManifest.Object(
            name: BackupLayout.object(.rows, number: number, table: table), kind: .rows, table: table, keys: keys,
            partition: partition, rows: rows, rawBytes: 1_000, storedBytes: 200, sha256: sha,
            largestStatementBytes: 900)
    }
    let digest = TableDigest(lanes: SIMD4(1, 2, 3, .max))
    return BackupManifest(
        id: BackupID(time: start, random: 0x7f3a), software: "breakwater 0.5.0", startedAt: start,
        finishedAt: start.addingTimeInterval(6.5),
        source: .init(
            family: .mariadb, version: "10.11.6-MariaDB-0+deb12u1", database: "shop", characterSet: "utf8mb4",
            collation: "utf8mb4_unicode_520_ci"),
        snapshot: .init(
            method: .backupStages, consistent: true,
            position: .init(file: "binlog.000007", offset: 4_711, gtid: "0-1-42"), reasons: ["because"]),
        compression: .init(level: 1), recipients: ["age1…"],
        tables: [
            .init(
                name: "wp_posts", engine: "InnoDB", rows: 30, digest: digest, columns: ["ID", "post_title"],
                cut: .ranges(of: "ID"), autoIncrement: 31),
            .init(name: "x-schema", engine: "InnoDB", rows: 2, digest: digest, columns: ["a"], cut: .whole),
            .init(
                name: "log", engine: "InnoDB", rows: 3, digest: digest, columns: ["a"], cut: .partitions(["p0", "p1"])),
            .init(name: "wp_sessions", engine: "InnoDB", rows: 0, digest: nil, columns: [], cut: .schemaOnly),
        ],
        objects: [
            .init(
                name: BackupLayout.object(.tables, number: 1), kind: .tables, rawBytes: 5_000, storedBytes: 900,
                sha256: sha, largestStatementBytes: 800),
            rows(1, "wp_posts", 10, keys: KeyRange(lower: nil, upper: -5)),
            rows(2, "wp_posts", 20, keys: KeyRange(lower: -5, upper: nil)),
            rows(3, "x-schema", 2), rows(4, "log", 1, partition: "p0"), rows(5, "log", 2, partition: "p1"),
        ],
        leftOut: [.init("wp_sessions", why: "schema_only: preset:woocommerce")], checks: ["orders": "17"])
}
