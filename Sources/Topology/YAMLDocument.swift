internal import Yams

/// The node tree of one YAML document, composed with bounded work.
struct YAMLDocument {
    /// Files beyond this are refused unread; a topology is a few kilobytes.
    static let mostBytes = 256 * 1024
    /// Aliases are refused anyway, but only the composed tree shows them for certain. So many may reach the composer:
    /// few enough that nested ones cannot multiply into unbounded work.
    private static let mostAliases = 32
    private static let mostDuplicates = 8

    /// `nil` when the document is empty or could not be composed.
    var root: Node?
    var context: ReadingContext

    init(text: String, file: String) {
        context = ReadingContext(file: file)
        guard text.utf8.count <= Self.mostBytes else {
            context.reject(
                "", .fileTooLarge, "the file is larger than \(Self.mostBytes / 1024) KiB",
                hint: "a topology file describes one store; is this the right file?")
            return
        }
        if let position = Self.aliasBeyondLimit(in: text) {
            context.reject("", at: position, .yamlAlias, Self.aliasMessage, hint: Self.aliasHint)
            return
        }
        compose(text)
    }

    /// The composer refuses a mapping with duplicate keys and names the first occurrence of one of them. To report
    /// duplicates together with everything else, that occurrence is renamed in the text (one character for one, so
    /// that every position stays right) and the text is composed again.
    private mutating func compose(_ text: String) {
        var text = text
        var renamed: [String: String] = [:]
        while true {
            do {
                let parser = try Parser(yaml: text, encoding: .utf8)
                context = ReadingContext(file: context.file, renamedKeys: renamed)
                root = try parser.singleRoot()
                // Nodes refer to their anchors weakly; the parser keeps them alive.
                withExtendedLifetime(parser) {
                    if let root { rejectAnchors(in: root) }
                }
            } catch YamlError.duplicatedKeysInMapping(let duplicates, let place) {
                let position = Position(place.mark)
                if let key = duplicates.first, renamed.count < Self.mostDuplicates,
                    let scalar = Unicode.Scalar(0xE000 + UInt32(renamed.count)),
                    let (changed, newKey) = text.renaming(key, at: position, with: scalar)
                {
                    text = changed
                    renamed[newKey] = key
                    continue
                }
                context.reject(
                    "", at: position, .yamlDuplicateKey,
                    "the key \(quoted(duplicates.first ?? "")) is given more than once", hint: "keep one of them")
            } catch let error as YamlError {
                let (position, problem) = error.located(in: text)
                context.reject("", at: position, .yamlSyntax, problem, hint: error.hint(in: text, at: position))
            } catch {
                context.reject("", .yamlSyntax, "the file is not valid YAML")
            }
            return
        }
    }

    private static let aliasMessage = "anchors (&) and aliases (*) are not part of a topology file"
    private static let aliasHint = "write the value out, or quote it if the sign belongs to the text"

    /// Reports every anchor. An alias is composed as a copy of what it stands for, anchor included, so stopping at
    /// anchors also bounds the walk.
    private func rejectAnchors(in node: Node) {
        if node.anchor != nil {
            context.reject("", at: Position(node.mark), .yamlAlias, Self.aliasMessage, hint: Self.aliasHint)
            return
        }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                rejectAnchors(in: key)
                rejectAnchors(in: value)
            }
        case .sequence(let sequence):
            sequence.forEach(rejectAnchors(in:))
        case .scalar, .alias:
            break
        }
    }

    /// Where the alias after the last permitted one stands, judging by the text alone: `*` and a letter or digit at
    /// the start of a word, outside comment lines.
    private static func aliasBeyondLimit(in text: String) -> Position? {
        var count = 0
        var number = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if line.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "#") { continue }
            var before = UInt8(ascii: " ")
            var star: Int?
            for (column, byte) in line.enumerated() {
                if star != nil, byte.isASCIIAlphanumeric {
                    count += 1
                    if count > mostAliases { return Position(line: number, column: column) }
                }
                star = byte == UInt8(ascii: "*") && !before.isASCIIAlphanumeric ? column : nil
                before = byte
            }
        }
        return nil
    }
}

extension Position {
    init(_ mark: Mark?) {
        self.init(line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
    }
}

extension String {
    /// Replaces the first character of the key that stands at `position`; `nil` if it does not stand there.
    fileprivate func renaming(
        _ key: String, at position: Position, with replacement: Unicode.Scalar
    ) -> (text: String, key: String)? {
        var scalars = Array(unicodeScalars)
        guard let first = key.unicodeScalars.first, var index = scalars.index(of: position) else { return nil }
        if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard index < scalars.count, scalars[index] == first else { return nil }
        scalars[index] = replacement
        var newKey = String.UnicodeScalarView([replacement])
        newKey.append(contentsOf: key.unicodeScalars.dropFirst())
        return (String(String.UnicodeScalarView(scalars)), String(newKey))
    }
}

extension [Unicode.Scalar] {
    /// The index of a position, counting lines as YAML does.
    fileprivate func index(of position: Position) -> Int? {
        var line = 1
        var start = 0
        while line < position.line, start < count {
            switch self[start] {
            case "\r":
                line += 1
                if start + 1 < count, self[start + 1] == "\n" { start += 1 }
            case "\n", "\u{85}", "\u{2028}", "\u{2029}":
                line += 1
            default: break
            }
            start += 1
        }
        let index = start + position.column - 1
        return line == position.line && index < count ? index : nil
    }
}

extension YamlError {
    /// Where the error stands and what it is, in one line.
    fileprivate func located(in text: String) -> (Position, String) {
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let about = context.map { "\($0.text), " } ?? ""
            return (Position(mark), "not valid YAML: \(about)\(problem)")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.split(separator: "\n", omittingEmptySubsequences: false)
            let position = Position(line: max(1, line.count), column: (line.last?.unicodeScalars.count ?? 0) + 1)
            return (position, "not valid YAML: \(problem)")
        default:
            return (.start, "not valid YAML")
        }
    }

    fileprivate func hint(in text: String, at position: Position) -> String? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(position.line - 1) else { return nil }
        return lines[position.line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
            ? "indent with spaces; YAML does not allow tabs" : nil
    }
}
