import Foundation
import LoopbackServers
import Testing

/// The built `breakwater` in a folder of its own: what it prints where, and how it ends.
final class BreakwaterProgram: Sendable {
    struct Outcome: Sendable {
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

    /// One that runs.
    final class Running: Sendable {
        let process: Process
        fileprivate let files: [URL]

        fileprivate init(_ process: Process, _ files: [URL]) {
            self.process = process
            self.files = files
        }

        func outcome() async throws -> Outcome {
            try await onThread { [self] in
                process.waitUntilExit()
                try #require(process.terminationReason == .exit)
                let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
                return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
            }
        }
    }

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bw-backup-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func start(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Running {
        let process = Process()
        process.executableURL = ServerProcess.builtProgram("breakwater")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: nothing has to read while the program runs.
        let files = ["out", "err"].map { folder.appending(path: ".\(UUID().uuidString).\($0)") }
        for file in files { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        return Running(process, files)
    }

    func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Outcome {
        try await start(arguments, environment).outcome()
    }

    /// Writes a file of the folder, for its owner alone, and returns its path.
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
