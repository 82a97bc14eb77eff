/// What reading one file has found so far: its diagnostics, and where each value stands.
///
/// Values are plain; their places are kept here under their path (`redis.quorum`, `redis.nodes[1]`), so that rules over
/// the finished topology can still point at a line. Lives only while one file is read, in one task.
final class ReadingContext {
    /// More findings than this help nobody, and a hostile file must not grow the answer without bound.
    static let mostDiagnostics = 200

    let file: String
    /// Keys the composer had to rename because they were duplicates: new name → name in the file.
    let renamedKeys: [String: String]
    private(set) var diagnostics: [Diagnostic] = []
    private var positions: [String: Position] = [:]
    private var broken: Set<String> = []

    init(file: String, renamedKeys: [String: String] = [:]) {
        self.file = file
        self.renamedKeys = renamedKeys
    }

    var hasErrors: Bool {
        diagnostics.contains { $0.severity == .error }
    }

    /// Remembers where the value at `path` stands.
    func note(_ path: String, at position: Position) {
        positions[path] = position
    }

    /// Whether the file itself has the value at `path`, right or wrong.
    func isGiven(_ path: String) -> Bool {
        positions[path] != nil
    }

    /// Where `path` stands; if the file does not have it, where the nearest section around it does.
    func position(of path: String) -> Position {
        var rest = path[...]
        while !rest.isEmpty {
            if let position = positions[String(rest)] { return position }
            guard let end = rest.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            rest = rest[..<end]
        }
        return .start
    }

    /// Reports a value that cannot be used. Rules over the same value stay silent afterwards: they would only judge
    /// the default that stands in for it.
    func reject(
        _ path: String, at position: Position? = nil, _ code: DiagnosticCode, _ message: String, hint: String? = nil
    ) {
        broken.insert(path)
        append(path, at: position, .error, code, message, hint)
    }

    /// Reports a contradiction between values that can each be read. `others` are the paths of the other values the
    /// rule looked at; if one of them was rejected, nothing is said.
    func report(
        _ code: DiagnosticCode, as severity: Diagnostic.Severity = .error, at path: String, with others: [String] = [],
        _ message: String, hint: String? = nil
    ) {
        guard !(others + [path]).contains(where: isBroken) else { return }
        append(path, at: nil, severity, code, message, hint)
    }

    /// Whether a value at, above or below `path` was rejected.
    private func isBroken(_ path: String) -> Bool {
        broken.contains { $0 == path || path.isBelow($0) || $0.isBelow(path) }
    }

    private func append(
        _ path: String, at position: Position?, _ severity: Diagnostic.Severity, _ code: DiagnosticCode,
        _ message: String, _ hint: String?
    ) {
        guard diagnostics.count < Self.mostDiagnostics else { return }
        diagnostics.append(
            Diagnostic(
                file: file, position: position ?? self.position(of: path), severity: severity, code: code,
                message: message, hint: hint))
    }
}

extension String {
    /// Whether this path names something inside `other`: `redis.nodes[1]` is below `redis.nodes`.
    fileprivate func isBelow(_ other: String) -> Bool {
        hasPrefix(other + ".") || hasPrefix(other + "[")
    }
}

/// What a user wrote, fit to be quoted in a one-line message: short and without control characters.
func quoted(_ text: String) -> String {
    let clean = String(String.UnicodeScalarView(text.unicodeScalars.prefix(41).map { $0.isControl ? " " : $0 }))
    return clean.unicodeScalars.count > 40 ? "`\(clean.prefix(40))…`" : "`\(clean)`"
}

extension Unicode.Scalar {
    /// Control characters and line separators: never valid in a value, for values end up in line-oriented files.
    var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}
