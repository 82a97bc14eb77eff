extension AgeHeader {
    /// Reads a header from the beginning of a file.
    ///
    /// - Returns: The header and its length in bytes, or nil when `bytes` do not hold all of it yet.
    /// - Throws: `AgeError` as soon as the bytes cannot become a header, however many follow.
    static func parse(_ bytes: [UInt8]) throws(AgeError) -> (header: AgeHeader, length: Int)? {
        var lines = HeaderLines(bytes)
        guard let version = lines.next() else {
            return try lines.incomplete(isAgeFile: versionLine.starts(with: bytes.prefix(versionLine.count)))
        }
        guard version.elementsEqual(versionLine.dropLast()) else {
            let isOfAnotherVersion = version.starts(with: "age-encryption.org/".utf8)
            throw isOfAnotherVersion ? .unsupportedVersion : .notAnAgeFile
        }
        var stanzas: [AgeStanza] = []
        while let line = lines.next() {
            if line.starts(with: "-> ".utf8) {
                var stanza = AgeStanza(arguments: try arguments(line, lines), body: [], line: lines.number)
                guard let body = try body(&lines) else { return try lines.incomplete() }
                stanza.body = body
                stanzas.append(stanza)
            } else if line.starts(with: "---".utf8) {
                guard !stanzas.isEmpty else { throw lines.fault(.noStanza) }
                guard line.count > 4, line.dropFirst(3).first == UInt8(ascii: " "),
                    let mac = Base64.decode(line.dropFirst(4)), mac.count == 32
                else { throw lines.fault(.mac) }
                // Not past the limit, even if it came in one piece.
                guard lines.position <= maximumLength else { throw .headerTooLong }
                let authenticated = Array(bytes[..<(line.startIndex + 3)])
                return (AgeHeader(stanzas: stanzas, authenticated: authenticated, mac: mac), lines.position)
            } else {
                throw lines.fault(.unexpectedLine)
            }
        }
        return try lines.incomplete()
    }

    private init(stanzas: [AgeStanza], authenticated: [UInt8], mac: [UInt8]) {
        self.stanzas = stanzas
        self.authenticated = authenticated
        self.mac = mac
    }

    private static func arguments(_ line: ArraySlice<UInt8>, _ lines: HeaderLines) throws(AgeError) -> [String] {
        let parts = line.dropFirst(3).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { (0x21...0x7e).contains($0) } }) else {
            throw lines.fault(.arguments)
        }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }

    /// A stanza's body, up to its first line that is shorter than 64 columns. Nil when that is not there yet.
    private static func body(_ lines: inout HeaderLines) throws(AgeError) -> [UInt8]? {
        var text: [UInt8] = []
        while let line = lines.next() {
            guard line.count <= columns else { throw lines.fault(.body) }
            text += line
            guard line.count < columns else {
                // A full line alone decides nothing about canonical form but that it holds digits.
                guard Base64.decode(line) != nil else { throw lines.fault(.body) }
                continue
            }
            guard let body = Base64.decode(text) else { throw lines.fault(.body) }
            return body
        }
        return nil
    }
}

/// The lines of a header that may not be whole yet.
private struct HeaderLines {
    private let bytes: [UInt8]
    /// Behind the last line that was read.
    private(set) var position = 0
    /// Of the last line that was read, from 1.
    private(set) var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next line without its end, or nil when it has none yet.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { position = end + 1 }
        number += 1
        return bytes[position..<end]
    }

    func fault(_ fault: AgeError.HeaderFault) -> AgeError { .malformedHeader(line: number, fault) }

    /// What to answer when there are no more lines: nil, unless no more are wanted.
    func incomplete(isAgeFile: Bool = true) throws(AgeError) -> (header: AgeHeader, length: Int)? {
        guard isAgeFile else {
            throw bytes.starts(with: "age-encryption.org/".utf8) ? .unsupportedVersion : .notAnAgeFile
        }
        guard bytes.count < AgeHeader.maximumLength else { throw .headerTooLong }
        return nil
    }
}
