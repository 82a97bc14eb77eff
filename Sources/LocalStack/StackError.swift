internal import Glibc
internal import Processes

/// Why a stack could not be started, found or changed.
package struct StackError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable: `stack.program_missing`, `stack.already_running`, …
    package var code: String
    /// One sentence, without a final full stop.
    package var summary: String
    package var hint: String?
    /// The end of the log of the process that failed, or what the system said.
    package var cause: String?

    package init(_ code: String, _ summary: String, hint: String? = nil, cause: String? = nil) {
        self.code = "stack.\(code)"
        self.summary = summary
        self.hint = hint
        self.cause = cause
    }

    package var description: String {
        [summary, cause, hint].compactMap { $0 }.joined(separator: "\n")
    }

    /// What starts processes has errors of its own.
    static func translating<Result>(_ body: () throws(ProcessError) -> Result) throws(StackError) -> Result {
        do throws(ProcessError) {
            return try body()
        } catch {
            throw StackError(error.code, error.summary, cause: error.cause)
        }
    }

    static func system(_ code: String, _ summary: String, _ number: Int32) -> StackError {
        StackError(code, summary, cause: String(cString: strerror(number)))
    }
}
