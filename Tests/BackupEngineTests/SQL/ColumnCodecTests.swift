import BackupEngine
import Testing

extension ColumnCodec {
    /// By its type as in a definition.
    init(_ name: String, _ type: String, set: String? = nil) throws {
        try self.init(
            name: name, dataType: String(type.prefix { $0.isLetter || $0.isNumber }), columnType: type,
            characterSet: set)
    }
}

struct ColumnCodecTests {
    @Test(arguments: [
        ("int(10) unsigned zerofill", nil, "`c`", SQLLiteral.number), ("bigint", nil, "`c`", .number),
        ("decimal(65,30)", nil, "`c`", .number), ("year", nil, "`c`", .number),
        ("float", nil, "CAST(CAST(`c` AS DOUBLE) AS CHAR)", .float),
        ("float(7,4)", nil, "CAST(CAST(`c` AS DOUBLE) AS CHAR)", .float),
        ("double", nil, "CAST(`c` AS CHAR)", .float),
        ("double(10,2) unsigned", nil, "CAST(CAST(`c` AS DOUBLE) AS CHAR)", .float),
        ("enum('a','b')", "utf8mb4", "CAST(`c` AS UNSIGNED)", .number),
        ("set('a','b')", "sjis", "CAST(`c` AS UNSIGNED)", .number), ("bit(64)", nil, "`c`", .hex),
        ("binary(16)", nil, "`c`", .hex), ("longblob", nil, "`c`", .hex),
        ("geometry", nil, "`c`", .hex),
        ("vector(3)", nil, "`c`", .hex), ("json", nil, "`c`", .unicodeText),
        ("inet6", nil, "`c`", .unicodeText),
        ("datetime(6)", nil, "`c`", .text), ("time", nil, "`c`", .text),
        ("longtext", "utf8mb4", "`c`", .text),
        ("varchar(9)", "utf8mb3", "`c`", .text), ("char(9)", "ascii", "`c`", .text),
        ("text", "latin1", "CONVERT(`c` USING binary)", .asciiOrHex),
        ("varchar(3)", "cp932", "CONVERT(`c` USING binary)", .hexOfCharacterSet),
        ("varchar(3)", "utf16le", "CONVERT(`c` USING binary)", .hexOfCharacterSet),
        ("varchar(3)", "swe7", "CONVERT(`c` USING binary)", .hexOfCharacterSet),
    ])
    func everyTypeHasItsForm(_ type: String, _ set: String?, _ select: String, _ literal: SQLLiteral)
        throws
    {
        let codec = try ColumnCodec("c", type, set: set)
        #expect(codec.selectExpression == select)
        #expect(codec.literal == literal)
    }

    @Test(
        arguments: [("hyperreal(3)", nil), ("varchar(3)", "x'; DROP"), ("", nil)] as [(String, String?)]
    )
    func whatIsNotKnownIsRefused(_ type: String, _ set: String?) {
        #expect(throws: ColumnCodec.UnknownType.self) {
            try ColumnCodec("c", type, set: set)
        }
    }

    @Test func namesAreQuoted() {
        #expect("a`b.c ``".sqlIdentifier == "`a``b.c `````")
    }
}
