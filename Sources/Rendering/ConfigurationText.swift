/// A configuration file in the making: directives, each with the reason for it where the reason is not obvious.
struct ConfigurationText {
    private(set) var text = ""

    init(_ title: String...) {
        for line in title { text += line.isEmpty ? "#\n" : "# \(line)\n" }
    }

    /// A blank line and a heading.
    mutating func section(_ heading: String) {
        text += "\n# --- \(heading)\n"
    }

    /// A directive, after its comment.
    mutating func set(_ directive: String, _ value: String, why comment: String...) {
        for line in comment { text += "# \(line)\n" }
        text += value.isEmpty ? "\(directive) \"\"\n" : "\(directive) \(value)\n"
    }

    /// A directive with a path, in quotes if Redis would otherwise see several words.
    mutating func set(_ directive: String, path: String) {
        let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'\\#".utf8.contains($0) }
        let escaped = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        set(directive, isPlain ? path : "\"\(escaped)\"")
    }

    /// Something left out, and why.
    mutating func note(_ comment: String...) {
        for line in comment { text += "# \(line)\n" }
    }
}

extension Bool {
    /// Redis' way to write it.
    var yesNo: String { self ? "yes" : "no" }
}
