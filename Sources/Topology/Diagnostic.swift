/// One finding about a topology file, located where the user can fix it.
///
/// Its JSON form (`breakwater validate --json`) has exactly these keys; `hint` is left out when there is none.
package struct Diagnostic: Sendable, Equatable, Codable {
    package enum Severity: String, Sendable, Codable {
        /// The file is not used: no topology results from it.
        case error
        /// The file is used as it stands.
        case warning
    }

    /// The file as the caller named it.
    package var file: String
    /// The line, from 1.
    package var line: Int
    /// The column, from 1, counted in Unicode scalars as YAML counts them.
    package var column: Int
    package var severity: Severity
    /// A stable code, such as `redis.quorum_not_majority`; see ``DiagnosticCode``.
    package var code: String
    /// One sentence that says what is wrong.
    package var message: String
    /// What would put it right.
    package var hint: String?

    package init(
        file: String, position: Position, severity: Severity, code: DiagnosticCode, message: String, hint: String? = nil
    ) {
        self.file = file
        self.line = position.line
        self.column = position.column
        self.severity = severity
        self.code = code.rawValue
        self.message = message
        self.hint = hint
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `path:line:column: severity: text [code]`, the form editors and compilers share; the hint is not part of it.
    package var description: String {
        "\(file):\(line):\(column): \(severity.rawValue): \(message) [\(code)]"
    }
}

/// A place in a file; both count from 1, columns in Unicode scalars.
package struct Position: Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The first character of a file: where a finding about the file as a whole is shown.
    package static let start = Position(line: 1, column: 1)

    package static func < (lhs: Position, rhs: Position) -> Bool {
        (lhs.line, lhs.column) < (rhs.line, rhs.column)
    }
}
