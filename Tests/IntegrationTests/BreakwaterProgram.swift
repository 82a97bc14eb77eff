import Foundation
import LoopbackServers
import Testing

/// The built `breakwater` in a folder of its own, as a person uses it: what it prints where, and how it ends.
final class BreakwaterProgram: Sendable {
    struct Outcome: Sendable {
        /// Of one that a signal ended, minus its number.
        var status: Int32
        var output: String
        var errors: String

        /// The one JSON document that standard output must consist of.
        func document() throws -> [String: Any] {
            #expect(output.hasSuffix("\n") && output.count { $0 == "\n" } == 1, "\(output)\(errors)")
            return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }

        /// The code of the error that it ended with.
        func code() throws -> String? { (try document()["error"] as? [String: Any])?["code"] as? String }
    }

    /// One that runs; killed when this value goes.
    final class Running: Sendable {
        let process: Process
        private let output: URL
        private let errors: URL

        fileprivate init(_ process: Process, output: URL, errors: URL) {
            self.process = process
            self.output = output
            self.errors = errors
        }

        deinit { if process.isRunning { kill(SIGKILL) } }

        func kill(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

        /// What it has written to standard error so far.
        func errorText() throws -> String { try String(contentsOf: errors, encoding: .utf8) }

        /// Waits for its end, whatever that is.
        func ended() async throws { try await onThread { [self] in process.waitUntilExit() } }

        /// Waits for its end, which must not be by a signal.
        func outcome() async throws -> Outcome {
            let outcome = try await end()
            try #require(outcome.status >= 0, "it was ended by a signal")
            return outcome
        }

        /// Waits for its end, whatever that is, and says what it was.
        func end() async throws -> Outcome {
            try await ended()
            let status = process.terminationStatus
            return Outcome(
                status: process.terminationReason == .exit ? status : -status,
                output: try String(contentsOf: output, encoding: .utf8), errors: try errorText())
        }
    }

    /// Its name is short: sockets in it have paths of at most 107 bytes.
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bw-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Starts it with these variables and no others but a `PATH`; by a `wrapper` if there is one, a program and
    /// arguments, which Breakwater's follow.
    func start(
        _ arguments: [String], _ environment: [String: String] = [:], by wrapper: [String] = []
    ) throws -> Running {
        let process = Process()
        let command = wrapper + [ServerProcess.builtProgram("breakwater").path] + arguments
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: nothing has to read while the program runs.
        let files = ["out", "err"].map { folder.appending(path: ".\(UUID().uuidString).\($0)") }
        for file in files { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        return Running(process, output: files[0], errors: files[1])
    }

    func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Outcome {
        try await start(arguments, environment).outcome()
    }

    /// Writes a file of the folder, for its owner alone, and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = folder.appending(path: name).path
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw LoopbackError("\(path) was not written") }
        return path
    }

    /// Every file below a folder of this one, by its path.
    func files(below name: String) -> [String] {
        let root = folder.appending(path: name)
        let paths = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
        return (paths?.compactMap { $0 as? URL } ?? [])
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true }
            .map { String($0.path.dropFirst(root.path.count + 1)) }
    }
}
