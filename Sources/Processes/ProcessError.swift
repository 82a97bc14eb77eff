internal import Glibc

/// Why a process could not be started.
package struct ProcessError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable: `cannot_start`, `no_lifeline`, `no_pipe`, `lock_unusable`, `running_already`, `stopping`.
    package var code: String
    /// One sentence, without a final full stop.
    package var summary: String
    /// What the system said.
    package var cause: String?

    package init(_ code: String, _ summary: String, cause: String? = nil) {
        self.code = code
        self.summary = summary
        self.cause = cause
    }

    static func system(_ code: String, _ summary: String, _ number: Int32) -> ProcessError {
        ProcessError(code, summary, cause: String(cString: strerror(number)))
    }

    package var description: String { summary + (cause.map { ": \($0)" } ?? "") }
}
