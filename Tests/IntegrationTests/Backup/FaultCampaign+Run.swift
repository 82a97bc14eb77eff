import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Synchronization
import Testing
import Topology

extension Blow {
    /// Does something and hits it; returns whether it succeeded nevertheless. What is killed with its program is done by
    /// the program that `arguments` start, the rest by `work`.
    func hit(
        _ database: MySQLSettings, _ server: LoopbackDatabase, _ work: @escaping @Sendable () async throws -> Void,
        program arguments: () throws -> [String]
    ) async throws -> Bool {
        if case .program(let time) = self { return try await Self.kill(arguments(), after: time) }
        let task = Task {
            do {
                try await work()
                return true
            } catch {
                return false
            }
        }
        switch self {
        case .connection(let time):
            try await Task.sleep(for: time)
            try await Self.killConnection(to: database, server)
        case .cancelled(let time):
            try await Task.sleep(for: time)
            task.cancel()
        case .definition(let time):
            try await Task.sleep(for: time)
            await Self.changeTable(database)
        case .store, .storeGone, .program: break
        }
        let succeeded = await task.value
        if case .definition = self { await Self.changeTableBack(database) }
        return succeeded
    }

    private static func killConnection(to database: MySQLSettings, _ server: LoopbackDatabase) async throws {
        try await MySQLConnection.with(server.settings()) { root in
            let threads = try await root.query(
                "SELECT id FROM information_schema.PROCESSLIST WHERE db = '\(database.address.database ?? "")'")
            guard let id = threads.rows.indices.randomElement().flatMap({ threads.text($0, 0) }) else { return }
            // It may have gone by itself meanwhile.
            _ = try? await root.query("KILL \(id)")
        }
    }

    /// A column that the tests' digests would see. A table that is not there yet has none to be changed.
    private static func changeTable(_ database: MySQLSettings) async {
        try? await MySQLConnection.with(database) { connection in
            _ = try await connection.query("SET SESSION lock_wait_timeout = 2")
            _ = try await connection.query("ALTER TABLE stock ADD COLUMN more INT")
        }
    }

    private static func changeTableBack(_ database: MySQLSettings) async {
        try? await MySQLConnection.with(database) { connection in
            _ = try await connection.query("ALTER TABLE stock DROP COLUMN more")
        }
    }

    /// Runs Breakwater itself and kills it; true when it was done before.
    private static func kill(_ arguments: [String], after time: Duration) async throws -> Bool {
        let process = Process()
        process.executableURL = ServerProcess.builtProgram("breakwater")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "AWS_ACCESS_KEY_ID": ObjectServer.owner.accessKeyID, "AWS_SECRET_ACCESS_KEY": ObjectServer.owner.secret,
        ]) { $1 }
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        let deadline = ContinuousClock.now + time
        while process.isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}

/// An age identity in a file that is gone with this value.
final class IdentityFile {
    let path: String

    init(_ identity: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "bw-key-\(UUID().uuidString.prefix(8))")
        path = file.path
        try Data(identity.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
