/// What a plan needs to know of a table, as `information_schema` says it.
package struct TableFacts: Sendable, Hashable {
    package var name: String
    package var engine: String
    /// The server's own estimates.
    package var rows: UInt64
    package var bytes: UInt64
    /// In the server's order, `PRIMARY` first.
    package var uniqueKeys: [UniqueKey]
    /// Names of its partitions, without subpartitions; empty when it has none.
    package var partitions: [String]

    package init(
        name: String, engine: String = "InnoDB", rows: UInt64 = 0, bytes: UInt64 = 0, uniqueKeys: [UniqueKey] = [],
        partitions: [String] = []
    ) {
        self.name = name
        self.engine = engine
        self.rows = rows
        self.bytes = bytes
        self.uniqueKeys = uniqueKeys
        self.partitions = partitions
    }
}

/// A unique key with its parts in order.
package struct UniqueKey: Sendable, Hashable {
    package struct Part: Sendable, Hashable {
        /// `nil`: an expression (MySQL 8).
        package var column: String?
        /// `DATA_TYPE` of the column, in lower case.
        package var dataType: String
        package var isNullable: Bool
        /// Only this many characters of the column are in the index.
        package var prefix: Int?

        package init(_ column: String?, _ dataType: String, isNullable: Bool = false, prefix: Int? = nil) {
            self.column = column
            self.dataType = dataType
            self.isNullable = isNullable
            self.prefix = prefix
        }

        /// Whether ranges of it can be written, and hold every row.
        var isWholeInteger: Bool {
            column != nil && !isNullable && prefix == nil
                && ["tinyint", "smallint", "mediumint", "int", "integer", "bigint"].contains(dataType)
        }
    }

    package var name: String
    package var parts: [Part]
    /// Invisible (MySQL) or ignored (MariaDB): the optimizer does not use it.
    package var isHidden: Bool

    package init(_ name: String, _ parts: [Part], isHidden: Bool = false) {
        self.name = name
        self.parts = parts
        self.isHidden = isHidden
    }

    /// Rows with NULL in a unique key are neither unique nor in any range of it.
    var isNullable: Bool { parts.contains(where: \.isNullable) }
}

/// How a table is cut into chunks that several connections read at once.
package struct ChunkStrategy: Sendable, Hashable {
    package enum Cut: Sendable, Hashable {
        /// Ranges of an integer column, which ``ChunkPlanner`` finds.
        case ranges(of: String)
        /// One chunk for each partition.
        case partitions([String])
        /// All rows in one stream.
        case none
    }

    package var cut: Cut
    /// What each chunk is ordered by: the order of the clustered index, which costs nothing to read and least to load.
    /// Empty: in the server's order.
    package var order: [String]
    /// The key that has this order; nil with an empty one. Left to itself, MySQL reads a chunk of a narrow table through
    /// another index, a part of each of its values, and sorts.
    package var index: String?
    /// For people.
    package var reason: String

    /// Cuts where it can be proved that no row is missed, and only along the index that InnoDB keeps the rows in: the
    /// primary key, or without one the first unique key without a nullable column.
    package static func choose(for table: TableFacts) -> ChunkStrategy {
        let usable = table.uniqueKeys.filter { key in
            !key.isHidden && !key.isNullable && !key.parts.isEmpty
                && key.parts.allSatisfy { $0.column != nil && $0.prefix == nil }
        }
        guard let key = usable.first(where: { $0.name == "PRIMARY" }) ?? usable.first else {
            let refused = table.uniqueKeys.first.map { ": \($0.name) \($0.whyUnusable)" } ?? ""
            return withoutKey(table, order: [], "no primary key, and no unique key that finds every row\(refused)")
        }
        let order = key.parts.compactMap(\.column)
        guard let leading = key.parts.first, leading.isWholeInteger, let column = leading.column else {
            return withoutKey(
                table, order: order, index: key.name,
                "\(key.name) starts with no integer, and what lies between two texts is a matter of collations")
        }
        let reason = "ranges of \(column), \(order.count == 1 ? "which is" : "the first column of") \(key.name)"
        return ChunkStrategy(cut: .ranges(of: column), order: order, index: key.name, reason: reason)
    }

    private static func withoutKey(
        _ table: TableFacts, order: [String], index: String? = nil, _ why: String
    ) -> ChunkStrategy {
        // Each row is in exactly one partition, which the server itself sees to.
        table.partitions.count > 1
            ? ChunkStrategy(
                cut: .partitions(table.partitions), order: order, index: index, reason: "by partition: \(why)")
            : ChunkStrategy(cut: .none, order: order, index: index, reason: "one stream: \(why)")
    }
}

extension UniqueKey {
    fileprivate var whyUnusable: String {
        if isHidden { return "is hidden from the optimizer" }
        if let part = parts.first(where: \.isNullable) {
            return "may be NULL in \(part.column ?? "an expression")"
        }
        if parts.contains(where: { $0.column == nil }) { return "indexes an expression" }
        return "indexes only the beginning of a column"
    }
}
