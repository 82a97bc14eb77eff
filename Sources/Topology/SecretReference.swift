/// Where a secret is kept: `file:/etc/breakwater/redis.password` or `env:NAME`.
///
/// A topology file never holds a secret itself, so that it can be committed, mailed and shown. The reference is no
/// secret; ``Secret`` is.
package enum SecretReference: Sendable, Hashable {
    /// A file whose content, without one trailing line break, is the secret. The path is absolute.
    case file(String)
    /// A variable of the process' environment.
    case environment(String)

    /// Reads a reference; `nil` when the text is none (a literal password, for one).
    package init?(_ text: String) {
        if let path = text.dropping(prefix: "file:"), path.hasPrefix("/"), path.count > 1 {
            self = .file(path)
        } else if let name = text.dropping(prefix: "env:"), Self.isVariableName(name) {
            self = .environment(name)
        } else {
            return nil
        }
    }

    private static func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
    }
}

extension SecretReference: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file(let path): "file:\(path)"
        case .environment(let name): "env:\(name)"
        }
    }
}

/// A secret in memory. Printing, interpolating, dumping or logging it shows `<redacted>`.
package struct Secret: Sendable, Hashable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// Hands out the secret itself; name the call so that a reader of the code sees where secrets go.
    package func reveal() -> String {
        value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// What follows `prefix`, or `nil` when the text does not start with it.
    func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

extension UInt8 {
    var isASCIIAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
