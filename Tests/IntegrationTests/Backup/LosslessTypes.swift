import LoopbackServers
import Testing

/// A type with values that dump tools are known to lose.
struct LosslessType: CustomTestStringConvertible {
    var definition: String
    /// In SQL.
    var values: [String]
    /// Nil: both servers have it.
    var only: LoopbackDatabase.Flavour?

    init(_ definition: String, _ values: [String], only: LoopbackDatabase.Flavour? = nil) {
        (self.definition, self.values, self.only) = (definition, values, only)
    }

    var testDescription: String { definition }

    private static let allBytes = "0x" + (0...255).map { hex(UInt8($0)) }.joined()
    private static let highBytes = (0x80...0xff).map { hex(UInt8($0)) }.joined()

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    static let numbers: [LosslessType] = [
        .init("TINYINT", ["-128", "127", "0"]), .init("INT(6) UNSIGNED ZEROFILL", ["42", "4294967295"]),
        .init("BIGINT", ["-9223372036854775808", "9223372036854775807"]),
        .init("BIGINT UNSIGNED", ["0", "18446744073709551615"]),
        .init(
            "DECIMAL(65,30)",
            ["-99999999999999999999999999999999999.999999999999999999999999999999", "0.000000000000000000000000000001"]),
        .init(
            "FLOAT",
            [
                "0.1", "-0e0", "16777217", "3.4028234663852886e38", "1.17549435e-38", "0.333333333", "1.4e-45",
                "-1e-30", "9.9e-6", "-9.9e-6",
            ]),
        .init("FLOAT(7,4)", ["999.0001", "-0e0", "-1.2345"]), .init("FLOAT UNSIGNED ZEROFILL", ["1.5", "0"]),
        .init(
            "DOUBLE",
            [
                "0.1", "-0e0", "1.7976931348623157e308", "2.2250738585072014e-308", "4.9406564584124654e-324",
                "123456789012345678", "0.1e0+0.2e0", "1e15", "-1e-5", "0.000012345678901234567",
                "-1.2345678901234567e-7", "-1.2345678901234567e-300", "-2.2250738585072014e-308",
            ]),
        .init("DOUBLE(10,2)", ["0.1", "-1.23", "99999999.99"]),
        .init("DOUBLE(53,30)", ["1.000000000000000000000000000001", "1e20", "-0e0"]),
        .init("BIT(1)", ["b'1'", "b'0'"]), .init("BIT(9)", ["b'100000001'", "b'0'"]),
        .init("BIT(64)", ["b'\(String(repeating: "1", count: 64))'", "b'1'"]),
        .init("YEAR", ["0", "1901", "2155", "2000", "1970"]),
        .init("ENUM('a','','ü','0')", ["1", "2", "3", "4", "0"]),
        .init(
            "SET(\((0..<64).map { "'m\($0)'" }.joined(separator: ",")))",
            ["0", "18446744073709551615", "9223372036854775808", "9007199254740993"]),
    ]

    static let times: [LosslessType] = [
        .init("DATE", ["'0000-00-00'", "'2026-02-31'", "'9999-12-31'", "'2026-00-00'", "'2026-04-00'"]),
        .init("TIME(6)", ["'-838:59:59'", "'00:00:00.000001'", "'838:59:59'"]),
        .init("DATETIME(6)", ["'0000-00-00 00:00:00'", "'2026-02-31 23:59:59.999999'", "'9999-12-31 23:59:59'"]),
        .init("TIMESTAMP(6) NULL", ["'1970-01-01 00:00:01'", "'0000-00-00 00:00:00'", "'2038-01-19 03:14:07.999999'"]),
    ]

    static let bytes: [LosslessType] = [
        .init("BLOB", [allBytes, "''", "0x00"]), .init("VARBINARY(300)", [allBytes, "''", "0x2000"]),
        .init("BINARY(4)", ["0x00", "0x20202020", "''"]),
        .init("GEOMETRY", ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 4326)"]),
        .init("POINT", ["ST_GeomFromText('POINT(-0.5 1e-30)')"]),
        .init("VECTOR(3)", ["TO_VECTOR('[1,-0.1,3e30]')"], only: .mysql),
    ]

    static let texts: [LosslessType] = [
        .init("CHAR(10) CHARACTER SET utf8mb4", ["'  x'", "''", "'🛒ü'"]),
        .init(
            "TEXT CHARACTER SET utf8mb4",
            [
                "CONVERT(0x\((0...127).map { hex(UInt8($0)) }.joined()) USING utf8mb4)", "'x  '", "'🛒''\\\\'",
                "'\\ndelimiter ;;\\r\\n'", "''",
            ]),
        .init("VARCHAR(9) CHARACTER SET utf8mb3", ["'ü%_'"]), .init("TEXT CHARACTER SET ascii", ["'a''b'"]),
        .init("TEXT CHARACTER SET latin1", ["_latin1 0x\(highBytes)", "'plain'", "_latin1 0x63E9"]),
        .init("TEXT CHARACTER SET koi8r", ["_koi8r 0x\(highBytes)"]),
        .init("TEXT CHARACTER SET cp1251", ["_cp1251 0xC0C1FF"]),
        .init("TEXT CHARACTER SET swe7", ["_swe7 0x5B5C5D7B7C7D7E"]),
        .init("TEXT CHARACTER SET cp932", ["_cp932 0x955C81608191", "_cp932 0xF040", "_cp932 0xFA40EEEF"]),
        .init("TEXT CHARACTER SET sjis", ["_sjis 0x815C8160815F5C7E"]),
        .init("TEXT CHARACTER SET gbk", ["_gbk 0x815C95FE"]), .init("TEXT CHARACTER SET big5", ["_big5 0xA55CB15C"]),
        .init("LONGTEXT CHARACTER SET cp932", ["REPEAT(_cp932 0x955C0D0A41, 210000)"]),
        .init("TEXT CHARACTER SET eucjpms", ["_eucjpms 0xA1C1ADA1"]),
        .init("TEXT CHARACTER SET ucs2", ["_ucs2 0x00410027FF3C", "''"]),
        .init("TEXT CHARACTER SET utf16", ["_utf16 0xD83DDED20041"]),
        .init("TEXT CHARACTER SET utf16le", ["_utf16le 0x41003DD8D2DE"]),
        .init("TEXT CHARACTER SET utf32", ["_utf32 0x0001F6D200000041"]),
        .init("TEXT CHARACTER SET gb18030", ["_gb18030 0x95308130"], only: .mysql),
        .init("JSON", ["'{\"a\": [1, 1.5, -0.0, \"\\\\\\\\ \\'\"], \"🛒\": null}'", "'null'", "'\"\"'"]),
        .init("UUID", ["'123e4567-e89b-12d3-a456-426655440000'"], only: .mariadb),
        .init("INET6", ["'2001:db8:0:1::ff'", "'::'"], only: .mariadb), .init("INET4", ["'1.2.3.4'"], only: .mariadb),
    ]

    static let all = numbers + times + bytes + texts
}
