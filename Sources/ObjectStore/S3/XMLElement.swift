/// An element of one of S3's documents: either text or other elements, and no attribute matters.
struct XMLElement: Equatable {
    /// Without a namespace's prefix.
    let name: String
    var text = ""
    var children: [XMLElement] = []

    subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why a document was not read.
enum XMLFault: Error, Equatable {
    case malformed
    /// Deeper, or with more elements, than any document of S3's.
    case tooLarge
}

/// Reads the XML that S3 answers with: elements, text, the five entities and characters by number, declarations and
/// comments. A document type is refused, and with it everything that makes XML dangerous. The bytes come from a server
/// and may be anything; memory and depth are bounded.
struct XMLReader {
    private static let deepest = 10
    /// A page has 1,000 objects of about ten elements each.
    private static let mostElements = 50_000

    private let bytes: [UInt8]
    private var position = 0
    private var elements = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The document's one element. White space before the declaration is skipped: servers send it to keep a connection
    /// alive while they work.
    static func document(_ bytes: [UInt8]) throws(XMLFault) -> XMLElement {
        var reader = XMLReader(bytes)
        if reader.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
        try reader.skipMiscellany()
        let root = try reader.element(depth: 1)
        try reader.skipMiscellany()
        guard reader.position == bytes.count else { throw .malformed }
        return root
    }

    private mutating func element(depth: Int) throws(XMLFault) -> XMLElement {
        elements += 1
        guard depth <= Self.deepest, elements <= Self.mostElements else { throw .tooLarge }
        try expect("<")
        let qualified = try name()
        var element = XMLElement(
            name: String(decoding: qualified.split(separator: UInt8(ascii: ":")).last ?? qualified, as: UTF8.self))
        if try skipAttributes() { return element }
        var text: [UInt8] = []
        while true {
            guard let byte = peek else { throw .malformed }
            if byte == UInt8(ascii: "&") {
                text += try entity()
            } else if byte != UInt8(ascii: "<") {
                text.append(byte)
                position += 1
            } else if take("<!--") {
                try skip(past: "-->")
            } else if take("<![CDATA[") {
                let start = position
                try skip(past: "]]>")
                text += bytes[start..<(position - 3)]
            } else if take("</") {
                guard try name().elementsEqual(qualified) else { throw .malformed }
                skipSpace()
                try expect(">")
                guard let decoded = String(validating: text, as: UTF8.self) else { throw .malformed }
                // Between elements there is only the layout.
                if element.children.isEmpty { element.text = decoded }
                return element
            } else {
                element.children.append(try self.element(depth: depth + 1))
            }
        }
    }

    /// Whether the element ended with its tag.
    private mutating func skipAttributes() throws(XMLFault) -> Bool {
        while true {
            skipSpace()
            if take("/>") { return true }
            if take(">") { return false }
            _ = try name()
            skipSpace()
            try expect("=")
            skipSpace()
            guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .malformed }
            position += 1
            guard let end = bytes[position...].firstIndex(of: quote) else { throw .malformed }
            position = end + 1
        }
    }

    private mutating func entity() throws(XMLFault) -> [UInt8] {
        position += 1
        // The longest is a character by number, &#x10FFFF;
        guard let end = bytes[position...].prefix(10).firstIndex(of: UInt8(ascii: ";")) else { throw .malformed }
        let name = String(decoding: bytes[position..<end], as: UTF8.self)
        position = end + 1
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default:
            guard name.hasPrefix("#") else { throw .malformed }
            let digits = name.dropFirst(name.hasPrefix("#x") ? 2 : 1)
            guard let number = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10),
                let scalar = Unicode.Scalar(number)
            else { throw .malformed }
            return Array(String(Character(scalar)).utf8)
        }
    }

    private mutating func name() throws(XMLFault) -> ArraySlice<UInt8> {
        let start = position
        while let byte = peek, byte.isNameByte { position += 1 }
        guard position > start else { throw .malformed }
        return bytes[start..<position]
    }

    private mutating func skipMiscellany() throws(XMLFault) {
        while true {
            skipSpace()
            if take("<?") {
                try skip(past: "?>")
            } else if take("<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let isThere = text.withUTF8Buffer { bytes[position...].starts(with: $0) }
        if isThere { position += text.utf8CodeUnitCount }
        return isThere
    }

    private mutating func expect(_ text: StaticString) throws(XMLFault) {
        guard take(text) else { throw .malformed }
    }

    private mutating func skip(past text: StaticString) throws(XMLFault) {
        while position < bytes.count {
            if take(text) { return }
            position += 1
        }
        throw .malformed
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: ":"), 0x80...:
            true
        default: false
        }
    }
}

extension String {
    /// The text between tags.
    var xmlEscaped: String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
