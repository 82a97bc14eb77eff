/// The forms in which values stand in an INSERT. Each is read the same under `sql_mode` without `NO_BACKSLASH_ESCAPES`
/// and `ANSI_QUOTES`, whether the session's literals are UTF-8 or binary.
package enum SQLLiteral: UInt8, Sendable, Hashable {
    /// An exact number, as the server wrote it.
    case number
    /// With an exponent, so that it is read as floating point: `-0` would be an integer, which has no negative zero,
    /// and many digits would be a DECIMAL.
    case float
    /// In quotes, as bytes that are valid in UTF-8 or ASCII.
    case text
    /// The same with `_utf8mb4` before it, for types that take UTF-8 alone.
    case unicodeText
    /// `0x…`: a binary string. Long ones as `_binary'…'`.
    case hex
    /// `_cp932 0x…`: the bytes of a text in its column's character set. Long ones as `_cp932 '…'`.
    case hexOfCharacterSet
    /// As `text` where all bytes are ASCII, else as `hexOfCharacterSet`.
    case asciiOrHex
}

extension SQLLiteral {
    /// What follows the backslash; 0 for bytes that stand for themselves.
    ///
    /// Line ends are escaped as well, though the server would take them: the `mysql` client turns CR LF into LF when it
    /// reads from a pipe, and takes a line that begins with `delimiter` for itself.
    static let escapes: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 256)
        for (byte, letter) in [(0, "0"), (10, "n"), (13, "r"), (26, "Z"), (39, "'"), (92, "\\")]
            as [(Int, Character)]
        {
            table[byte] = letter.asciiValue ?? 0
        }
        return table
    }()

    /// How many of eight bytes, from the lowest on, surely need no escape. It stops at every byte below a space, and at
    /// quotes and backslashes. A byte is below `n` when its highest bit is clear and subtracting `n` sets it; a borrow
    /// disturbs only what is above such a byte.
    @inline(__always)
    static func plainBytes(_ word: UInt64) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 39)
        let backslash = word ^ (ones &* 92)
        let found =
            ((word &- ones &* 32) & ~word) | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        return (found & (ones &* 128)).trailingZeroBitCount / 8
    }

    static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// Whether these bytes can stand in a statement as a number: nothing that anybody could break out with.
    static func isNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var hasDigit = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): hasDigit = true
            case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"),
                UInt8(ascii: "E"):
                continue
            default: return false
            }
        }
        // `--` begins a comment.
        return hasDigit
            && !(bytes.count > 1 && bytes[0] == UInt8(ascii: "-") && bytes[1] == UInt8(ascii: "-"))
    }
}
