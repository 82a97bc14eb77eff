import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Testing

/// Servers of our own, and what is left of them: nothing.
@Suite(.serialized) struct ScratchServerTests {
    /// A folder in which scratch servers are made, gone afterwards.
    final class Folder: Sendable {
        let path: String

        init(_ name: String = "bw-scratch-\(UInt32.random(in: 0 ... .max))") throws {
            // On a disk, and where every user gets to.
            path = "/var/tmp/\(name)"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var content: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

        var options: ScratchOptions {
            var options = ScratchOptions()
            options.directory = path
            options.programs = [LoopbackDatabase.mysqlPrograms]
            return options
        }
    }

    /// Of an empty backup.
    static func manifest(_ family: DatabaseServer.Family) -> BackupManifest {
        BackupManifest(
            id: BackupID(time: Date(), random: 1), software: "test", startedAt: Date(), finishedAt: Date(),
            source: .init(
                family: family, version: family == .mysql ? "9.1.0" : "10.11.6-MariaDB", database: "shop",
                characterSet: "utf8mb4", collation: "utf8mb4_general_ci"),
            snapshot: .init(method: .tableLocks, consistent: true, position: nil), compression: .init(level: 1),
            recipients: ["age1"], tables: [], objects: [])
    }

    static func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno != ESRCH }

    @Test(.timeLimit(.minutes(3)), arguments: DatabaseServer.Family.allCases)
    func aServerOfTheFamilyServesAndIsGoneAfterwards(family: DatabaseServer.Family) async throws {
        let folder = try Folder()
        let pid = try await ScratchServer.with(for: Self.manifest(family), folder.options) { scratch in
            #expect(scratch.server.family == family)
            #expect(Self.isAlive(scratch.pid))
            try await MySQLConnection.with(scratch.settings) { connection in
                _ = try await connection.query("CREATE DATABASE shop")
                #expect(
                    try await connection.query("SELECT @@GLOBAL.skip_networking, @@GLOBAL.log_bin").rows == [
                        [[49], [48]]
                    ])
                #expect(try await connection.query("SELECT @@GLOBAL.max_allowed_packet").text() == "1073741824")
                if family == .mysql {
                    let redo = try await connection.query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'")
                    #expect(redo.text(0, 1) == "OFF")
                }
            }
            let place = try #require(folder.content.first)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(place)")
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            if geteuid() == 0 {
                let status = try String(contentsOfFile: "/proc/\(scratch.pid)/status", encoding: .utf8)
                #expect(!status.contains("Uid:\t0\t"), "it runs as root")
            }
            var stranger = scratch.settings
            stranger.password = nil
            let error = try await mysqlError { try await MySQLConnection.with(stranger) { _ in } }
            #expect(error.kind == .accessDenied)
            return scratch.pid
        }
        #expect(!Self.isAlive(pid))
        #expect(folder.content.isEmpty)
    }

    private struct Failure: Error {}

    @Test(.timeLimit(.minutes(3)))
    func whatFailsWithItLeavesNothing() async throws {
        let folder = try Folder()
        await #expect(throws: Failure.self) {
            try await ScratchServer.with(for: Self.manifest(.mariadb), folder.options) { _ in throw Failure() }
        }
        #expect(folder.content.isEmpty)
        let error = await #expect(throws: ScratchError.self) {
            try await ScratchServer.with(for: Self.manifest(.mariadb), folder.options) { scratch in
                kill(scratch.pid, SIGKILL)
                try await eventually("the server's end") { !Self.isAlive(scratch.pid) }
                throw Failure()
            }
        }
        #expect(error?.code == "scratch.ended", "\(String(describing: error))")
        #expect(folder.content.isEmpty)
    }

    @Test(.timeLimit(.minutes(3)), arguments: [false, true])
    func cancelledItLeavesNothing(isServing: Bool) async throws {
        let folder = try Folder()
        let (serving, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await ScratchServer.with(for: Self.manifest(.mariadb), folder.options) { _ in
                signal.yield()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        if isServing {
            for await _ in serving { break }
        } else {
            try await eventually("a folder") { !folder.content.isEmpty }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(folder.content.isEmpty)
    }

    /// In a process of its own, which is killed by nobody's leave.
    @Test(.timeLimit(.minutes(3)))
    func killedWeLeaveNothing() async throws {
        let folder = try Folder("bw-scratch-of-\(getpid())")
        let pidFile = URL(filePath: folder.path + ".pid")
        defer { try? FileManager.default.removeItem(at: pidFile) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let folder = try Folder("bw-scratch-of-\(getppid())")
            try await ScratchServer.with(for: ScratchServerTests.manifest(.mariadb), folder.options) { scratch in
                try "\(scratch.pid)".write(toFile: folder.path + ".pid", atomically: true, encoding: .utf8)
                kill(getpid(), SIGKILL)
            }
        }
        let pid = try #require(Int32(try String(contentsOf: pidFile, encoding: .utf8)))
        try await eventually("the server's end") { !Self.isAlive(pid) }
        try await eventually("the folder's removal") { folder.content.isEmpty }
    }

    @Test func whatCannotBeIsRefusedBeforeAnythingIsMade() async throws {
        let folder = try Folder()
        func refusal(
            _ family: DatabaseServer.Family, _ change: (inout BackupManifest, inout ScratchOptions) -> Void
        ) async -> ScratchError? {
            var (manifest, options) = (Self.manifest(family), folder.options)
            change(&manifest, &options)
            return await #expect(throws: ScratchError.self) {
                try await ScratchServer.with(for: manifest, options) { _ in }
            }
        }
        let huge = await refusal(.mysql) { manifest, _ in
            manifest.objects = [
                .init(
                    name: "1", kind: .tables, rawBytes: 1 << 50, storedBytes: 1, sha256: "", largestStatementBytes: 1)
            ]
        }
        #expect(huge?.code == "scratch.no_space" && huge?.hint != nil)
        let nowhere = await refusal(.mysql) { $1.directory = "/nonexistent" }
        #expect(nowhere?.code == "scratch.directory")
        let stranger = await refusal(.mysql) { $1.user = "nobody-of-that-name" }
        #expect(geteuid() != 0 || stranger?.code == "scratch.user_missing")
        #expect(folder.content.isEmpty)
    }
}
