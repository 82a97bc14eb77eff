import Crypto
import Foundation
import LoopbackServers
import MySQLClient
import Testing
import Topology

extension MySQLTests {
    /// Bytes in, the same bytes out, and what the server says of them.
    @Suite struct DataSafety {
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func everyByteInEveryPlace(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, _ in
                _ = try await connection.query(
                    "CREATE TABLE t (id INT PRIMARY KEY, b BLOB, l TEXT CHARACTER SET latin1)")
                let all = (0...255).map { UInt8($0) } + [0, 0, 0xFF, 0xFE, 0x80, 0xC3, 0x28]
                // As hex, and as raw bytes in the statement, which is not UTF-8 then.
                let hex = all.map { String(format: "%02x", $0) }.joined()
                _ = try await connection.query("INSERT INTO t VALUES (1, X'\(hex)', _latin1 X'\(hex)')")
                let escaped = all.flatMap { byte -> [UInt8] in
                    switch byte {
                    case 0: Array(#"\0"#.utf8)
                    case UInt8(ascii: "'"), UInt8(ascii: #"\"#): [UInt8(ascii: #"\"#), byte]
                    default: [byte]
                    }
                }
                _ = try await connection.query(
                    Array("INSERT INTO t VALUES (2, _binary'".utf8) + escaped + Array("', '')".utf8))
                let read = try await connection.query("SELECT b FROM t ORDER BY id")
                #expect(read.rows == [[all], [all]])
                // As it lies in the table, without conversion.
                _ = try await connection.query("SET character_set_results = NULL")
                #expect(try await connection.query("SELECT l FROM t WHERE id = 1").rows == [[all]])
                _ = try await connection.query("SET NAMES utf8mb4")
                let text = try await connection.query("SELECT '\u{1F680} ü', ''")
                #expect(text.text() == "\u{1F680} ü" && text.rows[0][1] == [])
            }
        }

        /// A packet ends at 16 MiB less one byte, and a row of that size is followed by an empty one.
        @Test(arguments: LoopbackDatabase.Flavour.allCases, [MySQLTopology.TLS.off, .required])
        func hugeRows(flavour: LoopbackDatabase.Flavour, tls: MySQLTopology.TLS) async throws {
            let server = try Databases.server(flavour)
            try await server.withDatabase { connection, settings in
                _ = try await connection.query("CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB)")
                var settings = settings
                settings.address.tls = tls
                try await MySQLConnection.with(settings) { connection in
                    var generator = SeededGenerator(seed: 20)
                    var statement = Array("INSERT INTO t VALUES (0, X'".utf8)
                    let digits = Array("0123456789abcdef".utf8)
                    let size = 20 << 20
                    statement.reserveCapacity(size * 2 + 64)
                    for _ in 0..<size / 8 {
                        var word = generator.next()
                        for _ in 0..<16 {
                            statement.append(digits[Int(word & 15)])
                            word >>= 4
                        }
                    }
                    _ = try await connection.query(statement + Array("')".utf8))
                    // Length-encoded, the value has nine bytes more.
                    let sizes = [size] + (-10...1).map { (1 << 24) - 1 + $0 } + [0xFFFF, 0x10000, 250, 251]
                    for (id, size) in sizes.enumerated().dropFirst() {
                        _ = try await connection.query(
                            "INSERT INTO t SELECT \(id), LEFT(b, \(size)) FROM t WHERE id = 0")
                    }
                    let digests = try await connection.withRows(of: "SELECT b, SHA2(b, 256) FROM t ORDER BY id") {
                        _, rows in
                        var digests: [(Int, String, String)] = []
                        _ = try rows.read { row in
                            let value = try #require(row[0])
                            let digest = SHA256.hash(data: value).map { String(format: "%02x", $0) }.joined()
                            digests.append((value.count, digest, String(decoding: try #require(row[1]), as: UTF8.self)))
                            return .proceed
                        }
                        return digests
                    }
                    #expect(digests.map(\.0) == sizes)
                    for (_, own, servers) in digests { #expect(own == servers) }
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aRowLargerThanTheLimit(flavour: LoopbackDatabase.Flavour) async throws {
            var settings = try Databases.server(flavour).settings()
            settings.maxPacketBytes = 1 << 20
            let connection = try await MySQLConnection.connect(settings)
            #expect(try await connection.query("SELECT REPEAT('x', 1000000)").text()?.count == 1_000_000)
            let large = try await mysqlError { _ = try await connection.query("SELECT REPEAT('x', 2000000)") }
            #expect(large.kind == .packetTooLarge, "\(large)")
            #expect(await !connection.isOpen)

            let other = try await MySQLConnection.connect(try Databases.server(flavour).settings())
            let much = try await mysqlError { _ = try await other.query("SELECT REPEAT('x', 2000000)", limit: 1 << 20) }
            #expect(much.kind == .resultTooLarge, "\(much)")
            #expect(await !other.isOpen)
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whatTheServerSaysOfEveryType(flavour: LoopbackDatabase.Flavour) async throws {
            try await Databases.server(flavour).withDatabase { connection, settings in
                let types = Self.types + (flavour == .mysql ? Self.typesOfMySQL : Self.typesOfMariaDB)
                let definitions = types.enumerated().map { "c\($0) \($1.definition)" }
                _ = try await connection.query(
                    "CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, \(definitions.joined(separator: ", ")))"
                )
                let columns = try await connection.query("SELECT * FROM t AS a").columns
                try #require(columns.count == types.count + 1)
                #expect(columns[0].flags.isSuperset(of: [.notNull, .primaryKey, .unsigned, .autoIncrement]))
                for (type, column) in zip(types, columns.dropFirst()) {
                    #expect(column.kind == type.kind, "\(type.definition)")
                    #expect(column.length == type.length, "\(type.definition)")
                    #expect(column.isBinary == type.isBinary, "\(type.definition): \(column.collation)")
                    #expect(
                        column.flags.intersection(Self.telling) == type.flags, "\(type.definition): \(column.flags)")
                    #expect(column.decimals == type.decimals, "\(type.definition)")
                    #expect(column.table == "a" && column.database == settings.address.database)
                    #expect(column.originalName == column.name)
                }
                let computed = try await connection.query("SELECT c0 + 1 AS x FROM t").columns
                #expect(computed[0].name == "x" && computed[0].originalName == "" && computed[0].table == "")
            }
        }
    }
}
