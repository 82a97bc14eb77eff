import Foundation
import LoopbackServers
import MySQLClient
import Synchronization
import Testing
import Topology

extension MySQLTests {
    /// Rows as they come, and what ends them early.
    @Suite struct Streams {
        /// Numbers from 0 to ten to the power of `digits`, less one, with 200 bytes beside each.
        static func numbers(_ digits: Int) -> String {
            let ten =
                "(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL"
                + " SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
            let names = (0..<digits).map { "d\($0)" }
            let value = names.enumerated().map { "\($1).n * 1\(String(repeating: "0", count: $0))" }
            // MySQL would write a large join into a file first.
            let hint = "/*+ SET_VAR(optimizer_switch='block_nested_loop=off') */"
            return
                "SELECT \(hint) /* stream */ \(value.joined(separator: " + ")) AS n, REPEAT('x', 200) AS filler FROM "
                + names.map { "\(ten) \($0)" }.joined(separator: ", ")
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases, [MySQLTopology.TLS.off, .required])
        func everyRowOnceInFlatMemory(flavour: LoopbackDatabase.Flavour, tls: MySQLTopology.TLS) async throws {
            let server = try Databases.server(flavour)
            try await MySQLConnection.with(server.settings(tls: tls)) { connection in
                let before = try residentBytes()
                let (sum, bytes, rows) = try await connection.withRows(of: Self.numbers(6)) { _, stream in
                    #expect(stream.columns.map(\.name) == ["n", "filler"])
                    var (sum, bytes) = (0, 0)
                    let isMore = try stream.read { row in
                        sum += row[0].flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
                        bytes += row.byteCount
                        return .proceed
                    }
                    #expect(!isMore && stream.isAtEnd)
                    return (sum, bytes, stream.rowsRead)
                }
                #expect(rows == 1_000_000 && sum == 499_999_500_000)
                #expect(bytes > 200_000_000)
                #expect(try residentBytes() - before < 32 << 20)
                #expect(try await connection.query("SELECT 1").text() == "1")
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whileTheReaderPausesTheServerWaits(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await MySQLConnection.with(server.settings()) { connection in
                let total = try await connection.withRows(of: Self.numbers(5)) { _, stream in
                    var last = 0
                    while try stream.read({ _ in
                        last += 1
                        return last.isMultiple(of: 25_000) ? .pause : .proceed
                    }) {
                        #expect(stream.rowsRead == UInt64(last))
                        // The rest of 20 MB does not fit between the two.
                        if last == 25_000 { #expect(try await server.running("stream") == 1) }
                    }
                    return stream.rowsRead
                }
                #expect(total == 100_000)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases, [MySQLTopology.TLS.off, .required])
        func cancelledInTheMiddle(flavour: LoopbackDatabase.Flavour, tls: MySQLTopology.TLS) async throws {
            let server = try Databases.server(flavour)
            let connection = try await MySQLConnection.connect(server.settings(tls: tls))
            let seen = Atomic(0)
            let reading = Task {
                // Ten thousand million rows.
                try await connection.withRows(of: Self.numbers(10)) { _, stream in
                    _ = try stream.read { _ in
                        seen.add(1, ordering: .relaxed)
                        return .proceed
                    }
                }
            }
            try await eventually("rows") { seen.load(ordering: .relaxed) > 10_000 }
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await reading.value }
            #expect(await !connection.isOpen)
            #expect(try await mysqlError { _ = try await connection.query("SELECT 1") }.kind == .connectionLost)
            try await eventually("the server gives up") { try await server.running("stream") == 0 }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases, [MySQLTopology.TLS.off, .required])
        func cancelledWhileTheServerIsSilent(flavour: LoopbackDatabase.Flavour, tls: MySQLTopology.TLS) async throws {
            let server = try Databases.server(flavour)
            let connection = try await MySQLConnection.connect(server.settings(tls: tls))
            let waiting = Task { try await connection.query("SELECT /* silent */ SLEEP(600)") }
            try await eventually("the statement") { try await server.running("silent") == 1 }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { _ = try await waiting.value }
            try await eventually("the server gives up") { try await server.running("silent") == 0 }
            // Cancelled before it began.
            let never = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await MySQLConnection.connect(server.settings())
            }
            never.cancel()
            await #expect(throws: CancellationError.self) { _ = try await never.value }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func closedFromOutsideWhileRowsAreRead(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            let connection = try await MySQLConnection.connect(server.settings())
            let error = try await mysqlError {
                try await connection.withRows(of: Self.numbers(6)) { connection, stream in
                    _ = try stream.read { _ in .pause }
                    connection.close()
                    _ = try stream.read { _ in .proceed }
                }
            }
            #expect(error.kind == .connectionLost)
            #expect(await !connection.isOpen)
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func rowsThatNobodyWantsCostTheConnectionNotTheTime(flavour: LoopbackDatabase.Flavour) async throws {
            struct Enough: Error {}
            let server = try Databases.server(flavour)
            for isThrown in [true, false] {
                let connection = try await MySQLConnection.connect(server.settings())
                let begun = ContinuousClock.now
                do {
                    try await connection.withRows(of: Self.numbers(10)) { _, stream in
                        _ = try stream.read { _ in
                            if isThrown { throw Enough() }
                            return .pause
                        }
                    }
                    #expect(!isThrown)
                } catch is Enough {
                    #expect(isThrown)
                }
                #expect(await !connection.isOpen)
                // All rows would take an hour.
                #expect(ContinuousClock.now - begun < .seconds(60))
            }
            try await eventually("the server gives up") { try await server.running("stream") == 0 }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aKilledStatementEndsTheRowsNotTheConnection(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await MySQLConnection.with(server.settings()) { connection in
                let thread = try #require(await connection.threadID)
                let error = try await mysqlError {
                    try await connection.withRows(of: Self.numbers(10)) { _, stream in
                        _ = try stream.read { _ in .pause }
                        try await server.run("KILL QUERY \(thread)")
                        _ = try stream.read { _ in .proceed }
                    }
                }
                #expect(error.kind == .interrupted && error.code == 1317, "\(error)")
                #expect(try await connection.query("SELECT 1").text() == "1")
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aStatementWithoutRows(flavour: LoopbackDatabase.Flavour) async throws {
            try await MySQLConnection.with(try Databases.server(flavour).settings()) { connection in
                let error = try await mysqlError { try await connection.withRows(of: "SET @a = 1") { _, _ in } }
                #expect(error == MySQLError(.other, message: "the statement returns no rows"))
                #expect(try await connection.query("SELECT @a").text() == "1")
            }
        }
    }
}

/// Memory that this process holds in RAM, in bytes.
private func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
}
