internal import Foundation
internal import Subprocess

/// Runs the built `breakwater switchover redis` against a stack, as an operator would.
struct SwitchoverProgram {
    /// Where the program lies.
    var directory: String
    var stateDirectory: String

    /// - Throws: `DrillError` when it ends with anything but 0.
    func run() async throws {
        let ending: (isSuccess: Bool, status: String, words: String)
        do {
            let result = try await Subprocess.run(
                .name("breakwater"),
                arguments: ["switchover", "redis", "--state", stateDirectory, "--json"],
                environment: .inherit.updating(["PATH": directory]),
                output: .string(limit: 64 * 1024), error: .string(limit: 64 * 1024))
            let words = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
            ending = (result.terminationStatus.isSuccess, "\(result.terminationStatus)", words)
        } catch {
            throw Self.failed("breakwater in \(directory) cannot be run: \(error)")
        }
        guard ending.isSuccess else {
            throw Self.failed("`breakwater switchover redis` ended with \(ending.status): \(ending.words)")
        }
    }

    private static func failed(_ reason: String) -> DrillError {
        DrillError("drill.fault_not_injected", "the fault could not be injected: \(reason)")
    }
}
