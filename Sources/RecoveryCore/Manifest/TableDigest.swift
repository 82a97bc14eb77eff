/// What a table holds, whatever the order of its rows: the sum of the rows' hashes.
///
/// Each row is hashed with SHA-256, and the hash, taken as four 64-bit numbers (big-endian, the first one first), is
/// added lane by lane modulo 2⁶⁴. Sums are the same in any order, add up over chunks that were read by different
/// connections, and, other than exclusive or, do not lose pairs of equal rows. Two different tables have equal digests by
/// accident with a probability of about 2⁻²⁵⁶. It is no defence against somebody who chooses rows for it: changes of
/// what is stored are found by the objects' SHA-256 and age's authentication, this finds faults of ours, of servers and
/// of the way between.
///
/// What is hashed for a row is in docs/backup.md.
package struct TableDigest: Sendable, Hashable {
    package private(set) var lanes: SIMD4<UInt64> = .zero

    /// No rows.
    package init() {}

    package init(lanes: SIMD4<UInt64>) {
        self.lanes = lanes
    }

    /// Counts one row in: its hash as four big-endian numbers.
    package mutating func add(_ rowHash: SIMD4<UInt64>) {
        lanes &+= rowHash
    }

    /// The rows of both.
    package static func + (lhs: Self, rhs: Self) -> Self {
        Self(lanes: lhs.lanes &+ rhs.lanes)
    }
}

extension TableDigest: CustomStringConvertible, Codable {
    /// 64 hexadecimal digits in lower case.
    package var description: String {
        (0..<4).map { lane in
            let digits = String(lanes[lane], radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Reads ``description``.
    package init?(_ text: String) {
        guard text.isHex(digits: 64) else { return nil }
        var rest = text[...]
        for lane in 0..<4 {
            guard let number = UInt64(rest.prefix(16), radix: 16) else { return nil }
            lanes[lane] = number
            rest = rest.dropFirst(16)
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = TableDigest(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be a digest: 64 hexadecimal digits")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension String {
    /// Whether it is so many hexadecimal digits in lower case.
    func isHex(digits count: Int) -> Bool {
        utf8.count == count && utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
