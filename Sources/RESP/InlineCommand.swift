package import NIOCore

/// Commands typed as a line of text, as `telnet` users and health checkers send them.
///
/// Source: "Inline commands" of the protocol specification; quoting as in `sdssplitargs` (sds.c).
package enum InlineCommand {
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D)
    }

    /// Splits a line into its arguments: blanks separate, double quotes know escapes, single quotes know `\'`.
    package static func split(_ line: some Collection<UInt8>) throws(RESPError) -> [[UInt8]] {
        var arguments: [[UInt8]] = []
        var input = Substream(bytes: Array(line))
        while true {
            input.skipBlanks()
            guard input.peek != nil else { return arguments }
            arguments.append(try input.argument())
        }
    }

    /// Rewrites a line as the RESP array that means the same.
    package static func multibulk(_ line: some Collection<UInt8>, allocator: ByteBufferAllocator) throws(RESPError)
        -> ByteBuffer
    {
        let arguments = try split(line)
        var buffer = allocator.buffer(capacity: line.count + 16 * (arguments.count + 1))
        buffer.writeCommand(arguments)
        return buffer
    }
}

private struct Substream {
    let bytes: [UInt8]
    var position = 0

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func peek(after distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    mutating func skipBlanks() {
        while let byte = peek, InlineCommand.isBlank(byte) || byte == 0 { position += 1 }
    }

    mutating func argument() throws(RESPError) -> [UInt8] {
        var result: [UInt8] = []
        while let byte = peek {
            if InlineCommand.isBlank(byte) || byte == 0 { return result }
            position += 1
            if byte == UInt8(ascii: "\"") {
                try doubleQuoted(into: &result)
                return result
            }
            if byte == UInt8(ascii: "'") {
                try singleQuoted(into: &result)
                return result
            }
            result.append(byte)
        }
        return result
    }

    private mutating func doubleQuoted(into result: inout [UInt8]) throws(RESPError) {
        while let byte = peek {
            position += 1
            if byte == UInt8(ascii: "\"") { return try requireBlankAfterQuote() }
            guard byte == UInt8(ascii: "\\"), let escaped = peek else {
                result.append(byte)
                continue
            }
            if escaped == UInt8(ascii: "x"), let high = peek(after: 1)?.hexValue, let low = peek(after: 2)?.hexValue {
                result.append(high << 4 | low)
                position += 3
                continue
            }
            position += 1
            switch escaped {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "a"): result.append(0x07)
            default: result.append(escaped)
            }
        }
        throw .unbalancedQuotes
    }

    private mutating func singleQuoted(into result: inout [UInt8]) throws(RESPError) {
        while let byte = peek {
            position += 1
            if byte == UInt8(ascii: "\\"), peek == UInt8(ascii: "'") {
                result.append(UInt8(ascii: "'"))
                position += 1
                continue
            }
            if byte == UInt8(ascii: "'") { return try requireBlankAfterQuote() }
            result.append(byte)
        }
        throw .unbalancedQuotes
    }

    /// A closing quote must end the argument: `"foo"bar` is refused.
    private func requireBlankAfterQuote() throws(RESPError) {
        if let byte = peek, !InlineCommand.isBlank(byte), byte != 0 { throw .unbalancedQuotes }
    }
}

extension UInt8 {
    fileprivate var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
