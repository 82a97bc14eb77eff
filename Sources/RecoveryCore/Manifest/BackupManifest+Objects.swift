extension BackupManifest {
    /// One stored object: SQL text, compressed and encrypted.
    package struct Object: Sendable, Equatable, Codable {
        /// What it holds, in the order of a restore. The digit begins the object's name, so that names in order restore
        /// a database with stock tools as well.
        package enum Kind: String, Sendable, CaseIterable, Codable {
            /// `CREATE TABLE` without what slows loading down.
            case tables
            case rows
            /// The keys and constraints that were left out of `tables`.
            case indexes
            case routines
            case views
            case triggers
            case events
            /// Users and their privileges.
            case grants

            package var digit: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
        }

        /// Below the backup's folder.
        package var name: String
        package var kind: Kind
        /// Only of `rows`.
        package var table: String?
        /// Only of `rows` that were cut.
        package var keys: KeyRange?
        package var partition: String?
        package var rows: UInt64
        /// Of the SQL text, and of what is stored.
        package var rawBytes: UInt64
        package var storedBytes: UInt64
        /// Of what is stored: 64 hexadecimal digits.
        package var sha256: String
        /// What `max_allowed_packet` must admit.
        package var largestStatementBytes: UInt64

        package init(
            name: String, kind: Kind, table: String? = nil, keys: KeyRange? = nil, partition: String? = nil,
            rows: UInt64 = 0, rawBytes: UInt64, storedBytes: UInt64, sha256: String, largestStatementBytes: UInt64
        ) {
            self.name = name
            self.kind = kind
            self.table = table
            self.keys = keys
            self.partition = partition
            self.rows = rows
            self.rawBytes = rawBytes
            self.storedBytes = storedBytes
            self.sha256 = sha256
            self.largestStatementBytes = largestStatementBytes
        }

        enum CodingKeys: String, CodingKey {
            case name, kind, table, keys, partition, rows, sha256
            case rawBytes = "raw_bytes"
            case storedBytes = "stored_bytes"
            case largestStatementBytes = "largest_statement_bytes"
        }
    }

    package var rows: UInt64 { tables.reduce(0) { $0 &+ $1.rows } }
    package var rawBytes: UInt64 { objects.reduce(0) { $0 &+ $1.rawBytes } }
    package var storedBytes: UInt64 { objects.reduce(0) { $0 &+ $1.storedBytes } }
}

/// Keys may be larger than what JSON readers hold exactly, so they are texts.
extension KeyRange: Codable {
    enum CodingKeys: String, CodingKey {
        case lower = "from"
        case upper = "below"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func key(_ key: CodingKeys) throws -> Int128? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard let number = Int128(text), String(number) == text else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "must be a whole number as a text")
            }
            return number
        }
        self.init(lower: try key(.lower), upper: try key(.upper))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(lower.map { String($0) }, forKey: .lower)
        try container.encodeIfPresent(upper.map { String($0) }, forKey: .upper)
    }
}

extension BackupManifest.Cut: Codable {
    enum CodingKeys: String, CodingKey {
        case by, column, partitions
    }

    private enum Word: String, Codable {
        case whole, ranges, partitions
        case schemaOnly = "schema_only"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self =
            switch try container.decode(Word.self, forKey: .by) {
            case .whole: .whole
            case .schemaOnly: .schemaOnly
            case .ranges: .ranges(of: try container.decode(String.self, forKey: .column))
            case .partitions: .partitions(try container.decode([String].self, forKey: .partitions))
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .whole: try container.encode(Word.whole, forKey: .by)
        case .schemaOnly: try container.encode(Word.schemaOnly, forKey: .by)
        case .ranges(let column):
            try container.encode(Word.ranges, forKey: .by)
            try container.encode(column, forKey: .column)
        case .partitions(let names):
            try container.encode(Word.partitions, forKey: .by)
            try container.encode(names, forKey: .partitions)
        }
    }
}

extension DatabaseServer.Family: Codable {}
extension SnapshotPlan.Method: Codable {}
