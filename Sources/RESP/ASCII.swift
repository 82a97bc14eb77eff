/// The bytes the protocol is made of.
package enum ASCII {
    package static let carriageReturn = UInt8(ascii: "\r")
    package static let lineFeed = UInt8(ascii: "\n")
    package static let asterisk = UInt8(ascii: "*")
    package static let dollar = UInt8(ascii: "$")
    package static let plus = UInt8(ascii: "+")
    package static let minus = UInt8(ascii: "-")
    package static let colon = UInt8(ascii: ":")
    package static let zero = UInt8(ascii: "0")
    package static let nine = UInt8(ascii: "9")
}

/// One line that starts with a decimal number: what stands between a type byte and CRLF.
struct CountLine {
    enum Outcome {
        /// The number and the offset of the first byte after CRLF.
        case number(Int, next: Int)
        case incomplete
        case malformed
    }

    /// Reads a number at `offset` and the CRLF after it.
    ///
    /// Redis' `string2ll` accepts no plus sign, no blanks and no leading zeros but "0"; neither does this.
    @inline(__always)
    static func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Outcome {
        var index = offset
        let end = bytes.count
        var negative = false
        if index < end, bytes[index] == ASCII.minus {
            negative = true
            index += 1
        }
        let firstDigit = index
        var value = 0
        while index < end {
            let byte = bytes[index]
            if byte &- ASCII.zero <= 9 {
                // Eighteen digits always fit; no length of the protocol needs more.
                if index - firstDigit >= 18 { return .malformed }
                value = value &* 10 &+ Int(byte &- ASCII.zero)
                index += 1
                continue
            }
            guard byte == ASCII.carriageReturn, index > firstDigit else { return .malformed }
            if bytes[firstDigit] == ASCII.zero && (index - firstDigit > 1 || negative) { return .malformed }
            guard index + 1 < end else { return .incomplete }
            guard bytes[index + 1] == ASCII.lineFeed else { return .malformed }
            return .number(negative ? -value : value, next: index + 2)
        }
        return .incomplete
    }
}
