import Foundation
import LoopbackServers
import Testing

@testable import BackupEngine

@Suite struct StatementSplitterTests {
    /// All statements of a text that comes in pieces of this size; nil for a text that does not end.
    private static func split(_ text: [UInt8], by size: Int) throws -> [[UInt8]]? {
        var splitter = StatementSplitter()
        var statements: [[UInt8]] = []
        for start in stride(from: 0, to: text.count, by: size) {
            splitter.text += text[start..<min(start + size, text.count)]
            while let statement = try splitter.next() { statements.append(statement) }
        }
        do { try splitter.finish() } catch { return nil }
        return statements
    }

    @Test(arguments: [
        ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
        ("", []), (" \n\n", []), (";;a;", ["a"]),
        (
            #"INSERT INTO `a;``b` VALUES ('x;\';''y',"z;""\"",0x3B);"#,
            [#"INSERT INTO `a;``b` VALUES ('x;\';''y',"z;""\"",0x3B)"#]
        ),
        (
            "SELECT 1-1, 2--1; # a;b\n-- c;'d\nSELECT /* ;' */ 3; ",
            ["SELECT 1-1, 2--1", "# a;b\n-- c;'d\nSELECT /* ;' */ 3"]
        ),
        (
            "CREATE TABLE t (a INT /*!80023 COMMENT ';' */)/*M!100 x */; a;",
            [
                "CREATE TABLE t (a INT /*!80023 COMMENT ';' */)/*M!100 x */", "a",
            ]
        ),
        (#"`\`; 'b\\'; c;"#, [#"`\`"#, #"'b\\'"#, "c"]),
        ("DELIMITER ;;\nBEGIN; 'it' \"s; END;;\nDELIMITER ;\nSELECT ';';", ["BEGIN; 'it' \"s; END", "SELECT ';'"]),
        ("delimiter $$1$$\na;;b'$1$$1$$\nDELIMITER ;\n", ["a;;b'$1"]),
        ("DELIMITERS;", ["DELIMITERS"]),
    ])
    func statementsAreWhatServersTakeThemFor(text: String, statements: [String]) throws {
        for size in [1, 2, 3, 7, 1000] {
            let found = try Self.split(Array(text.utf8), by: size)
            #expect(found?.map { String(decoding: $0, as: UTF8.self) } == statements, "in pieces of \(size)")
        }
    }

    @Test(arguments: ["a", "a;b", "'a;", "`a;", "/* a;", "DELIMITER $$\na;", "DELIM", "a\\'"])
    func whatDoesNotEndIsNoStatement(text: String) throws {
        for size in [1, 2, 1000] { #expect(try Self.split(Array(text.utf8), by: size) == nil) }
    }

    @Test func aStatementWithoutEndIsNotHeldForever() {
        var splitter = StatementSplitter(limit: 1000)
        #expect(throws: StatementSplitter.Fault.tooLong) {
            for _ in 0..<100 {
                splitter.text += Array("'aaaaaaaaaaaaaaaaa'".utf8)
                _ = try splitter.next()
            }
        }
    }

    /// Whatever bytes come, in whatever pieces: the same statements, and no trap.
    @Test func mutilatedTextIsTheSameInAnyPieces() throws {
        var random = SeededGenerator(seed: 4)
        let alphabet = Array("ab;;'\"`\\\n -#/*!M$DELIMITER ;;\n".utf8)
        let seed = Array(
            "SET a;\nDELIMITER ;;\nCREATE 'x' ; y;;\nDELIMITER ;\nINSERT INTO `t` VALUES ('a\\';b',0x00);\n".utf8)
        for _ in 0..<3000 {
            var text = seed
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let at = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: text[at] = alphabet.randomElement(using: &random) ?? 0
                case 1: text.remove(at: at)
                case 2: text.insert(.random(in: 0 ... .max, using: &random), at: at)
                default:
                    text.insert(contentsOf: text[at...].prefix(9), at: Int.random(in: 0..<text.count, using: &random))
                }
            }
            let whole = try Self.split(text, by: text.count)
            for size in [1, 2, 5, 17] {
                let pieces = try Self.split(text, by: size)
                #expect(pieces == whole, "\(String(decoding: text, as: UTF8.self))")
            }
        }
    }
}
