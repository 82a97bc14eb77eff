import Foundation
import LoopbackServers
import MySQLClient
import Testing
import Topology

/// Servers, or whoever sits in front of one, that want what is not theirs. No real server takes part.
@Suite(.serialized) struct MySQLHostileServerTests {
    private static let secret = "correct-horse-battery"

    private func settings(
        _ server: ScriptedDatabase, tls: MySQLTopology.TLS = .off, ca: String? = nil
    ) -> MySQLSettings {
        var address = MySQLAddress(host: server.place.address, port: Int(server.place.port))
        (address.user, address.tls, address.ca) = ("shop", tls, ca)
        var settings = MySQLSettings(address: address, password: Secret(Self.secret))
        settings.connectTimeout = .seconds(1)
        settings.readTimeout = .seconds(1)
        return settings
    }

    private func with(
        _ script: @escaping @Sendable (ScriptedDatabase.Client) throws -> Void,
        _ body: (ScriptedDatabase) async throws -> Void
    ) async throws {
        let server = try ScriptedDatabase(script)
        do {
            try await body(server)
            try await onThread { server.stop() }
        } catch {
            try await onThread { server.stop() }
            throw error
        }
        #expect(!String(decoding: server.received, as: UTF8.self).contains(Self.secret))
    }

    /// TLS is taken out of the greeting, and the password asked for.
    @Test(arguments: [MySQLTopology.TLS.required, .verifyCA, .verifyFull])
    func thePasswordDoesNotLeaveWithoutTheTLSThatIsDemanded(tls: MySQLTopology.TLS) async throws {
        let certificates = try DatabaseCertificates()
        try await with { client in
            try client.greet()
            try client.receive()
            try client.send([1, 4], number: 2)
            try client.waitForEnd()
        } _: { server in
            let error = try await mysqlError {
                _ = try await MySQLConnection.connect(settings(server, tls: tls, ca: certificates.ca))
            }
            #expect(error.kind == .tlsFailed, "\(error)")
        }
    }

    @Test(arguments: [MySQLTopology.TLS.preferred, .off])
    func withoutTLSThePasswordLeavesOnlyForAKey(tls: MySQLTopology.TLS) async throws {
        try await with { client in
            try client.greet()
            try client.receive()
            try client.send([1, 4], number: 2)
            guard try client.receive().suffix(1) == [2] else { return }
            try client.send([1] + Array("no key".utf8), number: 4)
            try client.waitForEnd()
        } _: { server in
            let error = try await mysqlError { _ = try await MySQLConnection.connect(settings(server, tls: tls)) }
            #expect(error.kind == .cannotConnect, "\(error)")
        }
    }

    @Test(arguments: [
        "mysql_clear_password", "dialog", "sha256_password", "mysql_old_password", "", "password", "../x",
    ])
    func aLoginThatTellsThePasswordIsRefused(login: String) async throws {
        try await with { client in
            try client.greet()
            try client.receive()
            try client.send([254] + Array(login.utf8) + [0] + Array("12345678abcdefghijkl".utf8) + [0], number: 2)
            try client.waitForEnd()
        } _: { server in
            let error = try await mysqlError { _ = try await MySQLConnection.connect(settings(server)) }
            #expect([.accessDenied, .cannotConnect].contains(error.kind), "\(error)")
        }
        try await with { client in
            try client.greet(login: login)
            try client.waitForEnd()
        } _: { server in
            _ = try await mysqlError { _ = try await MySQLConnection.connect(settings(server)) }
        }
    }

    @Test func aFileThatTheServerAsksForIsNotSent() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "bw-\(UUID().uuidString)")
        try Self.secret.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        try await with { client in
            try client.admit()
            try client.receive()
            try client.send([0xFB] + Array(file.path.utf8), number: 1)
            try client.receive()
            try client.sendOK(number: 3)
            try client.waitForEnd()
        } _: { server in
            let connection = try await MySQLConnection.connect(settings(server))
            let error = try await mysqlError { _ = try await connection.query("SELECT 1") }
            #expect(error.kind == .malformed, "\(error)")
            await connection.close()
        }
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test func whatATerminalWouldObeyIsNotInErrors() async throws {
        try await with { client in
            try client.admit()
            try client.receive()
            try client.send([0xFF, 0x48, 0x04, 0x23] + Array("HY000\u{1B}[2Jgone\u{07}\u{9B}\nx".utf8), number: 1)
            try client.waitForEnd()
        } _: { server in
            let connection = try await MySQLConnection.connect(settings(server))
            let error = try await mysqlError { _ = try await connection.query("SELECT 1") }
            #expect(error.code == 1096 && error.message == "\u{FFFD}[2Jgone\u{FFFD}\u{FFFD}\u{FFFD}x")
            await connection.close()
        }
    }

    @Test func aRowThatClaimsMoreThanItHasIsNoRow() async throws {
        for row: [UInt8] in [
            [200, 65], [0xFD, 0xFF, 0xFF, 0xFF], [1, 65, 0xFC, 0xFF, 0xFF], [0xFE] + Array(repeating: 0xFF, count: 12),
        ] {
            try await with { client in
                try client.admit()
                try client.receive()
                try client.send([1], number: 1)
                let column =
                    [3] + Array("def".utf8) + [0, 0, 0, 1, 65, 1, 65, 12, 45, 0, 9, 0, 0, 0, 253, 0, 0, 0, 0, 0]
                try client.send(column, number: 2)
                try client.send([0xFE, 0, 0, 2, 0], number: 3)
                try client.send(row, number: 4)
                try client.waitForEnd()
            } _: { server in
                let connection = try await MySQLConnection.connect(settings(server))
                let error = try await mysqlError { _ = try await connection.query("SELECT 1") }
                #expect([.malformed, .timedOut, .connectionLost].contains(error.kind), "\(row): \(error)")
                await connection.close()
            }
        }
    }

    @Test func aServerThatFallsSilentBeforeTheLogin() async throws {
        for packets in 0...2 {
            try await with { client in
                if packets > 0 { try client.greet() }
                if packets > 1 {
                    try client.receive()
                    try client.send([1, 3], number: 2)
                }
                try client.waitForEnd()
            } _: { server in
                let begun = ContinuousClock.now
                let error = try await mysqlError { _ = try await MySQLConnection.connect(settings(server)) }
                #expect(error.kind == .cannotConnect, "\(error)")
                #expect(ContinuousClock.now - begun < .seconds(30))
            }
        }
    }

    @Test func greetingsOfNoServer() async throws {
        for bytes: [UInt8] in [
            [0, 0, 0, 0], [1, 0, 0, 0, 10], [5, 0, 0, 0, 10, 57, 46, 55, 0],
            Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8),
            Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), [9, 0, 0, 0, 255, 16, 4, 35, 48, 56, 48, 48, 52],
            [0xFF, 0xFF, 0xFF, 0], Array(repeating: 255, count: 600), Array(repeating: 10, count: 600),
        ] {
            try await with { client in
                try client.sendRaw(bytes)
            } _: { server in
                let error = try await mysqlError { _ = try await MySQLConnection.connect(settings(server)) }
                #expect(
                    [.cannotConnect, .malformed, .tooManyConnections, .packetTooLarge, .accessDenied].contains(
                        error.kind),
                    "\(bytes): \(error)")
            }
        }
        try await with { client in
            try client.greet(login: "mysql_native_password", version: "no version")
            try client.receive()
            try client.sendOK(number: 2)
            try client.waitForEnd()
        } _: { server in
            let error = try await mysqlError { _ = try await MySQLConnection.connect(settings(server)) }
            #expect(error == MySQLError(.malformed, message: "the server names no version"))
        }
    }
}
