import BackupEngine
import LoopbackServers
import Testing

/// The values of a row as bytes; `nil` is NULL.
typealias RowBytes = [[UInt8]?]

extension InsertWriter {
    mutating func write(_ row: RowBytes) throws {
        for value in row {
            guard let value else {
                try append(nil)
                continue
            }
            try value.withUnsafeBytes { try append($0) }
        }
        try endRow()
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

struct InsertWriterTests {
    private func literal(_ type: String, _ value: [UInt8]?, set: String? = nil) throws -> String {
        let codec = try ColumnCodec("c", type, set: set)
        var writer = InsertWriter(table: "t", columns: [codec], statementLimit: 1_000)
        try writer.write([value])
        let text = writer.text
        #expect(text.hasPrefix("INSERT INTO `t` (`c`) VALUES\n(") && text.hasSuffix(")"))
        return String(text.dropFirst(30).dropLast())
    }

    /// Text is copied in words of eight bytes: whatever has to be escaped, at every place of texts of every length.
    @Test func escapesAtEveryPlace() throws {
        let letters: [UInt8: Character] = [0: "0", 10: "n", 13: "r", 26: "Z", 39: "'", 92: "\\"]
        for length in 0...20 {
            for place in 0..<max(length, 1) {
                for byte in [0, 1, 9, 10, 13, 26, 31, 32, 38, 39, 40, 91, 92, 93, 127, 128, 167, 220, 255] as [UInt8] {
                    var value = (0..<length).map { UInt8(ascii: "a") + UInt8($0) }
                    if length > 0 { value[place] = byte }
                    let expected = value.flatMap { byte in
                        letters[byte].flatMap(\.asciiValue).map { [UInt8(ascii: "\\"), $0] } ?? [byte]
                    }
                    var writer = InsertWriter(
                        table: "t", columns: [try ColumnCodec("c", "text", set: "utf8mb4")], statementLimit: 1_000)
                    try writer.write([value])
                    #expect(
                        Array(writer.bytes.dropFirst(31).dropLast(2)) == expected, "\(byte) at \(place) of \(length)")
                }
            }
        }
    }

    @Test(arguments: [
        ("int", "-5", "-5"), ("bigint", "18446744073709551615", "18446744073709551615"),
        ("int", "00042", "00042"),
        ("decimal(65,30)", "-0.000000000000000000000000000001", "-0.000000000000000000000000000001"),
        ("year", "0000", "0000"), ("double", "-0", "-0e0"), ("double", "0.1", "0.1e0"),
        ("float", "1e-45", "1e-45"),
        ("double", "1.7976931348623157e308", "1.7976931348623157e308"),
        ("float", "16777217", "16777217e0"),
        ("enum('a')", "0", "0"), ("set('a')", "18446744073709551615", "18446744073709551615"),
        ("datetime(6)", "0000-00-00 00:00:00.000000", "'0000-00-00 00:00:00.000000'"),
        ("date", "2026-02-31", "'2026-02-31'"), ("time(2)", "-838:59:59.00", "'-838:59:59.00'"),
        ("json", "{\"a\": \"\\n'\"}", "_utf8mb4'{\"a\": \"\\\\n\\'\"}'"),
        ("inet6", "2001:db8:0:1::ff", "_utf8mb4'2001:db8:0:1::ff'"),
    ])
    func forms(_ type: String, _ value: String, _ expected: String) throws {
        #expect(try literal(type, Array(value.utf8)) == expected)
    }

    /// Digits would double them, past what their own server takes.
    @Test(arguments: [
        ("longblob", nil as String?, "_binary'"), ("longtext", "latin1", "_latin1 '"),
        ("longtext", "cp932", "_cp932 '"),
    ])
    func longValuesStandInQuotes(_ type: String, _ set: String?, _ head: String) throws {
        let value = Array(repeating: [0xE4, 0x5C, 0x27] as [UInt8], count: 400_000).flatMap(\.self)
        let text = try literal(type, value, set: set)
        #expect(text.hasPrefix(head) && text.utf8.count < 3_000_000)
        #expect(try literal(type, Array(value.prefix(3)), set: set).hasSuffix("0xE45C27"))
    }

    @Test func nullIsNull() throws {
        for type in ["int", "double", "text", "blob", "json", "bit(1)"] {
            #expect(try literal(type, nil) == "NULL")
        }
    }

    @Test func textsAreEscapedByteByByte() throws {
        #expect(
            try literal("text", Array("it's\\ \"fine\" ü🛒\u{0}\r\n\u{1a}\t`%_".utf8), set: "utf8mb4")
                == "'it\\'s\\\\ \"fine\" ü🛒\\0\\r\\n\\Z\t`%_'")
        #expect(try literal("text", [], set: "utf8mb4") == "''")
        // No line end is left, so no line begins with what the client takes for itself.
        #expect(
            try !literal("text", Array("a\ndelimiter x\r\n\\! rm".utf8), set: "utf8mb4").contains("\n"))
    }

    @Test func bytesAreHex() throws {
        #expect(try literal("blob", [0, 0x7f, 0x80, 0xff, 0x27]) == "0x007F80FF27")
        #expect(try literal("varbinary(9)", []) == "''")
        #expect(try literal("bit(9)", [1, 0]) == "0x0100")
        #expect(try literal("geometry", [0, 0, 0, 0, 1]) == "0x0000000001")
    }

    @Test func otherCharacterSetsKeepTheirBytes() throws {
        // 表 in cp932 ends with a backslash.
        #expect(try literal("text", [0x95, 0x5c], set: "cp932") == "_cp932 0x955C")
        #expect(try literal("text", [0x41], set: "cp932") == "_cp932 0x41")
        #expect(try literal("text", [], set: "cp932") == "''")
        #expect(try literal("text", Array("plain 'text'".utf8), set: "latin1") == "'plain \\'text\\''")
        #expect(try literal("text", [0x63, 0xe9], set: "latin1") == "_latin1 0x63E9")
        #expect(try literal("text", [0, 0x61], set: "ucs2") == "_ucs2 0x0061")
    }

    /// A server that lies must not write our statements.
    @Test(arguments: [
        "", "1); DROP TABLE t; --", "--1", "nan", "inf", "1 ", "0x41", "-", "e", "1,2", "ü",
    ])
    func whatIsNoNumberIsRefused(_ value: String) throws {
        for type in ["int", "double", "enum('a')"] {
            #expect(throws: InsertWriter.Fault.notANumber(column: 0)) {
                try literal(type, Array(value.utf8))
            }
        }
    }

    private func writer(limit: Int) throws -> InsertWriter {
        let columns = [try ColumnCodec("a", "int"), try ColumnCodec("b", "text", set: "utf8mb4")]
        return InsertWriter(table: "t`1", columns: columns, statementLimit: limit)
    }

    @Test func rowsShareAStatementUpToTheLimit() throws {
        var writer = try writer(limit: 60)
        for number in 1...5 { try writer.write([Array("\(number)".utf8), Array("text".utf8)]) }
        writer.finish()
        #expect(
            writer.text == """
                INSERT INTO `t``1` (`a`,`b`) VALUES
                (1,'text'),
                (2,'text');
                INSERT INTO `t``1` (`a`,`b`) VALUES
                (3,'text'),
                (4,'text');
                INSERT INTO `t``1` (`a`,`b`) VALUES
                (5,'text');

                """)
        #expect(writer.rows == 5)
        #expect(writer.largestStatement == 58)
    }

    @Test func aRowBeyondTheLimitStandsAlone() throws {
        var writer = try writer(limit: 60)
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 100)
        for text in [[1], long, [2], long] { try writer.write([Array("1".utf8), text]) }
        writer.finish()
        #expect(writer.text.split(separator: "INSERT").count == 4)
        #expect(
            writer.text.split(separator: ";\n").allSatisfy { $0.hasPrefix("INSERT") && $0.hasSuffix(")") }
        )
        #expect(writer.largestStatement == 36 + 4 + 100 + 1 + 1)
    }

    /// Taken in pieces of any size, the text is the same.
    @Test func whatIsTakenBetweenRowsIsTheWhole() throws {
        var random = SeededGenerator(seed: 8)
        let rows: [RowBytes] = (0..<400).map { number in
            let text = (0..<Int.random(in: 0...90, using: &random)).map { _ in
                UInt8.random(in: 0...127, using: &random)
            }
            return [Array("\(number)".utf8), Bool.random(using: &random) ? text : nil]
        }
        var whole = try writer(limit: 200)
        var pieces = try writer(limit: 200)
        var taken: [UInt8] = []
        for row in rows {
            try whole.write(row)
            try pieces.write(row)
            guard Bool.random(using: &random) else { continue }
            taken += pieces.bytes
            pieces.clear()
        }
        whole.finish()
        pieces.finish()
        taken += pieces.bytes
        pieces.clear()
        #expect(taken == Array(whole.bytes))
        #expect(pieces.totalBytes == UInt64(taken.count))
        #expect(pieces.largestStatement == whole.largestStatement)
        let statements = String(decoding: taken, as: UTF8.self).split(separator: ";\nINSERT")
        #expect(statements.allSatisfy { $0.utf8.count + 6 <= 200 })
    }

    @Test func aRowOfAnotherWidthIsRefused() throws {
        var writer = try writer(limit: 200)
        #expect(throws: InsertWriter.Fault.columnCount) { try writer.write([nil, nil, nil]) }
        var other = try self.writer(limit: 200)
        #expect(throws: InsertWriter.Fault.columnCount) { try other.write([nil]) }
    }

    @Test func rowsWithoutColumnsAreRows() throws {
        var writer = InsertWriter(table: "t", columns: [], statementLimit: 1_000)
        try writer.write([])
        try writer.write([])
        writer.finish()
        #expect(writer.text == "INSERT INTO `t` () VALUES\n(),\n();\n")
    }

    @Test func nothingIsNothing() throws {
        var writer = try writer(limit: 200)
        writer.finish()
        #expect(writer.byteCount == 0)
    }
}
