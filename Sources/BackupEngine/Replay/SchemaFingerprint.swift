internal import Crypto
internal import MySQLClient

/// Tells whether the definitions of a database have changed: of tables, columns, indexes, keys, partitions, programs.
enum SchemaFingerprint {
    private static let queries = [
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT"
            + " FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
        "SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA,"
            + " COLLATION_NAME, COLUMN_COMMENT, GENERATION_EXPRESSION"
            + " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2",
        "SELECT TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, INDEX_TYPE, SUB_PART, COLLATION"
            + " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2, 3",
        "SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE FROM information_schema.TABLE_CONSTRAINTS"
            + " WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2",
        "SELECT TABLE_NAME, PARTITION_NAME, PARTITION_ORDINAL_POSITION, PARTITION_DESCRIPTION"
            + " FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 3, 2",
        "SELECT TABLE_NAME, VIEW_DEFINITION, DEFINER, SECURITY_TYPE"
            + " FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
        "SELECT ROUTINE_TYPE, ROUTINE_NAME, ROUTINE_DEFINITION, LAST_ALTERED, DEFINER"
            + " FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1, 2",
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, CREATED"
            + " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1",
        "SELECT EVENT_NAME, EVENT_DEFINITION, LAST_ALTERED, STATUS"
            + " FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1",
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()",
    ]

    /// In hexadecimal.
    static func read(over connection: MySQLConnection) async throws -> String {
        var hash = SHA256()
        for query in queries {
            let result = try await connection.query(query, limit: 1 << 30)
            for row in result.rows {
                for value in row {
                    hash.update(data: [value == nil ? 0 : 1])
                    hash.update(data: value ?? [])
                    hash.update(data: [0xFF])
                }
            }
        }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
