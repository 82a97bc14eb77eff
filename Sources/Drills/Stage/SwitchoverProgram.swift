internal import Foundation
internal import Subprocess

/// Runs the built `breakwater switchover redis` against a stack, as an operator would.
struct SwitchoverProgram {
    /// Where the program lies.
    var directory: String
    var stateDirectory: String

    /// Soon after a failover a switchover is refused, with nothing touched, and an operator tries again. For this long.
    private static let patience: Duration = .seconds(30)
    private static let refused: TerminationStatus = .exited(3)

    /// - Throws: `DrillError` when it ends with anything but 0.
    func run() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while try await !attempt(isLast: ContinuousClock.now >= deadline) {
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// False when it was refused and may be tried again.
    private func attempt(isLast: Bool) async throws -> Bool {
        let ending: (status: TerminationStatus, words: String)
        do {
            let result = try await Subprocess.run(
                .name("breakwater"),
                arguments: ["switchover", "redis", "--state", stateDirectory, "--json"],
                environment: .inherit.updating(["PATH": directory]),
                output: .string(limit: 64 * 1024), error: .string(limit: 64 * 1024))
            let words = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
            ending = (result.terminationStatus, words)
        } catch {
            throw Self.failed("breakwater in \(directory) cannot be run: \(error)")
        }
        if ending.status == Self.refused, !isLast { return false }
        guard ending.status.isSuccess else {
            throw Self.failed("`breakwater switchover redis` ended with \(ending.status): \(ending.words)")
        }
        return true
    }

    private static func failed(_ reason: String) -> DrillError {
        DrillError("drill.fault_not_injected", "the fault could not be injected: \(reason)")
    }
}
