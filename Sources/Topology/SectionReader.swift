internal import Yams

/// Hands out the values of one mapping by key, and at the end reports the keys nobody asked for.
///
/// Every accessor reports what is wrong with a value and then answers as if the value had been left out, so that one
/// pass over the file finds everything.
final class SectionReader {
    let context: ReadingContext
    /// `redis`, or empty for the file itself.
    let path: String
    private var values: [String: Node] = [:]
    private var keys: [(name: String, position: Position)] = []
    private var asked: [String] = []

    /// A reader of `node`, which is reported if it is no mapping. An empty value is an empty mapping: a section whose
    /// lines are all commented out.
    init(_ node: Node?, path: String, context: ReadingContext) {
        self.context = context
        self.path = path
        guard let node, !node.isNull else { return }
        guard case .mapping(let mapping) = node else {
            context.reject(
                path, at: Position(node.mark), .wrongType,
                "\(name(of: path)) must be a mapping of keys to values, not \(node.kind)")
            return
        }
        for (key, value) in mapping { add(key, value) }
    }

    private func add(_ key: Node, _ value: Node) {
        let position = Position(key.mark)
        guard case .scalar(let scalar) = key else {
            context.reject(path, at: position, .wrongType, "a key must be a plain word, not \(key.kind)")
            return
        }
        let name = context.renamedKeys[scalar.string] ?? scalar.string
        guard values[name] == nil else {
            let first = keys.first { $0.name == name }?.position ?? position
            context.reject(
                full(name), at: position, .yamlDuplicateKey,
                "\(quoted(full(name))) is given more than once, first on line \(first.line)", hint: "keep one of them")
            return
        }
        values[name] = value
        keys.append((name, position))
        if case .scalar = value {
            context.note(full(name), at: value.isNull ? position : Position(value.mark))
        } else {
            context.note(full(name), at: position)
        }
    }

    func full(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// Whether the section has the key, with whatever value.
    func has(_ key: String) -> Bool {
        values[key] != nil
    }

    /// All keys in the order of the file, for mappings whose keys are names.
    var names: [(name: String, position: Position)] { keys }

    // MARK: - Scalars

    /// The value of `key`; `nil` when it is left out or was reported.
    func value<T: TopologyScalar>(_ key: String, as type: T.Type = T.self) -> T? {
        guard let node = take(key) else { return nil }
        return scalar(node, at: full(key), as: type)
    }

    /// The same, within bounds.
    func value<T: TopologyScalar & Comparable>(_ key: String, in range: ClosedRange<T>) -> T? {
        guard let value = value(key, as: T.self) else { return nil }
        guard range.contains(value) else {
            let bounds = "from \(range.lowerBound.topologyText) to \(range.upperBound.topologyText)"
            context.reject(
                full(key), .outOfRange, "`\(full(key))` is \(value.topologyText); it must be \(bounds)")
            return nil
        }
        return value
    }

    /// A text of a certain form.
    func text(_ key: String, _ rule: StringRule) -> String? {
        guard let text = value(key, as: String.self) else { return nil }
        return check(text, rule, at: full(key))
    }

    /// Reports that a key is missing. Use it where there is no sensible default.
    func require(_ key: String, hint: String? = nil) {
        guard !has(key) else { return }
        context.reject(
            full(key), .missingKey, path.isEmpty ? "`\(key)` is missing" : "`\(path)` has no `\(key)`", hint: hint)
    }

    // MARK: - Lists

    /// A list of scalars; entries that cannot be used are left out. Duplicates are reported.
    func list<T: TopologyScalar & Hashable>(_ key: String, of type: T.Type = T.self) -> [T]? {
        list(key, of: type) { _, value in value }
    }

    /// A list of texts of a certain form.
    func list(_ key: String, _ rule: StringRule) -> [String]? {
        list(key, of: String.self) { path, text in check(text, rule, at: path) }
    }

    private func list<T: TopologyScalar & Hashable>(
        _ key: String, of type: T.Type, accept: (_ path: String, _ value: T) -> T?
    ) -> [T]? {
        guard let nodes = nodes(key) else { return nil }
        var seen: Set<T> = []
        return nodes.compactMap { path, node in
            guard let read = scalar(node, at: path, as: type), let value = accept(path, read) else { return nil }
            guard seen.insert(value).inserted else {
                context.reject(path, .duplicateEntry, "`\(full(key))` names \(quoted(value.topologyText)) twice")
                return nil
            }
            return value
        }
    }

    // MARK: - Sections

    /// The mapping at `key`; `nil` when it is left out.
    func section(_ key: String) -> SectionReader? {
        guard let node = take(key) else { return nil }
        return SectionReader(node, path: full(key), context: context)
    }

    /// What may be a yes or no, or a section that says more.
    enum Choice {
        case flag(Bool)
        case section(SectionReader)
    }

    /// The yes, no or mapping at `key`; `nil` when it is left out or was reported.
    func choice(_ key: String) -> Choice? {
        if case .mapping = values[key] { return section(key).map(Choice.section) }
        return value(key, as: Bool.self).map(Choice.flag)
    }

    /// The list of mappings at `key`; empty when it is left out.
    func sections(_ key: String) -> [SectionReader] {
        (nodes(key) ?? []).map { SectionReader($1, path: $0, context: context) }
    }

    /// What may be a single value, or a section that says more.
    enum Entry<T> {
        case value(T)
        case section(SectionReader)
    }

    /// The list at `key` of values and mappings, those that cannot be used left out; empty when it is left out.
    func entries<T: TopologyScalar>(_ key: String, of type: T.Type) -> [Entry<T>] {
        (nodes(key) ?? []).compactMap { path, node in
            if case .mapping = node { return .section(SectionReader(node, path: path, context: context)) }
            return scalar(node, at: path, as: type).map(Entry.value)
        }
    }

    /// Reports the keys that were never asked for.
    func finish() {
        for (name, position) in keys where !asked.contains(name) {
            let near = nearest(to: name, among: asked)
            context.reject(
                full(name), at: position, .unknownKey,
                path.isEmpty ? "unknown key \(quoted(name))" : "unknown key \(quoted(name)) in `\(path)`",
                hint: near.map { "did you mean `\($0)`?" } ?? "known keys: \(asked.joined(separator: ", "))")
        }
    }

    // MARK: - Nodes

    private func take(_ key: String) -> Node? {
        if !asked.contains(key) { asked.append(key) }
        return values[key]
    }

    private func nodes(_ key: String) -> [(path: String, node: Node)]? {
        guard let node = take(key) else { return nil }
        guard case .sequence(let sequence) = node else {
            var hint: String?
            if case .scalar(let scalar) = node, !node.isNull { hint = "write `\(key): [\(scalar.string.prefix(40))]`" }
            context.reject(full(key), .wrongType, "`\(full(key))` must be a list, not \(node.kind)", hint: hint)
            return nil
        }
        return sequence.enumerated().map { index, node in
            let path = "\(full(key))[\(index)]"
            context.note(path, at: Position(node.mark))
            return (path, node)
        }
    }

    private func scalar<T: TopologyScalar>(_ node: Node, at path: String, as type: T.Type) -> T? {
        guard case .scalar(let scalar) = node, !node.isNull else {
            context.reject(
                path, .wrongType, "`\(path)` must be \(T.expectation), not \(node.kind)",
                hint: node.isNull ? "give it a value, or remove the key" : nil)
            return nil
        }
        guard !scalar.string.unicodeScalars.contains(where: \.isControl) else {
            context.reject(path, .invalidValue, "`\(path)` contains a control character or a line break")
            return nil
        }
        guard scalar.string.utf8.count <= 4_096 else {
            context.reject(path, .invalidValue, "`\(path)` is longer than 4096 bytes")
            return nil
        }
        do {
            return try T(scalar: scalar.string)
        } catch {
            context.reject(path, error.code, "`\(path)` \(error.message)", hint: error.hint)
            return nil
        }
    }

    private func check(_ text: String, _ rule: StringRule, at path: String) -> String? {
        guard rule.test(text) else {
            context.reject(
                path, .invalidValue, "`\(path)` must be \(rule.expectation), not \(quoted(text))", hint: rule.hint)
            return nil
        }
        return text
    }

    private func name(of path: String) -> String {
        path.isEmpty ? "the file" : "`\(path)`"
    }
}

extension Node {
    /// A plain empty value, `~` or `null`.
    fileprivate var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What it is, after "not".
    fileprivate var kind: String {
        switch self {
        case .scalar(let scalar): isNull ? "empty" : scalar.string.isEmpty ? "an empty text" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
