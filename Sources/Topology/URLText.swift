/// The parts of a URL as `mysql://` and `s3://` use it, percent-decoded: `scheme://user@host:port/path?key=value`.
///
/// Strict where leniency would hide a slip: a password is refused, and so is a key that is given twice.
struct URLText {
    var user: String?
    /// What stands between `@` and the first slash: a host with or without a port, or a bucket.
    var authority: String
    /// Without the slash before it; empty when there is none.
    var path: String
    private var options: [(key: String, value: String)] = []

    init(_ text: String, scheme: String) throws(UnusableScalar) {
        guard let rest = text.dropping(prefix: "\(scheme)://") else {
            throw UnusableScalar(message: "must start with \(scheme)://")
        }
        let (main, query) = rest.split(atFirst: "?")
        let (beforePath, path) = main.split(atFirst: "/")
        let at = beforePath.lastIndex(of: "@")
        if let at {
            let login = beforePath[..<at]
            guard !login.contains(":") else {
                // The text holds the secret, so nothing of it is repeated.
                throw UnusableScalar(
                    code: .literalSecret, message: "must not contain a password or a secret key",
                    hint: "passwords and keys come from files and environment variables")
            }
            user = try Self.decoded(login)
        }
        authority = String(beforePath[(at.map { beforePath.index(after: $0) } ?? beforePath.startIndex)...])
        self.path = try Self.decoded(path ?? "")
        for item in (query ?? "").split(separator: "&", omittingEmptySubsequences: true) {
            let (key, value) = item.split(atFirst: "=")
            guard let value, !value.isEmpty else {
                throw UnusableScalar(message: "has no value for \(quoted(String(key)))")
            }
            guard !options.contains(where: { $0.key == key }) else {
                throw UnusableScalar(message: "gives \(quoted(String(key))) twice")
            }
            options.append((String(key), try Self.decoded(value)))
        }
    }

    /// The value of an option; every option that is asked for is known.
    mutating func take(_ key: String) -> String? {
        guard let index = options.firstIndex(where: { $0.key == key }) else { return nil }
        return options.remove(at: index).value
    }

    mutating func takePath(_ key: String) throws(UnusableScalar) -> String? {
        guard let path = take(key) else { return nil }
        guard path.hasPrefix("/") else { throw UnusableScalar(message: "has a `\(key)` that is no absolute path") }
        return path
    }

    /// Refuses the options that nobody took.
    func finish(known: [String]) throws(UnusableScalar) {
        guard let (key, _) = options.first else { return }
        throw UnusableScalar(
            message: "has an unknown option \(quoted(key))",
            hint: nearest(to: key, among: known).map { "did you mean `\($0)`?" }
                ?? "known options: \(known.joined(separator: ", "))")
    }

    private static func decoded(_ text: Substring) throws(UnusableScalar) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let digits = String(digits), let value = UInt8(digits, radix: 16), value >= 0x20
            else { throw UnusableScalar(message: "has a `%` that is not followed by two hexadecimal digits") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let result = String(validating: bytes, as: UTF8.self) else {
            throw UnusableScalar(message: "is not UTF-8 text once its `%` are decoded")
        }
        return result
    }
}

extension StringProtocol {
    /// What stands before and after the first `separator`; nothing after it when there is none.
    fileprivate func split(atFirst separator: Character) -> (SubSequence, SubSequence?) {
        guard let index = firstIndex(of: separator) else { return (self[...], nil) }
        return (self[..<index], self[self.index(after: index)...])
    }
}
