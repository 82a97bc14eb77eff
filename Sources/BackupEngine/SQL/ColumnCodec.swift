/// How the values of a column are read and written so that they come back as they were.
package struct ColumnCodec: Sendable, Hashable {
    package var name: String
    package var literal: SQLLiteral
    /// What is selected instead of the column itself, where its own text would lose something.
    var cast: Cast
    /// The character set that an introducer names; empty where there is none.
    package var characterSet: String

    enum Cast: Sendable, Hashable {
        case none
        /// A number in the text that a statement gives it: MySQL's answers write some small ones another way
        /// (`-0.00000012` for `-1.2e-7`), and a digest that the server computes would differ.
        case characters
        /// The same, with all digits of a FLOAT, and of a DOUBLE whose display was limited to some.
        case double
        /// An ENUM or SET by number: index 0 and members that the connection's character set lacks have no text.
        case unsigned
        /// The bytes of a text as they are stored, without a conversion on the way. Not by a CAST: MariaDB's gives NULL,
        /// with a warning, for what is longer than its `max_allowed_packet`.
        case binary
    }

    /// What no known reading carries: a type of a server newer than this program.
    package struct UnknownType: Error, Equatable, CustomStringConvertible {
        package var column: String
        package var type: String
        package var description: String { "the type \(type) of the column \(column) is not known" }
    }

    /// A column as `information_schema.COLUMNS` describes it; generated ones have no codec, for they are neither read
    /// nor written.
    /// `dataType` is `DATA_TYPE`, such as `double`, `columnType` `COLUMN_TYPE`, such as `double(10,2) unsigned`,
    /// `characterSet` `CHARACTER_SET_NAME`, `nil` for what is no text.
    /// - Throws: `UnknownType`.
    package init(name: String, dataType: String, columnType: String, characterSet: String?) throws(UnknownType) {
        self.name = name
        cast = .none
        self.characterSet = ""
        switch dataType.lowercased() {
        case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "numeric", "year":
            literal = .number
        case "float":
            literal = .float
            cast = .double
        case "double", "real":
            literal = .float
            cast = columnType.contains("(") ? .double : .characters
        case "enum", "set":
            literal = .number
            cast = .unsigned
        case "date", "datetime", "timestamp", "time":
            literal = .text
        case "json", "uuid", "inet4", "inet6":
            // In a session of binary literals these would be taken for the stored form, or refused.
            literal = .unicodeText
        case "bit", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector", "geometry", "point",
            "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
            "geomcollection":
            literal = .hex
        case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
            switch characterSet?.lowercased() ?? "binary" {
            case "utf8mb4", "utf8mb3", "utf8", "ascii":
                literal = .text
            case "binary":
                literal = .hex
            case let set:
                // It stands in statements as it is.
                guard Self.isPlain(set) else { throw UnknownType(column: name, type: "\(columnType) in \(set)") }
                // What a conversion to Unicode and back would change in some of them (cp932, sjis) stays as it is.
                literal = Self.singleByte.contains(set) ? .asciiOrHex : .hexOfCharacterSet
                cast = .binary
                self.characterSet = set
            }
        default:
            throw UnknownType(column: name, type: columnType)
        }
    }

    /// One byte for each character, and ASCII below 0x80: what is ASCII can be written as a plain text.
    private static let singleByte: Set<String> = [
        "latin1", "latin2", "latin5", "latin7", "cp850", "cp852", "cp866", "cp1250", "cp1251", "cp1256", "cp1257",
        "greek", "hebrew", "koi8r", "koi8u",
    ]

    private static func isPlain(_ set: String) -> Bool {
        set.utf8.count <= 32
            && set.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "_")
            }
    }

    /// What to select; the result's bytes are what ``InsertWriter`` and ``RowDigest`` take.
    package var selectExpression: String {
        let column = name.sqlIdentifier
        return switch cast {
        case .none: column
        case .characters: "CAST(\(column) AS CHAR)"
        case .double: "CAST(CAST(\(column) AS DOUBLE) AS CHAR)"
        case .unsigned: "CAST(\(column) AS UNSIGNED)"
        case .binary: "CONVERT(\(column) USING binary)"
        }
    }
}
