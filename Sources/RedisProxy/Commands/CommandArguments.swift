/// The arguments of one request where the parser found them. Argument 0 is the command's name.
///
/// The buffers are borrowed from the request's bytes and must not outlive the call they are used in.
package protocol CommandArguments {
    var count: Int { get }
    /// The bytes of an argument; `index` is below `count`.
    subscript(index: Int) -> UnsafeRawBufferPointer { get }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are `word`, an upper-case ASCII word, in any case.
    package func matches(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let letters = word.utf8Start
        for index in 0..<count where CommandName.uppercase(self[index]) != letters[index] {
            return false
        }
        return true
    }

    /// The value of a plain decimal number without a sign, if that is what these bytes are.
    package var decimal: Int? {
        guard !isEmpty, count <= 18 else { return nil }
        var value = 0
        for byte in self {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(byte &- UInt8(ascii: "0"))
        }
        return value
    }
}

/// Questions that the arguments answer, not the name.
package enum CommandForm {
    /// Whether a SET does nothing but replace its key: no condition (NX, XX, IFEQ, …), no GET, no KEEPTTL; at most
    /// one expiry. Whatever else stands there, known or not, makes it an ordinary change.
    package static func isPlainOverwrite(_ arguments: some CommandArguments) -> Bool {
        switch arguments.count {
        case 3:
            true
        case 5:
            arguments[3].matches("EX") || arguments[3].matches("PX") || arguments[3].matches("EXAT")
                || arguments[3].matches("PXAT")
        default:
            false
        }
    }

    /// Whether an XREAD or XREADGROUP carries BLOCK among its options, which end at STREAMS.
    package static func blocks(_ arguments: some CommandArguments) -> Bool {
        var index = 1
        while index < arguments.count {
            let argument = arguments[index]
            if argument.matches("BLOCK") { return true }
            if argument.matches("STREAMS") { return false }
            // GROUP takes two names, COUNT a number: a group that is called BLOCK is not an option.
            if argument.matches("GROUP") { index += 2 } else if argument.matches("COUNT") { index += 1 }
            index += 1
        }
        return false
    }

    /// Whether a SORT, GEORADIUS or GEORADIUSBYMEMBER stores its result. A pattern or member that happens to be
    /// called STORE counts as well: the stricter reading.
    package static func stores(_ arguments: some CommandArguments) -> Bool {
        var index = 2
        while index < arguments.count {
            if arguments[index].matches("STORE") || arguments[index].matches("STOREDIST") { return true }
            index += 1
        }
        return false
    }
}
