/// Takes the SQL text of an object apart into its statements, as it comes, in pieces of any size.
///
/// It knows what a dump writes: statements that end with `;`, in which quotes of all three kinds and comments are what
/// they are to a server in the `sql_mode` of the text, and sections between `DELIMITER` lines, which end where the
/// delimiter stands, whatever is around it: bodies may have been written for any `sql_mode`, so that nobody knows what a
/// quote is in them, and a dump uses a delimiter that is not in the body.
struct StatementSplitter {
    enum Fault: Error, Equatable {
        /// The text ends within a statement.
        case unterminated
        /// A statement has more bytes than any server accepts.
        case tooLong
    }

    /// Where the scanner is.
    private enum Place: Equatable {
        case code
        case quoted(UInt8)
        case lineComment, blockComment
    }

    /// What is not given out yet; whoever has more text appends it.
    var text: [UInt8] = []
    private let limit: Int
    /// Of the statement that is open.
    private var start = 0
    /// What lies before has been looked at.
    private var position = 0
    private var place = Place.code
    private var delimiter = Self.semicolon
    /// Nothing of the next statement has come yet.
    private var isBetween = true

    private static let semicolon = [UInt8(ascii: ";")]
    private static let word = Array("DELIMITER ".utf8)

    init(limit: Int = 1 << 30) {
        self.limit = limit
    }

    /// The next statement, without what ends it; nil when more text is needed.
    mutating func next() throws(Fault) -> [UInt8]? {
        while true {
            if isBetween {
                while position < text.count, text[position] <= 0x20 { position += 1 }
                start = position
                guard position < text.count, let isDelimiterLine = takeDelimiterLine() else {
                    dropTaken()
                    return nil
                }
                if isDelimiterLine { continue }
                isBetween = false
            }
            let isFound = delimiter == Self.semicolon ? scanCode() : scanForDelimiter()
            guard position - start <= limit else { throw .tooLong }
            guard isFound else {
                dropTaken()
                return nil
            }
            let statement = Array(text[start..<position])
            position += delimiter.count
            start = position
            isBetween = true
            if !statement.isEmpty { return statement }
        }
    }

    /// Nothing more comes.
    func finish() throws(Fault) {
        // A `DELIMITER` line without its end, or a statement without one.
        guard isBetween, text[start...].allSatisfy({ $0 <= 0x20 }) else { throw .unterminated }
    }

    /// Memory is moved once for each piece at most, and only when most of it is not needed any more.
    private mutating func dropTaken() {
        guard start > text.count / 2 else { return }
        text.removeFirst(start)
        position -= start
        start = 0
    }

    /// At the beginning of a statement: whether it was a line for us. Nil when that cannot be said yet.
    private mutating func takeDelimiterLine() -> Bool? {
        let rest = text[position...]
        let isWord = zip(rest, Self.word).allSatisfy { $0 & 0xDF == $1 & 0xDF }
        guard isWord else { return false }
        guard rest.count > Self.word.count else { return nil }
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return rest.count > 256 ? false : nil }
        let name = text[(position + Self.word.count)..<end].filter { $0 > 0x20 }
        guard !name.isEmpty else { return false }
        delimiter = name
        position = end + 1
        return true
    }

    /// Moves to the delimiter, or as far as it surely is not.
    private mutating func scanForDelimiter() -> Bool {
        while let found = text[position...].firstIndex(of: delimiter[0]) {
            position = found
            let rest = text[found...]
            guard rest.count >= delimiter.count else { return false }
            if rest.starts(with: delimiter) { return true }
            position += 1
        }
        position = text.count
        return false
    }

    /// Moves to the semicolon that ends the statement, or to where more text is needed.
    private mutating func scanCode() -> Bool {
        // Looked up once: what is static is checked each time.
        let isSyntax = Self.isSyntax
        return text.withUnsafeBufferPointer { text in
            var place = place
            var at = position
            defer {
                position = at
                self.place = place
            }
            while at < text.count {
                switch place {
                case .code:
                    while at < text.count, !isSyntax[Int(text[at])] { at += 1 }
                    guard at < text.count else { return false }
                    if text[at] == UInt8(ascii: ";") { return true }
                    guard let step = Self.step(text, at) else { return false }
                    place = step.place
                    at += step.count
                case .quoted(let quote):
                    let isName = quote == UInt8(ascii: "`")
                    while at < text.count, text[at] != quote, isName || text[at] != UInt8(ascii: "\\") { at += 1 }
                    guard at < text.count else { return false }
                    if text[at] == quote {
                        // One that is doubled opens the rest at once, which comes to the same.
                        place = .code
                        at += 1
                    } else {
                        guard at + 1 < text.count else { return false }
                        at += 2
                    }
                case .lineComment:
                    while at < text.count, text[at] != UInt8(ascii: "\n") { at += 1 }
                    if at < text.count { place = .code }
                case .blockComment:
                    while at < text.count, text[at] != UInt8(ascii: "*") { at += 1 }
                    guard at + 1 < text.count else { return false }
                    let isEnd = text[at + 1] == UInt8(ascii: "/")
                    if isEnd { place = .code }
                    at += isEnd ? 2 : 1
                }
            }
            return false
        }
    }

    /// What a byte of syntax begins, and how many bytes that takes; nil when more must be seen.
    private static func step(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> (place: Place, count: Int)? {
        func byte(_ distance: Int) -> UInt8? { at + distance < text.count ? text[at + distance] : nil }
        switch text[at] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): return (.quoted(text[at]), 1)
        case UInt8(ascii: "#"): return (.lineComment, 1)
        case UInt8(ascii: "-"):
            guard let second = byte(1) else { return nil }
            guard second == UInt8(ascii: "-") else { return (.code, 1) }
            guard let third = byte(2) else { return nil }
            return third <= 0x20 ? (.lineComment, 2) : (.code, 1)
        case UInt8(ascii: "/"):
            guard let second = byte(1) else { return nil }
            guard second == UInt8(ascii: "*") else { return (.code, 1) }
            guard let third = byte(2) else { return nil }
            // What is behind `/*!` is syntax to servers.
            if third == UInt8(ascii: "!") { return (.code, 3) }
            guard third == UInt8(ascii: "M") else { return (.blockComment, 2) }
            guard let fourth = byte(3) else { return nil }
            return fourth == UInt8(ascii: "!") ? (.code, 4) : (.blockComment, 2)
        default:
            guard let second = byte(1) else { return nil }
            return (.code, second == UInt8(ascii: "/") ? 2 : 1)
        }
    }

    private static let isSyntax: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in "'\"`;-#/*".utf8 { table[Int(byte)] = true }
        return table
    }()
}
