internal import CMariaDB

/// What a result set says about one of its columns.
package struct MySQLColumn: Hashable, Sendable {
    /// The type on the wire: "Protocol::ColumnDefinition" and `enum_field_types` of the MySQL source documentation.
    package enum Kind: UInt8, Sendable {
        case decimal = 0, tiny, short, long, float, double, null, timestamp, longLong, int24
        case date, time, dateTime, year, newDate, varChar, bit
        case vector = 242, json = 245, newDecimal, enumeration, set, tinyBlob, mediumBlob, longBlob, blob
        case varString, string, geometry
    }

    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let notNull = Flags(rawValue: 1)
        package static let primaryKey = Flags(rawValue: 2)
        package static let uniqueKey = Flags(rawValue: 4)
        package static let blob = Flags(rawValue: 16)
        package static let unsigned = Flags(rawValue: 32)
        package static let zeroFill = Flags(rawValue: 64)
        package static let binary = Flags(rawValue: 128)
        package static let enumeration = Flags(rawValue: 256)
        package static let autoIncrement = Flags(rawValue: 512)
        package static let set = Flags(rawValue: 2048)
    }

    /// As selected: the alias, when there is one.
    package let name: String
    /// In its table; empty for an expression.
    package let originalName: String
    package let table: String
    package let database: String
    /// Nil for a type that this client does not know; its values are bytes all the same.
    package let kind: Kind?
    package let flags: Flags
    /// The number of the collation of the values *as sent*: 63 is binary.
    package let collation: UInt32
    /// Digits after the point; 31 (39 on MariaDB) for floating point without a fixed number.
    package let decimals: UInt32
    /// The most bytes that a value can have.
    package let length: UInt64

    package var isBinary: Bool { collation == 63 }
}

extension MySQLColumn {
    init(_ field: MYSQL_FIELD) {
        func text(_ pointer: UnsafeMutablePointer<CChar>?, _ length: UInt32) -> String {
            guard let pointer else { return "" }
            let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(length))
            return String(decoding: bytes, as: UTF8.self)
        }
        name = text(field.name, field.name_length)
        originalName = text(field.org_name, field.org_name_length)
        table = text(field.table, field.table_length)
        database = text(field.db, field.db_length)
        kind = UInt8(exactly: field.type.rawValue).flatMap(Kind.init)
        flags = Flags(rawValue: field.flags)
        collation = field.charsetnr
        decimals = field.decimals
        length = UInt64(field.length)
    }

    /// The columns of an open result.
    static func all(of result: UnsafeMutablePointer<MYSQL_RES>) -> [MySQLColumn] {
        guard let fields = mysql_fetch_fields(result) else { return [] }
        return UnsafeBufferPointer(start: fields, count: Int(mysql_num_fields(result))).map(MySQLColumn.init)
    }
}
