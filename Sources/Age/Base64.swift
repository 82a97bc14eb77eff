/// Base 64 of RFC 4648, section 4, without padding and, when it is read, strictly: what age's header is written in.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// The value of each byte that is a digit, 255 of the others.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count * 4 + 2) / 3)
        var accumulator: UInt32 = 0
        var bits = 0
        for byte in bytes {
            accumulator = (accumulator << 8 | UInt32(byte)) & 0xffff
            bits += 8
            while bits >= 6 {
                bits -= 6
                result.append(alphabet[Int(accumulator >> bits & 63)])
            }
        }
        if bits > 0 { result.append(alphabet[Int(accumulator << (6 - bits) & 63)]) }
        return result
    }

    /// Nil for anything that `encode` would not have written: padding, other bytes, left-over bits that are not zero.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count * 3 / 4)
        var accumulator: UInt32 = 0
        var bits = 0
        for digit in text {
            let value = values[Int(digit)]
            guard value < 64 else { return nil }
            accumulator = (accumulator << 6 | UInt32(value)) & 0xffff
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: accumulator >> bits))
            }
        }
        return accumulator & (1 << bits - 1) == 0 ? result : nil
    }
}
