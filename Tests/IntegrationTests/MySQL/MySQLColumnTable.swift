import MySQLClient

extension MySQLTests.DataSafety {
    /// What the servers say of a column of a type, over a connection in utf8mb4.
    struct TypeFacts {
        let definition: String
        let kind: MySQLColumn.Kind
        let length: UInt64
        var flags: MySQLColumn.Flags = []
        var isBinary = true
        var decimals: UInt32 = 0

        init(
            _ definition: String, _ kind: MySQLColumn.Kind, _ length: UInt64, _ flags: MySQLColumn.Flags = [],
            text: Bool = false, decimals: UInt32 = 0
        ) {
            (self.definition, self.kind, self.length, self.flags) = (definition, kind, length, flags)
            (isBinary, self.decimals) = (!text, decimals)
        }

    }

    /// The flags by which a reader tells types apart.
    static let telling: MySQLColumn.Flags = [.notNull, .unsigned, .zeroFill, .enumeration, .set, .blob, .binary]

    static let types: [TypeFacts] = [
        .init("TINYINT", .tiny, 4), .init("TINYINT UNSIGNED NOT NULL", .tiny, 3, [.unsigned, .notNull]),
        .init("SMALLINT", .short, 6), .init("MEDIUMINT UNSIGNED", .int24, 8, [.unsigned]), .init("INT", .long, 11),
        .init("INT(5) UNSIGNED ZEROFILL", .long, 5, [.unsigned, .zeroFill]), .init("BIGINT", .longLong, 20),
        .init("DECIMAL(10,3)", .newDecimal, 12, decimals: 3), .init("FLOAT", .float, 12, decimals: 31),
        .init("DOUBLE", .double, 22, decimals: 31), .init("BIT(9)", .bit, 9, [.unsigned]),
        .init("DATE", .date, 10, [.binary]), .init("TIME(3)", .time, 14, [.binary], decimals: 3),
        .init("DATETIME(6)", .dateTime, 26, [.binary], decimals: 6),
        .init("YEAR", .year, 4, [.unsigned, .zeroFill]),
        .init("CHAR(10) CHARACTER SET utf8mb4", .string, 40, text: true),
        .init("VARCHAR(10) CHARACTER SET utf8mb4", .varString, 40, text: true),
        .init("CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", .string, 40, [.binary], text: true),
        .init("BINARY(10)", .string, 10, [.binary]), .init("VARBINARY(10)", .varString, 10, [.binary]),
        .init("TINYBLOB", .blob, 255, [.blob, .binary]), .init("LONGBLOB", .blob, 0xFFFF_FFFF, [.blob, .binary]),
        .init("TEXT CHARACTER SET utf8mb4", .blob, 262140, [.blob], text: true),
        .init("ENUM('a','bcd') CHARACTER SET utf8mb4", .string, 12, [.enumeration], text: true),
        .init("SET('a','bc') CHARACTER SET utf8mb4", .string, 16, [.set], text: true),
        .init("POINT", .geometry, 0xFFFF_FFFF, [.blob, .binary]),
    ]
    static let typesOfMySQL: [TypeFacts] = [
        .init("JSON", .json, 0xFFFF_FFFF, [.blob, .binary]),
        .init("VECTOR(3)", .vector, 12, [.blob, .binary], decimals: 31),
        .init("TIMESTAMP NULL", .timestamp, 19, [.binary]),
    ]
    static let typesOfMariaDB: [TypeFacts] = [
        .init("JSON", .blob, 0xFFFF_FFFF, [.blob, .binary], text: true),
        .init("UUID", .string, 144, [.unsigned, .binary], text: true),
        .init("INET6", .string, 156, [.unsigned, .binary], text: true),
        .init("TIMESTAMP NULL", .timestamp, 19, [.unsigned, .binary]),
    ]
}
