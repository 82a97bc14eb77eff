internal import Foundation
internal import Processes

/// The processes of a scratch server, or of another program for one job. All of them, and their folder, are gone when
/// ``with(sweeping:_:)`` returns, or this process ends.
struct ScratchProcesses: Sendable {
    private let supervisor: ProcessSupervisor

    /// - Throws: `ScratchError.process`; what `body` throws.
    static func with<Result: Sendable>(
        sweeping directory: String, _ body: (ScratchProcesses) async throws -> Result
    ) async throws -> Result {
        let supervisor: ProcessSupervisor
        do throws(ProcessError) {
            supervisor = try ProcessSupervisor(sweeping: directory) { _ in }
        } catch {
            throw ScratchError.process("\(error)")
        }
        let (isSwept, sink) = AsyncStream<Void>.makeStream()
        let reaper = Thread {
            supervisor.reap()
            sink.finish()
        }
        reaper.name = "reaper"
        reaper.start()
        func end() async {
            supervisor.end()
            // Also when this task is cancelled: nothing is to be left when the caller goes on.
            await Task { for await _ in isSwept {} }.value
        }
        do {
            let result = try await body(ScratchProcesses(supervisor: supervisor))
            await end()
            return result
        } catch {
            await end()
            throw error
        }
    }

    func start(
        _ name: String, _ program: String, _ arguments: [String], log: String, output: Int32? = nil,
        environment: [String: String] = [:]
    ) throws(ScratchError) -> Int32 {
        do throws(ProcessError) {
            return try supervisor.start(
                name, executable: program, arguments: arguments, log: log, output: output, environment: environment)
        } catch {
            throw .process("\(error)")
        }
    }

    /// Runs a program to its end. When the task is cancelled, the program gets a signal, and its end is waited for.
    func run(
        _ name: String, _ program: String, _ arguments: [String], log: String, output: Int32? = nil,
        environment: [String: String] = [:], cancelledBy signal: Int32 = SIGKILL
    ) async throws -> ProcessExit {
        try Task.checkCancellation()
        _ = try start(name, program, arguments, log: log, output: output, environment: environment)
        await withTaskCancellationHandler {
            await supervisor.ended(name)
        } onCancel: {
            supervisor.signal(name, signal)
        }
        try Task.checkCancellation()
        guard let exit = supervisor.lastExit(of: name) else {
            throw ScratchError.process("\(program) was lost sight of")
        }
        return exit
    }

    func isRunning(_ name: String) -> Bool { supervisor.pid(of: name) != nil }
}
