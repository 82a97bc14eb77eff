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
}
