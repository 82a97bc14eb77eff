/// Reads SQL text that a server wrote, token by token, so that nothing inside quotes or comments is taken for syntax.
/// What is behind `/*!50100` and before its `*/` is syntax, as it is to servers.
///
/// Quotes are those of the default `sql_mode`: what servers write for `SHOW CREATE` in a session of ours.
struct SQLTokens: Sequence, IteratorProtocol {
    enum Kind: Hashable {
        /// A keyword, a number or a name without quotes, in upper case.
        case word(String)
        /// What stands in backticks, with doubled ones undone.
        case name(String)
        /// A literal in quotes.
        case text
        case symbol(Unicode.Scalar)
    }

    struct Token: Equatable {
        var kind: Kind
        /// Offsets in UTF-8.
        var range: Range<Int>
    }

    private let bytes: [UInt8]
    private var position: Int
    /// `sql_mode` with `ANSI_QUOTES`: double quotes are around names.
    private let quotesNames: Bool
    /// `sql_mode` without `NO_BACKSLASH_ESCAPES`.
    private let hasEscapes: Bool

    init(_ text: String, from position: Int = 0) {
        self.init(Array(text.utf8), from: position)
    }

    /// A statement in any character set in which ASCII is ASCII.
    init(_ bytes: [UInt8], from position: Int = 0, quotesNames: Bool = false, hasEscapes: Bool = true) {
        self.bytes = bytes
        self.position = position
        self.quotesNames = quotesNames
        self.hasEscapes = hasEscapes
    }

    mutating func next() -> Token? {
        while position < bytes.count {
            let start = position
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                position += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
                skipComment()
            case UInt8(ascii: "*") where peek(1) == UInt8(ascii: "/"):
                position += 2
            case UInt8(ascii: "#"):
                skipLine()
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-") && (peek(2).map { $0 <= 0x20 } ?? true):
                skipLine()
            case UInt8(ascii: "`"):
                return Token(kind: .name(quoted(by: UInt8(ascii: "`"), escapes: false)), range: start..<position)
            case UInt8(ascii: "\"") where quotesNames:
                return Token(kind: .name(quoted(by: UInt8(ascii: "\""), escapes: false)), range: start..<position)
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                _ = quoted(by: bytes[position], escapes: hasEscapes)
                return Token(kind: .text, range: start..<position)
            case let byte where Self.isWord(byte):
                while let byte = peek(0), Self.isWord(byte) { position += 1 }
                let word = String(decoding: bytes[start..<position], as: UTF8.self).uppercased()
                return Token(kind: .word(word), range: start..<position)
            case let byte:
                position += 1
                return Token(kind: .symbol(Unicode.Scalar(byte)), range: start..<position)
            }
        }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    private mutating func skipLine() {
        while let byte = peek(0), byte != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func skipComment() {
        position += 2
        if peek(0) == UInt8(ascii: "M"), peek(1) == UInt8(ascii: "!") { position += 1 }
        if peek(0) == UInt8(ascii: "!") {
            position += 1
            while let byte = peek(0), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
            return
        }
        while position < bytes.count, !(peek(0) == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) { position += 1 }
        position = Swift.min(position + 2, bytes.count)
    }

    private mutating func quoted(by quote: UInt8, escapes: Bool) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = peek(0) {
            if byte == quote {
                guard peek(1) == quote else { break }
                position += 1
            } else if escapes, byte == UInt8(ascii: "\\"), peek(1) != nil {
                position += 1
            }
            content.append(bytes[position])
            position += 1
        }
        position = Swift.min(position + 1, bytes.count)
        return String(decoding: content, as: UTF8.self)
    }
}

extension String {
    /// The part between two offsets in UTF-8, which must be at characters' beginnings.
    subscript(bytes range: Range<Int>) -> String {
        String(decoding: Array(utf8)[range], as: UTF8.self)
    }
}
