internal import Drills
internal import LocalStack
package import Topology

/// The one kind of error a user sees. Commands translate what went wrong below them into it; one place prints it.
///
/// Nothing in it may hold a secret: name the reference (`file:/etc/…`), never the value.
package struct UserFacingError: Error, Sendable, Equatable {
    /// Stable, for scripts: `area.what_happened`.
    package var code: String
    /// One sentence, without a final full stop.
    package var summary: String
    /// What the user can do about it.
    package var hint: String?
    /// What lies underneath, in the words of whoever noticed.
    package var cause: String?
    package var status: ExitStatus
    /// The findings behind a topology that cannot be used.
    package var diagnostics: [Diagnostic]

    package init(
        code: String, summary: String, hint: String? = nil, cause: String? = nil, status: ExitStatus = .failed,
        diagnostics: [Diagnostic] = []
    ) {
        self.code = code
        self.summary = summary
        self.hint = hint
        self.cause = cause
        self.status = status
        self.diagnostics = diagnostics
    }
}

extension UserFacingError {
    /// What to show for any error: itself, an interruption, or something nobody translated.
    init(presenting error: any Error) {
        switch error {
        case let error as UserFacingError:
            self = error
        case let error as DrillError:
            self.init(
                code: error.code, summary: error.summary, hint: error.hint,
                status: error.isRefusal ? .refused : .failed)
        case let error as StackError:
            self.init(error)
        case is CancellationError:
            self.init(code: "interrupted", summary: "interrupted", status: .interrupted)
        case let error as SecretUnavailable:
            self.init(
                code: "secret.unavailable", summary: "\(error)",
                hint: "check that the file exists and that this user may read it, or that the variable is exported")
        default:
            if let error = UserFacingError(ofBackup: error) {
                self = error
                return
            }
            self.init(code: "internal.unexpected", summary: "unexpected error", cause: String(describing: error))
        }
    }
}
