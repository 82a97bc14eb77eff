internal import Foundation
internal import Synchronization
package import Topology

/// Where a command writes. Results go to standard output, everything else to standard error, so that
/// `breakwater … --json | jq` and `breakwater … > file` always work.
package final class Console: Sendable {
    /// Whether the result is one JSON document instead of text.
    package let isJSON: Bool
    /// Whether standard error is a terminal that shows colours (`NO_COLOR` and `TERM=dumb` are honoured).
    package let colours: Colours
    /// Whether standard output is a terminal: only then are there progress bars and redrawn screens.
    package let isInteractive: Bool
    /// Whether standard error is a terminal that can draw a line again.
    package let showsProgress: Bool
    private let documentPrinted = Mutex(false)
    /// Whether a line of progress stands on the terminal.
    private let hasProgress = Mutex(false)

    package init(json: Bool, environment: [String: String] = ProcessInfo.processInfo.environment) {
        isJSON = json
        isInteractive = isatty(STDOUT_FILENO) == 1 && !json
        showsProgress = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        let wanted = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        colours = Colours(isEnabled: wanted && isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
    }

    /// Prints a line of the result as text. With `--json` it does nothing: the document is the result.
    package func print(_ line: String = "") {
        guard !isJSON else { return }
        progress(nil)
        write(line + "\n", to: FileHandle.standardOutput)
    }

    /// Prints the command's one JSON document; without `--json` it does nothing. Property names become snake_case.
    package func document(_ value: some Encodable) throws {
        guard isJSON else { return }
        let first = documentPrinted.withLock { printed in
            defer { printed = true }
            return !printed
        }
        precondition(first, "a command prints one JSON document")
        try event(value)
    }

    /// Prints a JSON document in a line of its own, of a command that runs without end and tells what happens; without
    /// `--json` it does nothing.
    package func event(_ value: some Encodable) throws {
        guard isJSON else { return }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: FileHandle.standardOutput)
    }

    /// Progress, advice, warnings: for people, never part of the result.
    package func note(_ line: String) {
        hasProgress.withLock { hasProgress in
            write((hasProgress ? Self.emptyLine : "") + line + "\n", to: FileHandle.standardError)
            hasProgress = false
        }
    }

    /// Draws the one line of progress anew, or takes it away; only on a terminal, and no wider than that.
    package func progress(_ line: String?) {
        guard showsProgress else { return }
        hasProgress.withLock { hasProgress in
            guard hasProgress || line != nil else { return }
            var size = winsize()
            let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
            write(Self.emptyLine + (line ?? "").prefix(columns - 1), to: FileHandle.standardError)
            hasProgress = line != nil
        }
    }

    private static let emptyLine = "\r\u{1B}[K"

    /// The text form of a finding, with its hint on a line of its own.
    package func text(_ diagnostic: Diagnostic) -> String {
        let place = "\(diagnostic.file):\(diagnostic.line):\(diagnostic.column):"
        let severity = colours.paint("\(diagnostic.severity.rawValue):", diagnostic.severity == .error ? .red : .yellow)
        var text = "\(place) \(severity) \(diagnostic.message) [\(diagnostic.code)]"
        if let hint = diagnostic.hint { text += "\n    hint: \(hint)" }
        return text
    }

    /// Shows an error: on standard error as text and, with `--json`, as the document.
    func present(_ error: UserFacingError) {
        for diagnostic in error.diagnostics { note(text(diagnostic)) }
        note("\(colours.paint("error:", .red)) \(error.summary) [\(error.code)]")
        if let cause = error.cause { note("    cause: \(cause)") }
        if let hint = error.hint { note("    hint: \(hint)") }
        guard isJSON, !documentPrinted.withLock({ $0 }) else { return }
        // Encoding plain strings does not fail; if it did, the exit status still tells.
        try? document(ErrorDocument(error: .init(error)))
    }

    private func write(_ text: String, to handle: FileHandle) {
        // A closed pipe (`| head`) is the reader's choice, not an error of ours.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}

/// `{"error":{"code":…,"message":…,"hint":…}}`
private struct ErrorDocument: Encodable {
    struct Body: Encodable {
        var code: String
        var message: String
        var hint: String?
        var cause: String?
        var diagnostics: [Diagnostic]?

        init(_ error: UserFacingError) {
            code = error.code
            message = error.summary
            hint = error.hint
            cause = error.cause
            diagnostics = error.diagnostics.isEmpty ? nil : error.diagnostics
        }
    }

    var error: Body
}

/// Colours for terminals; plain text everywhere else.
package struct Colours: Sendable {
    package enum Colour: Int, Sendable {
        case red = 31
        case green = 32
        case yellow = 33
        case grey = 90
    }

    package var isEnabled: Bool

    package func paint(_ text: String, _ colour: Colour) -> String {
        isEnabled ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}

extension Console {
    /// Shows why a command line cannot be used: the parser's own message with its usage line, and with `--json` the
    /// document.
    func presentUsage(_ text: String, summary: String) {
        note(text)
        guard isJSON else { return }
        try? document(ErrorDocument(error: .init(UserFacingError(code: "usage", summary: summary, status: .invalid))))
    }
}
