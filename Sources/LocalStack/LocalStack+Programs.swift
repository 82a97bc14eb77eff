internal import Glibc
internal import Processes

/// Programs that run beside a stack's processes, and end with them at the latest.
extension LocalStack {
    /// Starts one. What it prints is added to the file `log`.
    ///
    /// `name` is its own among the stack's processes: ``pid(of:)``, ``signal(_:_:)`` and ``ended(_:)`` know it.
    /// - Throws: `StackError`.
    package func run(
        _ executable: String, as name: String, arguments: [String], environment: [String: String] = [:], log: String
    ) throws(StackError) {
        _ = try StackError.translating { () throws(ProcessError) in
            try supervisor.start(
                name, executable: executable, arguments: arguments, log: log, environment: environment)
        }
    }

    /// Runs a program to its end. What it prints goes to `NAME.log`.
    ///
    /// - Throws: `failure` with the end of that log when its exit code is not 0; `StackError`, `CancellationError`.
    func toEnd(
        of name: String, _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        or failure: StackError
    ) async throws {
        let log = state.log(of: name)
        try run(executable, as: name, arguments: arguments, environment: environment, log: log)
        await withTaskCancellationHandler {
            await supervisor.ended(name)
        } onCancel: {
            supervisor.signal(name, SIGKILL)
        }
        try Task.checkCancellation()
        guard let exit = supervisor.lastExit(of: name), exit.signal == nil, exit.code == 0 else {
            var failure = failure
            failure.hint = failure.hint ?? "its log is \(log)"
            failure.cause = Self.tail(of: log)
            throw failure
        }
    }
}
