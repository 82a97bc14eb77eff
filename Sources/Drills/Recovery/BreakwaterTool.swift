internal import Foundation
internal import Subprocess

/// The built `breakwater`, run from outside as an operator runs it.
struct BreakwaterTool: Sendable {
    /// Where the program lies.
    var directory: String
    /// The store's topology.
    var topologyFile: String
    /// Keys of buckets, in the variables that `breakwater` reads.
    var variables: [String: String] = [:]

    struct Outcome: Sendable {
        var status: Int32
        var document: Data
        var errors: String
        /// From the start of the process to its end.
        var took: Duration

        /// - Throws: `DrillError`, `drill.program_failed`, for a document without these fields.
        func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            do {
                return try decoder.decode(type, from: document)
            } catch {
                throw DrillError(
                    "drill.program_failed", "breakwater printed something else than was expected: \(error)")
            }
        }

        /// The code of the error that it ended with.
        var code: String? { (try? decoded(as: Failure.self))?.error.code }

        private struct Failure: Decodable {
            struct Error: Decodable { var code: String }
            var error: Error
        }
    }

    /// The environment: the program's folder is searched first.
    var environment: Environment {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        var changes: [Environment.Key: String?] = ["PATH": "\(directory):\(path)"]
        for (name, value) in variables { changes[Environment.Key(stringLiteral: name)] = value }
        return .inherit.updating(changes)
    }

    func arguments(_ words: [String]) -> [String] { words + ["-f", topologyFile, "--json"] }

    /// Runs a command to its end.
    /// - Throws: `DrillError` when it cannot be started; `CancellationError`.
    func attempt(_ words: [String]) async throws -> Outcome {
        let started = ContinuousClock.now
        do {
            let result = try await Subprocess.run(
                .name("breakwater"), arguments: Arguments(arguments(words)), environment: environment,
                output: .data(limit: 16 << 20), error: .string(limit: 256 * 1024))
            let status: Int32 =
                switch result.terminationStatus {
                case .exited(let code): Int32(code)
                case .signaled(let signal): -Int32(signal)
                }
            return Outcome(
                status: status, document: result.standardOutput,
                errors: result.standardError.trimmingCharacters(in: .whitespacesAndNewlines),
                took: ContinuousClock.now - started)
        } catch {
            try Task.checkCancellation()
            throw DrillError("drill.program_failed", "breakwater in \(directory) cannot be run: \(error)")
        }
    }

    /// Runs a command that must end with one of these codes.
    /// - Throws: `DrillError`, `drill.program_failed`, with the program's words.
    func run(_ words: [String], ending codes: Set<Int32> = [0]) async throws -> Outcome {
        let outcome = try await attempt(words)
        guard codes.contains(outcome.status) else {
            throw DrillError(
                "drill.program_failed",
                "`breakwater \(words.joined(separator: " "))` ended with \(outcome.status): "
                    + outcome.errors.suffix(2000))
        }
        return outcome
    }
}
