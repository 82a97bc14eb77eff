/// Something wrong or doubtful in a configuration, for people: all of them are reported at once.
package struct ConfigurationProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        case error, warning
    }

    package var severity: Severity
    /// Stable, for scripts: `proxy.no_listener`.
    package var code: String
    /// One sentence.
    package var message: String
    package var hint: String

    /// An error of a configuration, found outside this module.
    package static func unusable(_ code: String, _ message: String, hint: String) -> Self {
        error(code, message, hint: hint)
    }

    static func error(_ code: String, _ message: String, hint: String) -> Self {
        Self(severity: .error, code: "proxy.\(code)", message: message, hint: hint)
    }

    static func warning(_ code: String, _ message: String, hint: String) -> Self {
        Self(severity: .warning, code: "proxy.\(code)", message: message, hint: hint)
    }

    package var description: String { "\(severity.rawValue): \(message) [\(code)]\n  hint: \(hint)" }
}
