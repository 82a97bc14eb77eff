internal import DatabaseServers
internal import Foundation
package import MySQLClient
internal import Processes
package import RecoveryCore
internal import Topology

/// A MySQL or MariaDB server of our own, on a unix socket and with a password that nobody else knows, for as long as a
/// closure runs.
///
/// However that ends (it returns, fails, is cancelled, or this process is killed), the server is killed and its folder
/// removed: see ``ProcessSupervisor``.
package struct ScratchServer: Sendable {
    package let server: DatabaseServer
    /// As its `root`, without a database.
    package let settings: MySQLSettings
    /// The server's process id.
    package let pid: Int32
    private let directory: String

    fileprivate init(_ server: DatabaseServer, _ settings: MySQLSettings, pid: Int32, directory: String) {
        self.server = server
        self.settings = settings
        self.pid = pid
        self.directory = directory
    }

    /// Fails when its disk is full, or nearly: what a server then says may be anything.
    /// - Throws: `ScratchError.noSpace`.
    func checkDisk() throws(ScratchError) {
        let (available, needed) = (try ScratchDirectory.freeBytes(in: directory), UInt64(32 << 20))
        guard available >= needed else {
            throw .noSpace(directory: directory, needed: needed, available: available)
        }
    }

    /// Starts a server that the backup can be restored on, of its family and as near to its version as there is one.
    ///
    /// - Throws: `ScratchError`, `CancellationError`, and what `body` throws; when the server has ended meanwhile,
    ///   `ScratchError.ended` instead.
    package static func with<Result: Sendable>(
        for manifest: BackupManifest, _ options: ScratchOptions,
        _ body: (ScratchServer) async throws -> Result
    ) async throws -> Result {
        let source = manifest.source
        let plan = ScratchPlan(
            family: source.family, rawBytes: manifest.rawBytes, freeMemory: ScratchDirectory.freeMemory,
            bufferPool: options.bufferPoolBytes)
        let available = try ScratchDirectory.freeBytes(in: options.directory)
        guard available >= plan.neededBytes else {
            throw ScratchError.noSpace(
                directory: options.directory, needed: plan.neededBytes, available: available)
        }
        let directory = try ScratchDirectory(in: options.directory, user: options.user)
        return try await ScratchProcesses.with(sweeping: directory.path) { processes in
            try directory.create()
            let starter = ScratchStarter(
                plan: plan, directory: directory, programs: DatabasePrograms(options.programs), processes: processes)
            let server = try await starter.start(for: source)
            do {
                return try await body(server)
            } catch {
                guard processes.isRunning(ScratchStarter.server) || error is CancellationError else {
                    throw ScratchError.ended(
                        "restore the backup", log: directory.lastWords(of: directory.log))
                }
                throw error
            }
        }
    }
}

/// Makes a data directory and starts the server in it.
private struct ScratchStarter {
    static let server = "server"
    private static let patience = Duration.seconds(180)

    let plan: ScratchPlan
    let directory: ScratchDirectory
    let programs: DatabasePrograms
    let processes: ScratchProcesses

    func start(for source: BackupManifest.Source) async throws -> ScratchServer {
        let family = source.family
        let program = try await program(for: source)
        try await initialise(program)
        // Random, and never an argument.
        let password = (0..<4).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }.joined()
        let first = try directory.write(
            "ALTER USER 'root'@'localhost' IDENTIFIED BY '\(password)';\n", to: "first.sql")
        let pid = try processes.start(
            Self.server, program.path,
            directory.serverOptions + place(of: program) + plan.options(for: family) + ["--init-file=\(first)"],
            log: directory.log)
        var address = MySQLAddress(host: "localhost")
        (address.user, address.socket, address.tls) = ("root", directory.socket, .off)
        let settings = MySQLSettings(address: address, password: Secret(password))
        let server = try await answer(settings)
        return ScratchServer(server, settings, pid: pid, directory: directory.path)
    }

    private func place(of program: ScratchProgram) -> [String] {
        program.server.family == .mysql ? DatabasePrograms.relocation(of: program.path) : []
    }

    private func program(for source: BackupManifest.Source) async throws -> ScratchProgram {
        var found: [ScratchProgram] = []
        for (number, path) in programs.candidates(for: source.family).enumerated() {
            let log = "\(directory.path)/version-\(number)"
            _ = try await processes.run("version", path, ["--no-defaults", "--version"], log: log)
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let program = ScratchProgram(path: path, versionText: text), program.server.family == source.family {
                found.append(program)
            }
        }
        let version = DatabaseServer(versionText: source.version)?.version
        guard let program = ScratchPlan.nearest(found, to: version) else {
            throw ScratchError.programMissing(source.family)
        }
        return program
    }

    private func initialise(_ program: ScratchProgram) async throws {
        let log = directory.path + "/initialise.log"
        guard
            let (maker, arguments) = programs.initialisation(
                of: program.path, program.server.family, directory.options)
        else { throw ScratchError.installerMissing }
        let exit = try await processes.run("initialise", maker, arguments, log: log)
        guard exit.signal == nil, exit.code == 0 else {
            throw ScratchError.ended("make its data directory", log: directory.lastWords(of: log))
        }
    }

    /// Waits until it takes the password, and switches the redo log off where that can be done.
    private func answer(_ settings: MySQLSettings) async throws -> DatabaseServer {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await MySQLConnection.with(settings) { connection in
                    let server = await connection.server
                    if server.family == .mysql, server.version >= .init(8, 0, 21) {
                        _ = try await connection.query("ALTER INSTANCE DISABLE INNODB REDO_LOG")
                    }
                    return server
                }
            } catch let error as MySQLError {
                guard processes.isRunning(Self.server), ContinuousClock.now < deadline else {
                    throw ScratchError.ended("start", log: directory.lastWords(of: directory.log) + " (\(error))")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
