/// The name of a transaction, the same on every server that has it.
package enum GTID: Sendable, Hashable, CustomStringConvertible {
    case mysql(MySQLGTID)
    case mariadb(MariaDBGTID)

    /// As servers write them: `3e11fa47-71ca-11e1-9e33-c80aa9429562:23`, `0-1-4711`.
    /// - Throws: `malformed`.
    package init(_ text: String) throws(BinlogError) {
        if text.contains(":") {
            self = .mysql(try MySQLGTID(text))
        } else {
            self = .mariadb(try MariaDBGTID(text))
        }
    }

    package var description: String {
        switch self {
        case .mysql(let gtid): gtid.description
        case .mariadb(let gtid): gtid.description
        }
    }
}

/// `source:number`, of MySQL.
package struct MySQLGTID: Sendable, Hashable, CustomStringConvertible {
    /// The `server_uuid` of where it was committed, in lower case.
    package var source: String
    package var number: Int64

    package init(source: String, number: Int64) {
        self.source = source
        self.number = number
    }

    package init(_ text: String) throws(BinlogError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let source = Self.source(parts[0]), let number = Self.number(parts[1]) else {
            throw .malformed("\"\(text.prefix(100))\" is no GTID such as 3e11fa47-71ca-11e1-9e33-c80aa9429562:23")
        }
        self.init(source: source, number: number)
    }

    package var description: String { "\(source):\(number)" }

    /// A UUID in its canonical form; nil for anything else.
    static func source(_ text: some StringProtocol) -> String? {
        let text = text.lowercased()
        let lengths = text.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count)
        guard lengths == [8, 4, 4, 4, 12], text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || digit($0) != nil }) else {
            return nil
        }
        return text
    }

    /// 1 and above.
    static func number(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(text), number > 0, number < Int64.max
        else { return nil }
        return number
    }

    /// The text of 16 bytes.
    package static func text(ofSource bytes: [UInt8]) -> String {
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10...]]
            .map { $0.joined() }.joined(separator: "-")
    }

    static func bytes(ofSource text: String) -> [UInt8] {
        let digits = text.utf8.compactMap(digit)
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// `domain-server-sequence`, of MariaDB. In one domain the sequence grows, whichever server it is.
package struct MariaDBGTID: Sendable, Hashable, CustomStringConvertible {
    package var domain: UInt32
    package var server: UInt32
    package var sequence: UInt64

    package init(domain: UInt32, server: UInt32, sequence: UInt64) {
        self.domain = domain
        self.server = server
        self.sequence = sequence
    }

    package init(_ text: some StringProtocol) throws(BinlogError) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == 45 }
        guard parts.count == 3, isPlain, let domain = UInt32(parts[0]), let server = UInt32(parts[1]),
            let sequence = UInt64(parts[2])
        else { throw .malformed("\"\(text.prefix(100))\" is no GTID such as 0-1-4711") }
        self.init(domain: domain, server: server, sequence: sequence)
    }

    package var description: String { "\(domain)-\(server)-\(sequence)" }
}
