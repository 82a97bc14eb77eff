/// What scenarios read of the documents that `breakwater` prints.
enum BackupWords {
    struct Created: Decodable, Sendable {
        struct Store: Decodable, Sendable {
            var store: String
            var stored: Bool
        }

        var id: String
        var rows: Int
        var rawBytes: Int
        var storedBytes: Int
        var stores: [Store]
    }

    struct Verified: Decodable, Sendable {
        struct Failure: Decodable, Sendable {
            var what: String
            var why: String
        }

        var backup: String
        var verified: Bool
        var failures: [Failure]
    }

    struct Listed: Decodable, Sendable {
        struct Backup: Decodable, Sendable {
            var id: String
            var state: String
            var stores: [String]
        }

        struct Unfinished: Decodable, Sendable { var folder: String }

        var backups: [Backup]
        var unfinished: [Unfinished]
    }

    struct Restored: Decodable, Sendable {
        var backup: String
        var database: String
        var verified: Bool
        var durationMs: Int
        /// Nil without the log.
        var replayed: Replayed?
    }

    struct Replayed: Decodable, Sendable {
        var transactions: Int
        var stoppedBefore: String?
    }

    struct Pruned: Decodable, Sendable {
        struct Backup: Decodable, Sendable {
            var id: String
            var stays: Bool
        }

        struct Store: Decodable, Sendable { var backups: [Backup] }

        var applied: Bool
        var stores: [Store]
    }
}
