import Foundation
import LoopbackServers
import MySQLClient
import Testing
import Topology

extension MySQLTests {
    /// Servers that die or fall silent, each a server of the test's own.
    @Suite struct Faults {
        /// What each test does with a server and its certificates.
        private func withServer(
            _ flavour: LoopbackDatabase.Flavour, _ body: (LoopbackDatabase) async throws -> Void
        ) async throws {
            let network = LoopbackPlace.randomNetwork()
            let tls = try Databases.certificates().files(for: network + ".1")
            let server = try await onThread { try LoopbackDatabase(flavour, network: network, tls: tls) }
            try await body(server)
            try await onThread { server.process.stop() }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func killedInTheMiddleOfARow(flavour: LoopbackDatabase.Flavour) async throws {
            try await withServer(flavour) { server in
                let plain = try await MySQLConnection.connect(server.settings())
                let ciphered = try await MySQLConnection.connect(server.settings(tls: .required))
                let idle = try await MySQLConnection.connect(server.settings(tls: .required))
                for (index, connection) in [plain, ciphered].enumerated() {
                    let error = try await mysqlError {
                        try await connection.withRows(of: Streams.numbers(8)) { _, stream in
                            _ = try stream.read { _ in .pause }
                            if index == 0 {
                                // The other one is in the middle of its rows, too, when the server dies.
                                let error = try await mysqlError {
                                    try await ciphered.withRows(of: Streams.numbers(8)) { _, other in
                                        _ = try other.read { _ in .pause }
                                        try await onThread { server.process.stop() }
                                        _ = try other.read { _ in .proceed }
                                    }
                                }
                                #expect(error.kind == .connectionLost, "\(error)")
                            }
                            _ = try stream.read { _ in .proceed }
                        }
                    }
                    #expect(error.kind == .connectionLost, "\(error)")
                    #expect(await !connection.isOpen)
                }
                let error = try await mysqlError { _ = try await idle.query("SELECT 1") }
                #expect(error.kind == .connectionLost, "\(error)")
                #expect(
                    try await mysqlError { _ = try await MySQLConnection.connect(server.settings()) }.kind
                        == .cannotConnect)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func shutDownUnderAStatement(flavour: LoopbackDatabase.Flavour) async throws {
            try await withServer(flavour) { server in
                let connection = try await MySQLConnection.connect(server.settings())
                async let waiting = mysqlError { _ = try await connection.query("SELECT SLEEP(600) FROM mysql.user") }
                try await eventually("the statement") { try await server.running("SLEEP") == 1 }
                try await server.run("SHUTDOWN")
                let error = try await waiting
                #expect([.connectionLost, .interrupted].contains(error.kind), "\(error)")
                try await eventually("no connection") {
                    do { _ = try await connection.query("SELECT 1") } catch { return await !connection.isOpen }
                    return false
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases, [MySQLTopology.TLS.off, .required])
        func aSilentStatementTimesOutAndIsKilled(
            flavour: LoopbackDatabase.Flavour, tls: MySQLTopology.TLS
        ) async throws {
            let server = try Databases.server(flavour)
            var settings = server.settings(tls: tls)
            settings.readTimeout = .seconds(1)
            let connection = try await MySQLConnection.connect(settings)
            let error = try await mysqlError { _ = try await connection.query("SELECT /* mute */ SLEEP(600)") }
            #expect(error.kind == .timedOut, "\(error)")
            #expect(await !connection.isOpen)
            try await eventually("the server gives up") { try await server.running("mute") == 0 }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aServerThatHangs(flavour: LoopbackDatabase.Flavour) async throws {
            try await withServer(flavour) { server in
                var settings = server.settings()
                settings.readTimeout = .seconds(1)
                settings.connectTimeout = .seconds(1)
                let connection = try await MySQLConnection.connect(settings)
                let (patient, other) = (server.settings(), settings)
                let waiting = try await MySQLConnection.connect(patient)
                try await onThread { try server.process.freeze() }
                let error = try await mysqlError { _ = try await connection.query("SELECT 1") }
                #expect(error.kind == .timedOut, "\(error)")
                let late = try await mysqlError { _ = try await MySQLConnection.connect(other) }
                #expect(late.kind == .cannotConnect, "\(late)")
                // Cancelling waits neither for the server nor, for more than a few seconds, for its KILL.
                let task = Task { try await waiting.query("SELECT 1") }
                let begun = ContinuousClock.now
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                #expect(ContinuousClock.now - begun < .seconds(60))
                server.process.signal(SIGCONT)
            }
        }
    }
}
