/// Bech32 as age uses it: BIP 173 without the limit on length.
/// <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki>
enum Bech32 {
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    /// The lower-case text; `prefix` is the human-readable part.
    static func encode(prefix: String, _ bytes: some Collection<UInt8>) -> String {
        let prefix = Array(prefix.utf8)
        // A whole number of groups is made by zero bits behind.
        var groups = regroup(bytes, from: 8, to: 5, pads: true) ?? []
        let checksum = polymod(expand(prefix) + groups + [0, 0, 0, 0, 0, 0]) ^ 1
        groups += (0..<6).map { UInt8(checksum >> (5 * (5 - $0)) & 31) }
        return String(decoding: prefix + [UInt8(ascii: "1")] + groups.map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// The human-readable part in lower case, and the bytes. The text is all lower or all upper case.
    static func decode(_ text: String) throws(AgeError.KeyFault) -> (prefix: String, bytes: [UInt8]) {
        var characters = Array(text.utf8)
        guard characters.allSatisfy({ (33...126).contains($0) }) else { throw .notBech32 }
        let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
        if characters.contains(where: upper.contains) {
            guard !characters.contains(where: lower.contains) else { throw .notBech32 }
            characters = characters.map { upper.contains($0) ? $0 | 0x20 : $0 }
        }
        guard let separator = characters.lastIndex(of: UInt8(ascii: "1")), separator > 0,
            characters.count - separator > 6
        else { throw .notBech32 }
        let prefix = characters[..<separator]
        var groups: [UInt8] = []
        for character in characters[(separator + 1)...] {
            guard let value = alphabet.firstIndex(of: character) else { throw .notBech32 }
            groups.append(UInt8(value))
        }
        guard polymod(expand(Array(prefix)) + groups) == 1 else { throw .checksum }
        guard let bytes = regroup(groups.dropLast(6), from: 5, to: 8, pads: false) else { throw .notBech32 }
        return (String(decoding: prefix, as: UTF8.self), bytes)
    }

    private static func expand(_ prefix: [UInt8]) -> [UInt8] {
        prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 }
    }

    private static func polymod(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
        var checksum: UInt32 = 1
        for value in values {
            let top = checksum >> 25
            checksum = (checksum & 0x1ff_ffff) << 5 ^ UInt32(value)
            for (bit, term) in generator.enumerated() where top >> bit & 1 == 1 { checksum ^= term }
        }
        return checksum
    }

    /// Nil when bits are left over that are not mere padding.
    private static func regroup(
        _ values: some Collection<UInt8>, from: Int, to: Int, pads: Bool
    ) -> [UInt8]? {
        var accumulator: UInt32 = 0
        var bits = 0
        var result: [UInt8] = []
        result.reserveCapacity(values.count * from / to + 1)
        for value in values {
            accumulator = (accumulator << from | UInt32(value)) & 0xfff
            bits += from
            while bits >= to {
                bits -= to
                result.append(UInt8(truncatingIfNeeded: accumulator >> bits & (1 << to - 1)))
            }
        }
        let rest = accumulator << (to - bits) & (1 << to - 1)
        if pads {
            if bits > 0 { result.append(UInt8(truncatingIfNeeded: rest)) }
        } else if bits >= from || rest != 0 {
            return nil
        }
        return result
    }
}
