internal import MySQLClient
internal import RecoveryCore

extension SchemaReader {
    struct ListedTable {
        var name: String
        /// `BASE TABLE`, `VIEW`, `SEQUENCE`, `SYSTEM VERSIONED`, …
        var type: String
        var engine: String?
        var rows: UInt64
        var bytes: UInt64
        var autoIncrement: UInt64?
        var createdAt: String?
        /// For a table that cannot be opened: the error.
        var comment: String
    }

    /// Rows of `information_schema` that belong to this database. It may compare names without case, so that each is
    /// looked at again: the first column is the database's name.
    func rows(_ statement: String) async throws -> (MySQLResult, [Int]) {
        let result = try await connection.query(statement, limit: 1 << 30)
        let name = Array(database.utf8)
        return (result, result.rows.indices.filter { result.rows[$0].first == .some(name) })
    }

    func listTables() async throws -> [ListedTable] {
        let (result, rows) = try await rows(
            """
            SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, AUTO_INCREMENT, CREATE_TIME,
            TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
            """)
        return try rows.map { row in
            func number(_ column: Int) -> UInt64? { result.text(row, column).flatMap { UInt64($0) } }
            let name = try text(result, row, 1, of: "the list of tables")
            return ListedTable(
                name: name, type: result.text(row, 2) ?? "", engine: result.text(row, 3), rows: number(4) ?? 0,
                bytes: number(5) ?? 0, autoIncrement: number(6), createdAt: result.text(row, 7),
                comment: result.text(row, 8) ?? "")
        }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// By the bytes of the table's name: to Swift, names that Unicode calls equivalent are the same.
    func columns() async throws -> [[UInt8]: [TableSchema.Column]] {
        let (result, rows) = try await rows(
            """
            SELECT TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME,
            COLLATION_NAME, IS_NULLABLE, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
            """)
        var columns: [[UInt8]: [(position: Int, column: TableSchema.Column)]] = [:]
        for row in rows {
            let table = try text(result, row, 1, of: "the list of columns")
            let extra = result.text(row, 9)?.uppercased() ?? ""
            let column = TableSchema.Column(
                name: try text(result, row, 3, of: "the columns of \(table)"),
                dataType: result.text(row, 4)?.lowercased() ?? "", columnType: result.text(row, 5) ?? "",
                characterSet: result.text(row, 6), collation: result.text(row, 7),
                isNullable: result.text(row, 8) == "YES",
                // With the space: a default that is an expression is DEFAULT_GENERATED.
                isGenerated: extra.contains(" GENERATED"), isInvisible: extra.contains("INVISIBLE"))
            columns[Array(table.utf8), default: []].append((result.text(row, 2).flatMap { Int($0) } ?? 0, column))
        }
        return columns.mapValues { $0.sorted { $0.position < $1.position }.map(\.column) }
    }

    func partitions() async throws -> [[UInt8]: [String]] {
        let (result, rows) = try await rows(
            """
            SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, PARTITION_ORDINAL_POSITION, PARTITION_NAME
            FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL
            """)
        var partitions: [[UInt8]: [(position: Int, name: String)]] = [:]
        for row in rows {
            let table = try text(result, row, 1, of: "the list of partitions")
            let name = try text(result, row, 3, of: "the partitions of \(table)")
            partitions[Array(table.utf8), default: []].append((result.text(row, 2).flatMap { Int($0) } ?? 0, name))
        }
        return partitions.mapValues { $0.sorted { $0.position < $1.position }.map(\.name) }
    }

    /// In the server's order, which `information_schema` does not keep.
    func uniqueKeys(of table: String, columns: [TableSchema.Column]) async throws -> [UniqueKey] {
        let result = try await connection.query("SHOW INDEX FROM \(table.sqlIdentifier)")
        let nonUnique = result.texts("Non_unique")
        let names = result.texts("Key_name")
        let columnNames = result.texts("Column_name")
        let prefixes = result.texts("Sub_part")
        let kinds = result.texts("Index_type")
        let visible = result.texts("Visible")
        let ignored = result.texts("Ignored")
        var keys: [UniqueKey] = []
        for row in result.rows.indices where nonUnique[row] == "0" {
            let column = columns.first { column in
                columnNames[row].map { Array($0.utf8) == Array(column.name.utf8) } ?? false
            }
            let part = UniqueKey.Part(
                column?.name, column?.dataType ?? "", isNullable: column?.isNullable ?? true,
                prefix: prefixes[row].flatMap { Int($0) })
            // MariaDB keeps long unique keys as hashes, in which nothing is in order.
            let isHidden =
                kinds[row] == "HASH" || visible.indices.contains(row) && visible[row] == "NO"
                || ignored.indices.contains(row) && ignored[row] == "YES"
            if let last = keys.last, let name = names[row], Array(last.name.utf8) == Array(name.utf8) {
                keys[keys.count - 1].parts.append(part)
            } else {
                keys.append(UniqueKey(names[row] ?? "", [part], isHidden: isHidden))
            }
        }
        return keys
    }
}
